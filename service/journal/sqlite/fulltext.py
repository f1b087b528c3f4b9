"""The full-text index (FTS5): its query expressions, and the removal of deleted words for good."""

import sqlite3
from typing import Final

from service.errors import JournalTooNewError
from service.ids import CallId
from service.journal.search import SearchTerms, Term
from service.journal.statements import load_statements
from service.journal.words import letters_apart

_MERGED_PAGES: Final = 200
_COMMAND_CHANGES: Final = 1
"""FTS5 counts one change for the command itself."""
_DELETED_AT_ONCE: Final = 10
_DELETES_SINCE: Final = (3, 42)
_OLD_LAYOUT: Final = 4
_SQL: Final = load_statements("sqlite", "journal")


def match_expression(terms: SearchTerms) -> str:
    """Return the FTS5 expression: all that is wanted, and nothing that is not."""
    expression = f"({' AND '.join(map(_quoted, terms.wanted))})"
    if not terms.unwanted:
        return expression
    return f"{expression} NOT ({' OR '.join(map(_quoted, terms.unwanted))})"


def delete_words(db: sqlite3.Connection, call_id: CallId) -> bool:
    """Delete some words of a call that is about to be erased; False once there is no more to do.

    Each step is to be a transaction of its own, of some milliseconds, so that commits get in
    between. Where SQLite cannot take words out of the index at once, they go with the call, only
    marked, and the whole index is to be merged.
    """
    if not expect_deletions(db):
        return False
    given = {"call_id": call_id, "limit": _DELETED_AT_ONCE}
    return db.execute(_SQL["delete_words"].sql(), given).rowcount == _DELETED_AT_ONCE


def expect_deletions(db: sqlite3.Connection) -> bool:
    """Return whether words leave the index at once from now on, with what is deleted."""
    return deletes_at_once(db) or _begin_to_delete(db)


def deletes_at_once(db: sqlite3.Connection) -> bool:
    """Return whether words leave the index with what is deleted; if not, merge it."""
    (found,) = db.execute(_SQL["deletes_words_at_once"].sql()).fetchone()
    return bool(found)


def expect_readable(db: sqlite3.Connection) -> None:
    """Expect this SQLite to read the index: one that words left at once needs a newer one.

    Raises:
        JournalTooNewError: It cannot.
    """
    (layout,) = db.execute(_SQL["layout_of_words"].sql()).fetchone()
    if layout > _OLD_LAYOUT and not _can_delete(db):
        raise JournalTooNewError(
            "calls were erased in this database by SQLite 3.42 or newer, and this one is older:"
            " run a Python that has it"
        )


def _begin_to_delete(db: sqlite3.Connection) -> bool:
    """Have words leave the index with what is deleted; not while some in it are only marked."""
    if not _can_delete(db) or db.execute(_SQL["unscrubbed"].sql()).fetchall():
        return False
    db.execute(_SQL["delete_words_at_once"].sql())
    return True


def _can_delete(db: sqlite3.Connection) -> bool:
    (version,) = db.execute("SELECT sqlite_version()").fetchone()
    return tuple(map(int, version.split("."))) >= _DELETES_SINCE


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
    words = letters_apart(term.words) or term.words
    return f'"{words}"*' if term.is_prefix else f'"{words}"'
