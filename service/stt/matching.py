"""How much of one text repeats another: fuzzy matching of words.

A new session is sent again what came a little before the old one's last final, so that no word is
lost, and its results repeat words that were emitted. Recognising the same audio twice gives
nearly the same words, never surely the same.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import NamedTuple

_MAX_WORDS = 100
"""Words compared on either side; a replay is a few seconds."""
_TOKEN = re.compile(
    r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]"
    r"|[^\W_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+(?:['\u2019.][^\W_]+)*"
)
"""A word, or one character of a script that does not put spaces between words."""
_DIGIT = re.compile(r"\d")
"""Numbers are alike and yet others: 1984 is not 1985 misheard."""

_MISSING = 1.0
_SKIPPED = 0.1
"""An emitted word that the replay does not begin with: it may have begun later."""
_ALIKE = 0.5
"""How alike two words must be to be one word heard twice."""
_ABOUT_AS_LIKELY = 0.45
"""What costs so much more may be so all the same: less than half a word."""
_CLOSE = 0.25
"""Cost for each word taken out up to which the likeness is no chance."""
MANY = 3
"""So many words in a row are not alike by chance."""
_DOUBTFUL = 0.5
"""Cost for each word taken out past which the likeness is chance."""


def words_of(text: str) -> list[str]:
    """Return the words of a text, without case and punctuation."""
    return [match[0].casefold() for match in _TOKEN.finditer(text)]


def drop_words(text: str, count: int) -> str:
    """Return the text without its first `count` words and the punctuation after them."""
    if count <= 0:
        return text
    match = next(islice(_TOKEN.finditer(text), count, None), None)
    return text[match.start() :].strip() if match else ""


class Repeat(NamedTuple):
    """How much of what is heard was emitted before."""

    used: int
    """How many words of what was emitted are repeated."""
    taken: int
    """How many words of what is heard repeat them."""
    is_sure: bool = True
    """Whether nothing else is about as likely."""
    is_exact: bool = True
    """Whether they are the very same words."""


def find_overlap(emitted: Sequence[str], heard: Sequence[str], *, early: int = 0) -> Repeat:
    """Return how much of `heard` repeats `emitted`.

    Both begin at about the same moment of the audio; the first `early` words of `emitted` may lie
    before it. It is not sure where words repeat themselves, so that something else would fit about
    as well, where it does not fit well, or where a word or two need not be repeats at all.
    """
    left_out = max(0, min(early, len(emitted) - _MAX_WORDS))
    emitted, heard = emitted[left_out:][:_MAX_WORDS], heard[:_MAX_WORDS]
    early -= left_out
    rows = _alignment(emitted, heard, early)
    ends = [(len(emitted), j) for j in range(1, len(heard) + 1)]
    ends += [(i, len(heard)) for i in range(1, len(emitted))]
    good = [(rows[i][j], j, i) for i, j in ends if rows[i][j] <= _DOUBTFUL * min(i, j)]
    if not good:
        return Repeat(0, 0)
    best, taken, used = min(good)  # of equals the one that takes out less: doubled beats lost
    rivals = sum(cost <= best + _ABOUT_AS_LIKELY for cost, _, _ in good) - 1
    may_be_new = taken < MANY and len(emitted) <= early
    is_sure = not rivals and not may_be_new and best <= _CLOSE * taken
    is_exact = list(emitted[max(0, used - taken) : used]) == list(heard[:taken])
    return Repeat(left_out + used, taken, is_sure, is_exact)


def is_same(before: Sequence[str], after: Sequence[str]) -> bool:
    """Say whether two texts are the same words, give or take how some of them are spelt."""
    if len(before) != len(after):
        return False
    pairs = list(zip(before, after, strict=True))
    equal = sum(word == other for word, other in pairs)
    return equal * 2 >= len(pairs) and all(_difference(*pair) < _MISSING for pair in pairs)


def revises(before: Sequence[str], after: Sequence[str]) -> bool:
    """Say whether one text is another state of the other, and not what was said next."""
    shorter = min(len(before), len(after))
    if not shorter:
        return True
    same = sum(a == b for a, b in zip(before, after, strict=False))
    return same * 2 >= shorter


def _alignment(emitted: Sequence[str], heard: Sequence[str], early: int) -> list[list[float]]:
    """Return the cost of every way to line up a beginning of one with a beginning of the other."""
    rows = [[_MISSING * j for j in range(len(heard) + 1)]]
    for i, word in enumerate(emitted, 1):
        above, row = rows[-1], [_SKIPPED * max(0, i - early)]
        for j, other in enumerate(heard, 1):
            best = above[j - 1] + _difference(word, other)
            best = min(best, above[j] + _MISSING, row[j - 1] + _MISSING)
            row.append(best)
        rows.append(row)
    return rows


def _difference(word: str, other: str) -> float:
    if word == other:
        return 0.0
    if _DIGIT.search(word + other) or (word[0] != other[0] and word[-1] != other[-1]):
        return 2 * _MISSING
    likeness = SequenceMatcher(None, word, other, autojunk=False).ratio()
    return 2 * (1 - likeness) if likeness >= _ALIKE else 2 * _MISSING
