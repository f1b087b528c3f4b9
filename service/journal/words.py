"""The words of a text as a search compares them: where they begin and end, and how they are folded.

The same as SQLite's full-text index makes of them (`unicode61 remove_diacritics 2`), for a
database that has none like it. Pure.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

FOUND_START: Final = "\x02"
FOUND_END: Final = "\x03"
_SNIPPET_WORDS: Final = 32
_LEFT_OUT: Final = "…"
_BEFORE_FOUND: Final = 8
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
    """Yield the words of a text in order: runs of letters, digits and private characters."""
    for is_word, run in groupby(range(len(text)), key=lambda at: _belongs(text[at])):
        places = list(run)
        if is_word and (folded := "".join(_fold(text[at]) for at in places)):
            yield Word(folded, places[0], places[-1] + 1)


def fold(word: str) -> str:
    """Return a word as it is compared: lower case, without accents on Latin letters."""
    return "".join(map(_fold, word))


def snippet(text: str, found: Sequence[tuple[int, int]]) -> str:
    """Return the text, or the words about the first found, with what was found marked.

    `found` are the spans of words found, `(first, last)` as places among `words_of`, in order.
    """
    words = list(words_of(text))
    first = 0
    if len(words) > _SNIPPET_WORDS and found:
        first = max(0, min(found[0][0] - _BEFORE_FOUND, len(words) - _SNIPPET_WORDS))
    last = min(first + _SNIPPET_WORDS, len(words)) - 1
    if last < 0:
        return text
    begin = words[first].start if first else 0
    end = words[last].end if last < len(words) - 1 else len(text)
    marked, at = [], begin
    for start_no, end_no in _merged(found):
        if start_no > last or end_no < first:
            continue
        start = words[max(start_no, first)].start
        stop = words[min(end_no, last)].end
        marked += [text[at:start], FOUND_START, text[start:stop], FOUND_END]
        at = stop
    marked.append(text[at:end])
    before, after = _LEFT_OUT * bool(begin), _LEFT_OUT * (end < len(text))
    return f"{before}{''.join(marked)}{after}"


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans that overlap as one."""
    begun: tuple[int, int] | None = None
    for start, end in sorted(spans):
        if begun and start <= begun[1]:
            begun = (begun[0], max(begun[1], end))
            continue
        if begun:
            yield begun
        begun = (start, end)
    if begun:
        yield begun


@lru_cache(8_192)
def _belongs(one: str) -> bool:
    category = unicodedata.category(one)
    return category[0] in "LN" or category == "Co" or _is_accent(one)


@lru_cache(8_192)
def _fold(one: str) -> str:
    if _is_accent(one):
        return ""
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
