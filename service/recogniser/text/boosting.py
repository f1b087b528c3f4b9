"""Key term boosting: tries a term that a speaker is likely to say in place of what sounds like it.

The model decodes a name it does not know as words that it knows. So wherever its words sound like
a term, the term is put there, and the model is asked how well the whole sentence then fits the
audio. It is taken if it fits nearly as well: by how much less depends on how similar they sound.
A term that nothing sounds like is never tried, so it cannot be put where nobody said it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from service.recogniser.text.key_terms import KeyTerm
from service.recogniser.text.phonetics import phonetic_code, phonetic_weight, similarity
from service.recogniser.text.vocabulary import Vocabulary

_MIN_SIMILARITY, _SURE_SIMILARITY = 0.6, 0.9
_MAX_LOSS: Final = 9.0
_LOSS_BY_SOUND: Final = 1.5
"""How much less likely, as a logarithm, a term may be that sounds the same: most, and by weight."""
_MIN_WEIGHT, _MAX_WEIGHT = 0.25, 1.5
_MORE_WORDS: Final = 4
"""So many more words than a term has may have been decoded in its place."""
_TAIL: Final = re.compile(r"(?:'s)?[.,?!;:]*")
"""What belongs to the sentence, not to the word before it."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """Put `tokens` in place of those from `start` to `end` (not included)."""

    start: int
    end: int
    tokens: tuple[int, ...]
    max_loss: float
    """How much less likely the text may become by it: a difference of logarithms."""


@dataclass(frozen=True, slots=True)
class _DecodedWord:
    start: int
    end: int
    text: str
    ends_phrase: bool
    """Whether something is written between it and the next word."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A few words from token `start` to `end` (not included)."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _BoostedTerm:
    text: str
    tokens: tuple[int, ...]
    code: str
    max_loss: float


_Stretch = tuple[int, int]
"""The first word of a phrase, and one past the last."""


class Boost:
    """Key terms made ready for the engine. Made once for a session, and only read from then on."""

    def __init__(self, terms: Sequence[KeyTerm], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._terms = [_ready(term, vocabulary) for term in terms if term.weight > 0]
        self._codes = [term.code for term in self._terms]
        self._plain = {_plain(term.text) for term in self._terms}
        longest = max((len(term.text.split()) for term in self._terms), default=0)
        self._max_words = longest + _MORE_WORDS

    def replacements(self, tokens: Sequence[int]) -> list[Replacement]:
        """Return what to try in a text that was decoded, the likeliest first.

        With a hundred terms it takes some 20 ms for 12 s of speech.
        """
        words = list(self._words(tokens))
        stretches = list(_stretches(words, self._max_words))
        phrases = list(_phrases(words, stretches, self._spelt_terms(words, stretches)))
        if not phrases or not self._terms:
            return []
        found = []
        similarities = similarity([phonetic_code(one.text) for one in phrases], self._codes)
        for row, column in np.argwhere(similarities >= _MIN_SIMILARITY):
            phrase, term = phrases[row], self._terms[column]
            if phrase.text not in {term.text, term.text[:1].upper() + term.text[1:]}:
                above = float(similarities[row, column]) - _MIN_SIMILARITY
                sure = min(1.0, above / (_SURE_SIMILARITY - _MIN_SIMILARITY))
                loss = term.max_loss * sure
                found.append(Replacement(phrase.start, phrase.end, term.tokens, loss))
        return sorted(found, key=lambda one: -one.max_loss)

    def _words(self, tokens: Sequence[int]) -> Iterator[_DecodedWord]:
        starts = [
            at for at, one in enumerate(tokens) if at == 0 or self._vocabulary.begins_word(one)
        ]
        for start, after in pairwise([*starts, len(tokens)]):
            end = after
            for at in range(after - 1, start, -1):
                if _TAIL.fullmatch(self._vocabulary.text(tokens[at:after])):
                    end = at
            text = self._vocabulary.text(tokens[start:end]).strip()
            yield _DecodedWord(start, end, text, end < after)

    def _spelt_terms(
        self, words: Sequence[_DecodedWord], stretches: Sequence[_Stretch]
    ) -> Mapping[int, _Stretch]:
        """Return the words that spell a term already, and the stretch that each belongs to."""
        spelt = {}
        for first, last in stretches:
            if _plain("".join(word.text for word in words[first:last])) in self._plain:
                spelt.update(dict.fromkeys(range(first, last), (first, last)))
        return spelt


def _ready(term: KeyTerm, vocabulary: Vocabulary) -> _BoostedTerm:
    code = phonetic_code(term.text)
    weight = min(max(term.weight**0.25, _MIN_WEIGHT), _MAX_WEIGHT)
    max_loss = weight * min(_MAX_LOSS, _LOSS_BY_SOUND * phonetic_weight(code))
    return _BoostedTerm(term.text, tuple(vocabulary.tokenize(f" {term.text}")), code, max_loss)


def _stretches(words: Sequence[_DecodedWord], max_words: int) -> Iterator[_Stretch]:
    """Yield where phrases of a few words begin and end; nothing is written inside of one."""
    for first in range(len(words)):
        for last in range(first + 1, min(first + max_words, len(words)) + 1):
            yield first, last
            if words[last - 1].ends_phrase:
                break


def _phrases(
    words: Sequence[_DecodedWord],
    stretches: Sequence[_Stretch],
    spelt: Mapping[int, _Stretch],
) -> Iterator[_Phrase]:
    """Yield what a term may stand for.

    Words that spell a term already only stand for it, and not together with others.
    """
    for first, last in stretches:
        touched = {spelt[at] for at in range(first, last) if at in spelt}
        if touched <= {(first, last)}:
            text = " ".join(word.text for word in words[first:last])
            yield _Phrase(words[first].start, words[last - 1].end, text)


def _plain(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
