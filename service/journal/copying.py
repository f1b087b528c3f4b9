"""Copies a stopped journal into another database, and compares the two row by row.

Stopped in the middle it goes on where it was; until it is whole nobody else opens the copy.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from service.errors import JournalError
from service.journal.tables import TABLES, Row, Table

_ROWS_AT_ONCE: Final = 1_000
_INSTALLATION: Final = next(table for table in TABLES if table.name == "installation")
"""Its secret tells one journal from another."""
OTHER_COPY: Final = "a copy of another journal was begun here: begin with an empty database"


class CopySource(Protocol):
    """A journal that nobody writes while it is open like this."""

    async def rows(self, table: Table, *, after: Row | None, limit: int) -> Sequence[Row]:
        """Return rows of a table in the order of its key, those after one."""


class CopyTarget(CopySource, Protocol):
    """A journal that is being filled."""

    async def begin(self, source: str) -> None:
        """Note what is copied from; again is harmless.

        Raises:
            JournalUnavailableError: A copy of something else was begun here.
        """

    async def last_key(self, table: Table) -> Row | None:
        """Return the greatest key that was written; None if there is nothing to go on after."""

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Write rows that follow those that are there, all or none."""

    async def finish(self) -> None:
        """Make it a journal like any other."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A table that was copied: how many rows it has, and what all of them come to."""

    table: str
    rows: int
    digest: str
    """SHA-256 of all rows in the order of their key, in hexadecimal."""


async def copy_journal(source: CopySource, target: CopyTarget) -> AsyncIterator[Copied]:
    """Copy one table after the other; yield each when both sides have the same of it.

    Raises:
        JournalError: A table is not the same on both sides: the copy stays unfinished.
        JournalUnavailableError: One of them does not answer.
    """
    await target.begin((await _sum_up(_INSTALLATION, source)).digest)
    for table in TABLES:
        await _copy(table, source, target)
    for table in TABLES:
        copied = await _sum_up(table, target)
        if copied != await _sum_up(table, source):
            raise JournalError(
                f"the copy of {table.name} is not what it was copied from: if that was changed"
                " meanwhile, begin again with an empty database"
            )
        yield copied
    await target.finish()


async def _copy(table: Table, source: CopySource, target: CopyTarget) -> None:
    after = await target.last_key(table)
    while rows := await source.rows(table, after=after, limit=_ROWS_AT_ONCE):
        await target.write(table, rows)
        after = table.key_of(rows[-1])


async def _sum_up(table: Table, of: CopySource) -> Copied:
    digest, count, after = hashlib.sha256(), 0, None
    while rows := await of.rows(table, after=after, limit=_ROWS_AT_ONCE):
        for row in rows:
            digest.update(msgspec.msgpack.encode(row))
        count += len(rows)
        after = table.key_of(rows[-1])
    return Copied(table.name, count, digest.hexdigest())
