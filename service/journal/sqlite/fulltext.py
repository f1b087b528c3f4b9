"""The full-text index (FTS5): its query expressions, and the removal of deleted words for good."""

import sqlite3
from typing import Final

from service.journal.search import Term, parse_search_terms
from service.journal.statements import load_statements

_MERGED_PAGES: Final = 200
_COMMAND_CHANGES: Final = 1
"""FTS5 counts one change for the command itself."""
_SQL: Final = load_statements("sqlite", "journal")


def match_expression(typed: str) -> str:
    """Return the FTS5 expression for what was typed; see `parse_search_terms`.

    Raises:
        BadInputError: As there.
    """
    terms = parse_search_terms(typed)
    expression = f"({' AND '.join(map(_quoted, terms.wanted))})"
    if not terms.unwanted:
        return expression
    return f"{expression} NOT ({' OR '.join(map(_quoted, terms.unwanted))})"


def merge_words(db: sqlite3.Connection, *, first: bool) -> bool:
    """Go one step towards an index without a trace of deleted words; False once it is there.

    Say which step is the `first`. Each is to be a transaction of its own, of a few milliseconds,
    so that commits get in between.
    """
    before = db.total_changes
    # negative: take everything into one segment, from whatever there is
    db.execute(_SQL["merge_words"].sql(), (-_MERGED_PAGES if first else _MERGED_PAGES,))
    return db.total_changes - before > _COMMAND_CHANGES


def _quoted(term: Term) -> str:
    return f'"{term.words}"*' if term.is_prefix else f'"{term.words}"'
