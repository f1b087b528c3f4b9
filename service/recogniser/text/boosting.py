"""Key terms: what a speaker is likely to say, tried in place of what sounds like it.

The model hears a name it does not know as words that it knows. So wherever its words sound like
a term, the term is put there, and the model is asked how well the whole sentence then fits the
sound. It is taken if it fits nearly as well: by how much less decides how sure the likeness is.
A term that nothing sounds like is never tried, so it cannot be put where nobody said it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from service.recogniser.text.key_terms import KeyTerm
from service.recogniser.text.phonetics import likeness, sounds_of, weight_of
from service.recogniser.text.vocabulary import Vocabulary

_LEAST_LIKE, _SURELY_LIKE = 0.6, 0.9
_MOST_LACKING: Final = 9.0
_LACKING_BY_SOUND: Final = 1.5
"""How much less likely, as a logarithm, a term may be that sounds the same: most, and by weight."""
_LEAST_WEIGHT, _MOST_WEIGHT = 0.25, 1.5
_MORE_WORDS: Final = 4
"""So many more words than a term has may have been heard in its place."""
_TAIL: Final = re.compile(r"(?:'s)?[.,?!;:]*")
"""What belongs to the sentence, not to the word before it."""


@dataclass(frozen=True, slots=True)
class Rival:
    """Put `tokens` in place of those from `start` to `end` (not included)."""

    start: int
    end: int
    tokens: tuple[int, ...]
    may_lack: float
    """How much less likely the text may become by it: a difference of logarithms."""


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    text: str
    ends_phrase: bool
    """Whether something is written between it and the next word."""


@dataclass(frozen=True, slots=True)
class _Term:
    text: str
    tokens: tuple[int, ...]
    sounds: str
    may_lack: float


class Boost:
    """Key terms made ready for the engine. Made once for a session, and only read from then on."""

    def __init__(self, terms: Sequence[KeyTerm], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._terms = [_ready(term, vocabulary) for term in terms if term.weight > 0]
        self._sounds = [term.sounds for term in self._terms]
        self._plain = {_plain(term.text) for term in self._terms}
        longest = max((len(term.text.split()) for term in self._terms), default=0)
        self._most_words = longest + _MORE_WORDS

    def rivals(self, tokens: Sequence[int]) -> list[Rival]:
        """Return what to try in a text that was heard, the likeliest first.

        With a hundred terms it takes some 20 ms for 12 s of speech.
        """
        words = list(self._words(tokens))
        stretches = list(_stretches(words, self._most_words))
        spans = list(_spans(words, stretches, self._there(words, stretches)))
        if not spans or not self._terms:
            return []
        alike = likeness([sounds_of(text) for _, _, text in spans], self._sounds)
        found = []
        for row, column in np.argwhere(alike >= _LEAST_LIKE):
            (start, end, text), term = spans[row], self._terms[column]
            if text not in {term.text, term.text[:1].upper() + term.text[1:]}:
                surely = (float(alike[row, column]) - _LEAST_LIKE) / (_SURELY_LIKE - _LEAST_LIKE)
                may_lack = term.may_lack * min(1.0, surely)
                found.append(Rival(start, end, term.tokens, may_lack))
        return sorted(found, key=lambda rival: -rival.may_lack)

    def _words(self, tokens: Sequence[int]) -> Iterator[_Word]:
        starts = [
            at for at, one in enumerate(tokens) if at == 0 or self._vocabulary.begins_word(one)
        ]
        for start, after in pairwise([*starts, len(tokens)]):
            end = after
            for at in range(after - 1, start, -1):
                if _TAIL.fullmatch(self._vocabulary.text(tokens[at:after])):
                    end = at
            text = self._vocabulary.text(tokens[start:end]).strip()
            yield _Word(start, end, text, end < after)

    def _there(
        self, words: Sequence[_Word], stretches: Sequence[tuple[int, int]]
    ) -> Mapping[int, tuple[int, int]]:
        """Return the words that spell a term already, and from where to where it goes."""
        there = {}
        for first, last in stretches:
            if _plain("".join(word.text for word in words[first:last])) in self._plain:
                there.update(dict.fromkeys(range(first, last), (first, last)))
        return there


def _ready(term: KeyTerm, vocabulary: Vocabulary) -> _Term:
    sounds = sounds_of(term.text)
    weight = min(max(term.weight**0.25, _LEAST_WEIGHT), _MOST_WEIGHT)
    may_lack = weight * min(_MOST_LACKING, _LACKING_BY_SOUND * weight_of(sounds))
    return _Term(term.text, tuple(vocabulary.cut(f" {term.text}")), sounds, may_lack)


def _stretches(words: Sequence[_Word], most: int) -> Iterator[tuple[int, int]]:
    """Yield where phrases of a few words begin and end; nothing is written inside of one."""
    for first in range(len(words)):
        for last in range(first + 1, min(first + most, len(words)) + 1):
            yield first, last
            if words[last - 1].ends_phrase:
                break


def _spans(
    words: Sequence[_Word],
    stretches: Sequence[tuple[int, int]],
    there: Mapping[int, tuple[int, int]],
) -> Iterator[tuple[int, int, str]]:
    """Yield what a term may stand for: first token, one past the last, text.

    Words that spell a term already only stand for it, and not together with others.
    """
    for first, last in stretches:
        touched = {there[at] for at in range(first, last) if at in there}
        if touched <= {(first, last)}:
            text = " ".join(word.text for word in words[first:last])
            yield words[first].start, words[last - 1].end, text


def _plain(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
