"""Writes and finds many rows with one statement.

Between two steps of SQLite the thread has to get Python's lock back, for which the event loop
may make it wait for milliseconds: a batch must take few steps, however many rows it has.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

import msgspec

from service.journal.statements import Statement

_MAX_ROWS: Final = 256


def write_rows(
    db: sqlite3.Connection, statement: Statement, rows: Sequence[tuple[object, ...]]
) -> None:
    """Run the statement over all rows, in order."""
    for part in _parts(len(rows)):
        values = list(chain.from_iterable(rows[part]))
        db.execute(statement.sql(part.stop - part.start), values)


def find_rows(
    db: sqlite3.Connection, statement: Statement, keys: Sequence[str]
) -> Iterator[tuple[str, list[int]]]:
    """Ask for many keys at once; yield each that was found with its numbers.

    The statement answers with one JSON array of `[n, …]`, `n` being the key's place.
    """
    for part in _parts(len(keys)):
        given = keys[part]
        (answer,) = db.execute(statement.sql(len(given)), given).fetchone()
        for n, *numbers in msgspec.json.decode(answer, type=list[list[int]]):
            yield given[n], numbers


def _parts(count: int) -> Iterator[slice]:
    # powers of two: any count is a few parts, and few lengths mean few statements to prepare
    start = 0
    while start < count:
        size = min(_MAX_ROWS, 1 << (count - start).bit_length() - 1)
        yield slice(start, start + size)
        start += size
