"""How much of what was said was heard otherwise, and how much of it was shown otherwise first."""

import re
from collections.abc import Sequence
from typing import Final

from service.demo.wer import Score, word_errors, words_of

_FILLERS: Final = frozenset({"um", "uh", "uhm", "er", "mm", "hmm"})
_NUMBERS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
)  # fmt: skip
_SAME: Final = {
    "alright": ["all", "right"],
    "y'know": ["you", "know"],
    "yknow": ["you", "know"],
    "gonna": ["going", "to"],
    "okay": ["ok"],
    "i'm": ["i", "am"],
    "we're": ["we", "are"],
    "there's": ["there", "is"],
    "here's": ["here", "is"],
    "that's": ["that", "is"],
    "it's": ["it", "is"],
}
"""Whichever way an engine writes these, nothing was misheard."""


def plain_words(text: str) -> list[str]:
    """Return the words of a text as they compare: no case, punctuation, fillers or contractions."""
    words: list[str] = []
    for word in words_of(re.sub(r"[-\u2010-\u2015]", " ", text)):
        if word in _FILLERS:
            continue
        if word.isascii() and word.isdigit() and int(word) < len(_NUMBERS):
            words.append(_NUMBERS[int(word)])
        else:
            words += _SAME.get(word, [word])
    return words


def errors(said: str, heard: str) -> Score:
    """Compare two texts, word by word."""
    expected = plain_words(said)
    return Score(word_errors(expected, plain_words(heard)), len(expected))


def total(scores: Sequence[Score]) -> Score:
    """Add up: a long recording counts for more than a short one."""
    return Score(sum(score.errors for score in scores), sum(score.words for score in scores))


def changed_words(partials: Sequence[str], final: str) -> tuple[int, int]:
    """Return how many words of the partials the final has otherwise, and how many there were.

    A partial is compared to that beginning of the final which is most like it.
    """
    settled = plain_words(final)
    changed = shown = 0
    for partial in partials:
        words = plain_words(partial)
        shown += len(words)
        changed += min(word_errors(words, settled[:end]) for end in range(len(settled) + 1))
    return changed, shown
