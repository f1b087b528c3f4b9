"""Phrases in what is said: where the first of them ends."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from service.calls.inputs import Word, WordsHeard
from service.words import join_words

_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


class _Said(NamedTuple):
    word: str
    end: int


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are compared: without case and punctuation."""
    return [said.word for said in _said(text)]


def end_of_phrase(text: str, phrases: Sequence[str]) -> int | None:
    """Return where the phrase ends, in characters, that is over first; None if there is none."""
    said = _said(text)
    ends = (_end(said, words_of(phrase)) for phrase in phrases)
    return min((end for end in ends if end is not None), default=None)


def _said(text: str) -> list[_Said]:
    return [
        _Said(match.group().casefold().replace("\u2019", "'"), match.end())
        for match in _WORD.finditer(text)
    ]


def _end(said: list[_Said], phrase: list[str]) -> int | None:
    words = [one.word for one in said]
    for first in range(len(words) - len(phrase) + 1):
        if phrase and words[first : first + len(phrase)] == phrase:
            return said[first + len(phrase) - 1].end
    return None


def phrase_ends_ms(item: WordsHeard, phrases: Sequence[str]) -> int | None:
    """Return where in a stream's audio a phrase ends; where words have no times, all of it."""
    if end_of_phrase(item.text, phrases) is None:
        return None
    words = item.words or ()
    end = end_of_phrase(" ".join(word.text for word in words), phrases)
    at = 0
    for word in words:
        at += len(word.text)
        if end is not None and end <= at:
            return word.end_ms
        at += 1
    return item.end_ms


def cut_at(item: WordsHeard, limit_ms: int, phrases: Sequence[str]) -> WordsHeard | None:
    """Return what was said before a time at which a phrase ended; None if nobody can tell.

    By the times of the words; without them up to the phrase, if it is there.
    """
    if item.end_ms <= limit_ms:
        return item
    if item.words:
        return _kept(item, tuple(word for word in item.words if _middle(word) < limit_ms), limit_ms)
    end = end_of_phrase(item.text, phrases)
    if end is None:
        return None
    return replace(item, text=item.text[:end], end_ms=max(item.start_ms, limit_ms))


def _kept(item: WordsHeard, words: tuple[Word, ...], limit_ms: int) -> WordsHeard | None:
    if not words:
        return None
    words = tuple(replace(word, end_ms=min(word.end_ms, limit_ms)) for word in words)
    if item.words and len(words) == len(item.words):
        return replace(item, end_ms=limit_ms, words=words)
    return replace(item, text=join_words(word.text for word in words), end_ms=limit_ms, words=words)


def _middle(word: Word) -> float:
    return (word.start_ms + word.end_ms) / 2
