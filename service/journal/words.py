"""The words of a text as a search compares them: where they begin and end, and how they are folded.

The same as SQLite's full-text index makes of them (`unicode61 remove_diacritics 2`), for a
database that has none like it. Where a script has no spaces between words, each letter and each
mark is a word, so that whatever was said is found, wherever a dictionary would cut it. Pure.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

from service.words import has_unspaced

FOUND_START: Final = "\x02"
FOUND_END: Final = "\x03"
_ALONE: Final = 2
_SNIPPET_WORDS: Final = 32
_LETTERS_LIKE_A_WORD: Final = 4
"""So many letters of a script without spaces take as much of a snippet as a word."""
_LEFT_OUT: Final = "…"
_BEFORE_FOUND: Final = 8
_PRIVATE_PLANE: Final = 0xF0000
"""Marks part words in SQLite; private characters belong to them."""
_ACCENTS: Final = frozenset(
    "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u030f\u0311\u031b"
    "\u0323\u0324\u0325\u0326\u0327\u0328\u032d\u032e\u0330\u0331"
)
"""Those that belong to a Latin letter, written after it. All others part words."""
_WITH_ACCENTS: Final = frozenset("\u01e0\u01e1")
"""Latin letters that keep theirs: SQLite's table has none for an a with dot and macron."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: `text[start:end]`, and `folded` as it is compared."""

    folded: str
    start: int
    end: int


def words_of(text: str) -> Iterator[Word]:
    """Yield the words of a text in order: runs of letters, digits and private characters.

    A letter or mark of a script without spaces is a word of its own.
    """
    for kind, run in groupby(range(len(text)), key=lambda at: _kind(text[at])):
        places = list(run)
        if kind == _ALONE:
            yield from (Word(_fold(text[at]), at, at + 1) for at in places)
        elif kind and (folded := "".join(_fold(text[at]) for at in places)):
            yield Word(folded, places[0], places[-1] + 1)


def letters_apart(text: str) -> str | None:
    """Return what SQLite is to index in place of a text so that it makes the words of `words_of`.

    None for a text as most are: in it, SQLite finds them itself.
    """
    if not has_unspaced(text):
        return None
    return " ".join(word.folded for word in words_of(text))


def ends_alone(text: str) -> bool:
    """Return whether the last word of a text is a letter of a script without spaces."""
    return any(is_alone(one) for one in text[-1:])


def last_length(text: str) -> int:
    """Return how many characters the last word of a text has."""
    return max((word.end - word.start for word in list(words_of(text))[-1:]), default=0)


def fold(word: str) -> str:
    """Return a word as it is compared: lower case, without accents on Latin letters."""
    return "".join(map(_fold, word))


def snippet(text: str, found: Sequence[tuple[int, int]]) -> str:
    """Return the text, or the words about the first found, with what was found marked.

    `found` are the spans of words found, `(first, last)` as places among `words_of`, in order.
    """
    words = list(words_of(text))
    if not words:
        return text
    first, last = _window(text, words, found[0][0] if found else 0)
    begin = _widened(text, words[first].start, len(text))[0] if first else 0
    end = _widened(text, 0, words[last].end)[1] if last < len(words) - 1 else len(text)
    shown = [
        _widened(text, words[max(start, first)].start, words[min(stop, last)].end)
        for start, stop in found
        if start <= last and stop >= first
    ]
    marked, at = [], begin
    for start, stop in _merged(shown):
        marked += [text[at:start], FOUND_START, text[start:stop], FOUND_END]
        at = stop
    marked.append(text[at:end])
    before, after = _LEFT_OUT * bool(begin), _LEFT_OUT * (end < len(text))
    return f"{before}{''.join(marked)}{after}"


def _window(text: str, words: Sequence[Word], found: int) -> tuple[int, int]:
    """Return the first and last word of a snippet that begins some words before a place."""
    taken = [1 if is_alone(text[one.start]) else _LETTERS_LIKE_A_WORD for one in words]
    room = _SNIPPET_WORDS * _LETTERS_LIKE_A_WORD
    first, before = found, _BEFORE_FOUND * _LETTERS_LIKE_A_WORD
    while first and taken[first - 1] <= before:
        first -= 1
        before -= taken[first]
    last, left = first, room - taken[first]
    while last + 1 < len(words) and taken[last + 1] <= left:
        last += 1
        left -= taken[last]
    while last + 1 == len(words) and first and taken[first - 1] <= left:
        first -= 1
        left -= taken[first]
    return first, last


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span of text with all marks of its letters: they are read as one."""
    while 0 < start < len(text) and _is_mark(text[start]):
        start -= 1
    while 0 < end < len(text) and _is_mark(text[end]):
        end += 1
    return start, end


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans that overlap as one."""
    begun: tuple[int, int] | None = None
    for start, end in sorted(spans):
        if begun and start < begun[1]:
            begun = (begun[0], max(begun[1], end))
            continue
        if begun:
            yield begun
        begun = (start, end)
    if begun:
        yield begun


@lru_cache(8_192)
def is_alone(one: str) -> bool:
    """Return whether a character is a word of its own: one of a script without spaces."""
    return has_unspaced(one) and unicodedata.category(one)[0] in "LNM"


@lru_cache(8_192)
def _kind(one: str) -> int:
    if is_alone(one):
        return _ALONE
    category = unicodedata.category(one)
    return int(category[0] in "LN" or category == "Co" or _is_accent(one))


def _is_mark(one: str) -> bool:
    return is_alone(one) and unicodedata.category(one)[0] == "M"


@lru_cache(8_192)
def _fold(one: str) -> str:
    if _is_accent(one):
        return ""
    if _is_mark(one):
        return chr(_PRIVATE_PLANE + ord(one))
    letter = _plain(one)
    folded = letter.casefold()
    return _plain(folded if len(folded) == 1 else letter.lower())


def _plain(one: str) -> str:
    """Return a Latin letter without its accents; anything else as it is."""
    base = unicodedata.normalize("NFD", one)[0]
    is_plain = base.isascii() and base.isalpha() and one not in _WITH_ACCENTS
    return base if is_plain else one


def _is_accent(one: str) -> bool:
    return one in _ACCENTS
