"""Searches, whatever the database: their bounds, and what people type, taken apart. Pure.

Only letters and digits are let through, so that nothing typed is syntax of a database.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from service.errors import BadInputError
from service.journal.words import ends_alone, last_length

MAX_SAVED_SEARCHES: Final = 500
MAX_TERMS: Final = 32
MAX_LETTERS: Final = 1_000
MIN_PREFIX_LETTERS: Final = 2
"""Half of all words may begin with one letter."""
_TERM: Final = re.compile(
    r'(?P<without>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"(?P<star>\*)?|(?P<word>[^\s"]+))'
)


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or a phrase of several with spaces between."""

    words: str
    is_prefix: bool
    """Whether the last word may go on; what ends in a letter that is one of its own always may."""


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What must be in a text, all of it, and what must not, none of it."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...]


def parse_search_terms(typed: str) -> SearchTerms:
    """Return the terms in words, "phrases in quotes", prefix* and -without.

    Whatever else is typed only parts words: `don't` and `well-known` are phrases of two. What is
    typed in a script without spaces is a phrase of its letters, and found within any text.

    Raises:
        BadInputError: There is nothing to search for, more than `MAX_TERMS` terms or
            `MAX_LETTERS` letters, or a prefix shorter than `MIN_PREFIX_LETTERS`.
    """
    if len(typed) > MAX_LETTERS:
        raise BadInputError(f"give at most {MAX_LETTERS} letters to search for")
    wanted: list[Term] = []
    unwanted: list[Term] = []
    for without, term in _terms(typed):
        (unwanted if without else wanted).append(term)
    terms = wanted + unwanted
    if not wanted:
        raise BadInputError("give at least one word to search for")
    if len(terms) > MAX_TERMS:
        raise BadInputError(f"give at most {MAX_TERMS} words or phrases to search for")
    if any(one.is_prefix and last_length(one.words) < MIN_PREFIX_LETTERS for one in terms):
        raise BadInputError(f"give at least {MIN_PREFIX_LETTERS} letters before a *")
    return SearchTerms(tuple(wanted), tuple(unwanted))


def _terms(typed: str) -> Iterator[tuple[bool, Term]]:
    for found in _TERM.finditer(typed):
        phrase, word = found["phrase"], found["word"]
        text = word if phrase is None else phrase
        words = " ".join("".join(one if _is_part(one) else " " for one in text).split())
        if any(_is_letter(one) for one in words):
            is_prefix = bool(found["star"]) if word is None else word.endswith("*")
            yield bool(found["without"]), Term(words, is_prefix and not ends_alone(words))


def _is_part(one: str) -> bool:
    return _is_letter(one) or unicodedata.category(one)[0] == "M"


def _is_letter(one: str) -> bool:
    """Tell what SQLite's `unicode61` makes words of: letters, digits and private characters."""
    category = unicodedata.category(one)
    return category[0] in "LN" or category == "Co"
