"""What people type to search, as a question to FTS5; and forgetting words for good.

FTS5's own syntax is never let through: only letters and digits reach it, in quotes.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from service.errors import BadInputError
from service.journal.statements import load_statements

MOST_TERMS = 32
MOST_LETTERS = 1_000
SHORTEST_PREFIX = 2
"""Half of all words may begin with one letter."""
_TERM = re.compile(r'(?P<without>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"(?P<star>\*)?|(?P<word>[^\s"]+))')
_MERGED_PAGES = 200
_COMMAND_CHANGES = 1
"""FTS5 counts one change for the command itself."""
_SQL = load_statements("sqlite", "library")


@dataclass(frozen=True, slots=True)
class _Term:
    words: str
    prefix: bool
    without: bool

    def __str__(self) -> str:
        return f'"{self.words}"*' if self.prefix else f'"{self.words}"'


def match_expression(typed: str) -> str:
    """Return the FTS5 expression for words, "phrases in quotes", prefix* and -without.

    All of it must be there, but what stands behind a minus. Whatever else is typed only parts
    words: `don't` and `well-known` are phrases of two.

    Raises:
        BadInputError: There is nothing to search for, more than `MOST_TERMS` terms or
            `MOST_LETTERS` letters, or a prefix shorter than `SHORTEST_PREFIX`.
    """
    if len(typed) > MOST_LETTERS:
        raise BadInputError(f"give at most {MOST_LETTERS} letters to search for")
    terms = list(_terms(typed))
    wanted = [str(term) for term in terms if not term.without]
    unwanted = [str(term) for term in terms if term.without]
    if not wanted:
        raise BadInputError("give at least one word to search for")
    if len(terms) > MOST_TERMS:
        raise BadInputError(f"give at most {MOST_TERMS} words or phrases to search for")
    if any(term.prefix and len(term.words.split()[-1]) < SHORTEST_PREFIX for term in terms):
        raise BadInputError(f"give at least {SHORTEST_PREFIX} letters before a *")
    expression = f"({' AND '.join(wanted)})"
    return f"{expression} NOT ({' OR '.join(unwanted)})" if unwanted else expression


def merge_words(db: sqlite3.Connection, *, first: bool) -> bool:
    """Go one step towards an index without a trace of deleted words; False once it is there.

    Say which step is the `first`. Each is to be a transaction of its own, of a few milliseconds,
    so that commits get in between.
    """
    before = db.total_changes
    # negative: take everything into one segment, from whatever there is
    db.execute(_SQL["merge_words"].sql(), (-_MERGED_PAGES if first else _MERGED_PAGES,))
    return db.total_changes - before > _COMMAND_CHANGES


def _terms(typed: str) -> Iterator[_Term]:
    for found in _TERM.finditer(typed):
        phrase, word = found["phrase"], found["word"]
        text = word if phrase is None else phrase
        words = " ".join("".join(one if _is_part(one) else " " for one in text).split())
        if any(_is_letter(one) for one in words):
            prefix = bool(found["star"]) if word is None else word.endswith("*")
            yield _Term(words, prefix, bool(found["without"]))


def _is_part(one: str) -> bool:
    return _is_letter(one) or unicodedata.category(one)[0] == "M"


def _is_letter(one: str) -> bool:
    """Tell what `unicode61` makes words of: letters, digits and private characters."""
    category = unicodedata.category(one)
    return category[0] in "LN" or category == "Co"
