"""Audits erasure: looks for what is left in every table, in the full-text index, in the files.

Reads only, and asks SQLite what tables there are, so that none that is added is forgotten.
"""

import mmap
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from service.journal.erasure_audit import ErasureAudit
from service.journal.sqlite.file import SqliteFile, expect_there, explained
from service.journal.words import letters_apart

_LEFT: Final = {
    "events beside the tombstone": """
        SELECT call_id, count(*) FROM event JOIN call USING (call_no)
        WHERE type <> 'transcript.erased' AND call_no IN ({erased}) GROUP BY call_no""",
    "words in the index": """
        SELECT call_id, count(*) FROM utterance JOIN call USING (call_no)
        WHERE call_no IN ({erased}) GROUP BY call_no""",
    "numbers or metadata": """
        SELECT call_id, 1 FROM summary JOIN call USING (call_no)
        WHERE (from_number IS NOT NULL OR to_number IS NOT NULL OR metadata <> '{{}}')
        AND call_no IN ({erased})""",
    "numbers of participants": """
        SELECT call_id, count(*) FROM party JOIN call USING (call_no)
        WHERE call_no IN ({erased}) GROUP BY call_id""",
    "parked deliveries": """
        SELECT call_id, count(*) FROM parked JOIN call USING (call_no)
        WHERE type <> 'transcript.erased' AND call_no IN ({erased}) GROUP BY call_no""",
    "attempts at deliveries": """
        SELECT call_id, count(*) FROM attempt JOIN call USING (call_no)
        JOIN event USING (call_no, seq)
        WHERE type <> 'transcript.erased' AND call_no IN ({erased}) GROUP BY call_no""",
    "deliveries of more than the tombstone": """
        SELECT call_id, count(*) FROM lane JOIN call USING (call_no)
        WHERE acked_seq < (SELECT min(seq) FROM event WHERE event.call_no = call.call_no) - 1
        AND call_no IN ({erased}) GROUP BY call_no""",
    "audio": """
        SELECT call_id, 1 FROM recording JOIN call USING (call_no) WHERE call_no IN ({erased})""",
    "bytes that were not scrubbed yet": """
        SELECT call_id, 1 FROM unscrubbed JOIN call USING (call_no)""",
}
_ERASED: Final = "SELECT call_no FROM event WHERE type = 'transcript.erased'"
_KEPT: Final = f"SELECT 1 FROM call WHERE call_id = ? AND call_no NOT IN ({_ERASED})"  # noqa: S608 - no input in it
_TERMS: Final = "CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, utterance_words, row)"
_MATCH: Final = "SELECT 1 FROM utterance_words WHERE utterance_words MATCH ?"
_WAITS_S: Final = 5.0
_COLUMN: Final = """
    SELECT count(*) FROM "{table}"
    WHERE instr(CAST("{column}" AS BLOB), CAST(? AS BLOB)) > 0"""


class SqliteErasureAudit:
    """Searches one journal. Made by `open_audit`; any method may raise its errors."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    def left_of_erased(self) -> list[str]:
        """Return what is left of calls that were erased, a line for each call and kind."""
        return [
            f"{call_id}: {what} ({count})"
            for what, query in _LEFT.items()
            for call_id, count in self._db.execute(query.format(erased=_ERASED))
        ]

    def not_erased(self, call_ids: Sequence[str]) -> list[str]:
        """Return those of the calls that are in the journal and were not erased."""
        return [one for one in call_ids if self._db.execute(_KEPT, (one,)).fetchone()]

    def where_found(self, sought: str) -> list[str]:
        """Return where a word or number still is, in upper or lower case: tables, index, bytes.

        The bytes of the files are looked at when no table has it: then they are what was left.
        """
        spellings = sorted({sought, sought.lower(), sought.upper(), sought.capitalize()})
        if apart := letters_apart(sought):
            spellings.append(apart)
        found = [*_in_tables(self._db, spellings), *_in_index(self._db, sought)]
        return found or list(_in_files(self._path, spellings))

    def stray_recordings(self, folder: Path) -> list[str]:
        """Return files among the recordings that are no call's."""
        if not folder.exists():
            return []
        known = {file for (file,) in self._db.execute("SELECT file FROM recording")}
        return sorted(one.name for one in folder.iterdir() if one.name not in known)


@contextmanager
def open_audit(path: Path, *, key: bytes | None = None) -> Iterator[ErasureAudit]:
    """Open the journal in this file, which a service may have open, to look only.

    Raises:
        JournalUnavailableError: There is none, or it cannot be read.
    """
    path = path.absolute()
    expect_there(path)
    with explained(path, key):
        file = SqliteFile(path=path, busy_timeout_s=_WAITS_S, key=key)
        with closing(file.connect()) as db:
            db.execute(_TERMS)
            db.execute("PRAGMA query_only = ON")
            yield SqliteErasureAudit(db, path)


def _in_tables(db: sqlite3.Connection, spellings: Sequence[str]) -> Iterator[str]:
    for table, column in _columns(db):
        query = _COLUMN.format(table=table, column=column)
        count = sum(db.execute(query, (one,)).fetchone()[0] for one in spellings)
        if count:
            yield f"table {table}, column {column} ({count})"


def _columns(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute(
        "SELECT s.name, i.name FROM sqlite_schema AS s JOIN pragma_table_info(s.name) AS i"
        " WHERE s.type = 'table' AND s.sql NOT LIKE 'CREATE VIRTUAL%'"
        " AND i.type <> 'REAL'"  # a moment: it may have a number's digits by chance
        " ORDER BY 1, 2"
    ).fetchall()


def _in_index(db: sqlite3.Connection, sought: str) -> Iterator[str]:
    if apart := letters_apart(sought):
        # each letter for itself is in others' words, too
        if db.execute(_MATCH, (f'"{apart}"',)).fetchone():
            yield "index of words"
        return
    for term in sought.lower().split():
        if db.execute("SELECT 1 FROM temp.terms WHERE term = ?", (term,)).fetchone():
            yield "index of words"


def _in_files(path: Path, spellings: Sequence[str]) -> Iterator[str]:
    for file in (path, path.with_name(path.name + "-wal")):
        if not file.exists() or not file.stat().st_size:
            continue
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as m:
            if any(m.find(one.encode()) >= 0 for one in spellings):
                yield f"bytes of {file.name}"
