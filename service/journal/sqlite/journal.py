"""The journal on SQLite: one file, a writer with group commit, and a reader."""

import math
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from service.errors import JournalUnavailableError, StaleCallError
from service.ids import CallId, EndpointName, LegId
from service.journal.bindings import bound_metadata, bound_routes
from service.journal.filter_rows import filter_rows, read_filters
from service.journal.lane_rows import lanes_with_parked
from service.journal.sqlite import moving
from service.journal.sqlite.bulk import write_rows
from service.journal.sqlite.connection import Query, SqliteReader
from service.journal.sqlite.file import SetUp, open_sqlite_file
from service.journal.sqlite.fulltext import (
    delete_words,
    deletes_at_once,
    expect_deletions,
    merge_words,
)
from service.journal.sqlite.log import truncate_log
from service.journal.sqlite.writer import SqliteWriter, Work
from service.journal.statements import load_statements
from service.journal.worker import Worker, open_worker
from service.ports import (
    EVERYTHING,
    UNBOUND,
    Attempt,
    BacklogPage,
    Binding,
    Entry,
    EventFilter,
    Journal,
    LaneRow,
    LaneUpdate,
    MediaToken,
    ParkedDelivery,
    StoredCall,
    StoredEvent,
    StoredRecording,
)

KEEP_INPUTS_S: Final = 7 * 86_400
_PRUNED_AT_ONCE: Final = 5_000
_LANES_AT_ONCE: Final = 1_000
_SQL: Final = load_statements("sqlite", "journal")

Row = tuple[Any, ...]


class SqliteJournal:
    """A `Journal`; its methods are documented there."""

    def __init__(
        self, writer: Worker[Work], reader: Worker[Query], clock: Callable[[], float]
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def commit(self, entry: Entry) -> None:
        """See `Journal.commit`."""
        if entry.erases:
            while await self._writer.do(partial(delete_words, call_id=entry.call_id)):
                pass
        if entry.amends:
            await self._writer.do(expect_deletions)
        await self._writer.do(entry)

    async def settle(self, updates: Sequence[LaneUpdate]) -> None:
        """See `Journal.settle`."""
        if updates:
            await self._writer.do(tuple(updates))

    async def keep_attempts(self, attempts: Sequence[Attempt]) -> None:
        """See `Journal.keep_attempts`."""
        rows = [msgspec.structs.astuple(one) for one in attempts]
        await self._writer.do(lambda db: write_rows(db, _SQL["keep_attempts"], rows))

    async def attempts(self, call_id: CallId, *, limit: int) -> list[Attempt]:
        """See `Journal.attempts`."""
        return [Attempt(*row) for row in await self._ask("attempts", (call_id, limit))]

    async def adopt(self, call_id: CallId) -> int:
        """See `Journal.adopt`."""
        rows = await self._change("adopt", (call_id,))
        if not rows:
            raise StaleCallError("there is no such call")
        return cast(int, rows[0][0])

    async def unpark(self, parked_id: int) -> ParkedDelivery | None:
        """See `Journal.unpark`."""
        rows = await self._change("unpark", (parked_id,))
        return ParkedDelivery(*rows[0]) if rows else None

    async def rewind(self, call_id: CallId, endpoint: EndpointName, after_seq: int) -> None:
        """See `Journal.rewind`."""
        lane = {"call_id": call_id, "endpoint": endpoint, "after_seq": after_seq}

        def change(db: sqlite3.Connection) -> None:
            db.execute(_SQL["rewind"].sql(), lane)
            db.execute(_SQL["forget_parked"].sql(), lane)

        await self._writer.do(change)

    async def move_lanes(
        self, old: EndpointName, new: EndpointName, wanted: EventFilter = EVERYTHING
    ) -> int:
        """See `Journal.move_lanes`."""
        return cast(int, await self._writer.do(partial(moving.move, old, new, wanted)))

    async def aliases(self) -> dict[EndpointName, EndpointName]:
        """See `Journal.aliases`."""
        return dict(await self._ask("aliases", ()))

    async def endpoint_names(self) -> list[EndpointName]:
        """See `Journal.endpoint_names`."""
        return sorted(EndpointName(name) for (name,) in await self._ask("endpoint_names", ()))

    async def forget_alias(self, old: EndpointName) -> None:
        """See `Journal.forget_alias`."""
        await self._change("forget_alias", {"new": old})

    async def park_lanes(
        self, endpoint: EndpointName, reason: str, at: float, wanted: EventFilter = EVERYTHING
    ) -> int:
        """See `Journal.park_lanes`."""
        parking = partial(moving.park, endpoint, reason, at, wanted)
        return cast(int, await self._writer.do(parking))

    async def keep_filters(self, filters: Mapping[EndpointName, EventFilter]) -> None:
        """See `Journal.keep_filters`."""
        rows = filter_rows(filters)
        await self._writer.do(lambda db: db.executemany(_SQL["keep_filter"].sql(), rows))

    async def filters(self) -> dict[EndpointName, EventFilter]:
        """See `Journal.filters`."""
        return read_filters(await self._ask("filters", ()))

    async def disable(self, endpoint: EndpointName, reason: str, at: float) -> None:
        """See `Journal.disable`."""
        await self._change("disable", (endpoint, reason, at))

    async def enable(self, endpoint: EndpointName) -> None:
        """See `Journal.enable`."""
        await self._change("enable", (endpoint,))

    async def keep_token(self, token: MediaToken) -> None:
        """See `Journal.keep_token`."""
        row = (
            token.token_hash,
            token.header_hash,
            token.call_id,
            token.leg_id,
            token.expires_at,
        )
        await self._change("keep_token", row)

    async def use_token(
        self, token_hash: bytes, *, now: float, keep_until: float
    ) -> MediaToken | None:
        """See `Journal.use_token`."""
        row = {"token_hash": token_hash, "now": now, "keep_until": keep_until}
        for one, header_hash, call_id, leg_id, expires_at in await self._change("use_token", row):
            return MediaToken(
                token_hash=one,
                header_hash=header_hash,
                call_id=call_id,
                leg_id=leg_id,
                expires_at=expires_at,
            )
        return None

    async def prune(self, before: float) -> int:
        """See `Journal.prune`. Done in steps, so that commits do not wait for all of it."""
        now = self._clock()
        await self._change("prune_tokens", (now,))
        before = min(before, now - KEEP_INPUTS_S)
        pruned = 0
        while step := await self._prune("prune_inputs", before):
            pruned += step
        return pruned

    async def check(self) -> None:
        """See `Journal.check`."""
        ((written,),) = await self._change("count_check", ())
        ((seen,),) = await self._ask("read_checks", ())
        if seen < written:
            raise JournalUnavailableError("what was written cannot be read back")

    async def load(self, call_id: CallId) -> StoredCall | None:
        """See `Journal.load`."""
        rows = await self._ask("load", (call_id,))
        return StoredCall(*rows[0]) if rows else None

    async def find_call(self, leg_id: LegId) -> CallId | None:
        """See `Journal.find_call`."""
        rows = await self._ask("find_call", (leg_id,))
        return rows[0][0] if rows else None

    async def unfinished(self) -> list[StoredCall]:
        """See `Journal.unfinished`. Oldest first."""
        return [StoredCall(*row) for row in await self._ask("unfinished", ())]

    async def read(self, call_id: CallId, *, after_seq: int, limit: int) -> list[StoredEvent]:
        """See `Journal.read`."""
        return [StoredEvent(*row) for row in await self._ask("read", (call_id, after_seq, limit))]

    async def backlog(self) -> list[LaneRow]:
        """See `Journal.backlog`. In pages, so that other questions are answered in between."""
        page = await self.backlog_page(None)
        lanes = page.lanes
        while page.end is not None:
            page = await self.backlog_page(page.end)
            lanes += page.lanes
        return lanes

    async def backlog_page(self, after: tuple[int, str] | None) -> BacklogPage:
        """See `Journal.backlog_page`."""
        page = await self._reader.do(partial(_backlog_page, after or (-1, "")))
        return cast(BacklogPage, page)

    async def lanes_of(
        self, call_id: CallId, endpoint: EndpointName | None = None
    ) -> list[LaneRow]:
        """See `Journal.lanes_of`."""
        return lanes_with_parked(await self._ask("lanes_of", (call_id, endpoint)))

    async def parked(
        self,
        *,
        limit: int,
        before: tuple[float, int] | None = None,
        binding: Binding = UNBOUND,
    ) -> list[ParkedDelivery]:
        """See `Journal.parked`."""
        values: tuple[object, ...] = (*(before or (math.inf, 0)), limit)
        name = "parked" if binding.is_unbound else "parked_for"
        if not binding.is_unbound:
            values = (*values, bound_routes(binding), bound_metadata(binding))
        rows = await self._ask(name, values)
        return [ParkedDelivery(*row) for row in rows]

    async def find_parked(self, parked_id: int) -> ParkedDelivery | None:
        """See `Journal.find_parked`."""
        rows = await self._ask("find_parked", (parked_id,))
        return ParkedDelivery(*rows[0]) if rows else None

    async def disabled(self) -> dict[EndpointName, str]:
        """See `Journal.disabled`."""
        return dict(await self._ask("disabled", ()))

    async def keep_recording(
        self, call_id: CallId, file: str, *, started_at: float, delete_at: float | None
    ) -> None:
        """See `RecordingIndex.keep_recording`."""
        await self._change("keep_recording", (file, started_at, delete_at, call_id))

    async def recording(self, call_id: CallId) -> StoredRecording | None:
        """See `RecordingIndex.recording`."""
        rows = await self._ask("recording", (call_id,))
        return StoredRecording(*rows[0]) if rows else None

    async def recordings_due(self, now: float, *, limit: int) -> list[StoredRecording]:
        """See `RecordingIndex.recordings_due`."""
        rows = await self._ask("recordings_due", (now, limit))
        return [StoredRecording(*row) for row in rows]

    async def forget_recording(self, call_id: CallId) -> None:
        """See `RecordingIndex.forget_recording`."""
        await self._change("forget_recording", (call_id,))

    async def calls_of_number(self, number: str) -> list[CallId]:
        """See `ErasureIndex.calls_of_number`."""
        given = {"number": number, "packed": msgspec.msgpack.encode(number)}
        rows = await self._reader.do(lambda db: _rows("calls_of_number", given, db))
        return [call_id for (call_id,) in cast(list[Row], rows)]

    async def text_due(self, now: float, *, limit: int) -> list[CallId]:
        """See `ErasureIndex.text_due`."""
        return [call_id for (call_id,) in await self._ask("text_due", (now, limit))]

    async def prune_parked(self, now: float) -> int:
        """See `ErasureIndex.prune_parked`."""
        pruned = 0
        for name in ("prune_parked", "prune_attempts"):
            while step := await self._prune(name, now):
                pruned += step
        return pruned

    async def erasures(self, after: int) -> tuple[int, list[CallId]]:
        """See `ErasureIndex.erasures`."""
        ((newest,),) = await self._ask("newest_event", ())
        rows = await self._ask("erasures", (after,))
        return newest, [call_id for (call_id,) in rows]

    async def unscrubbed(self) -> bool:
        """See `ErasureIndex.unscrubbed`."""
        return bool(await self._ask("unscrubbed", ()))

    async def scrub(self) -> bool:
        """See `ErasureIndex.scrub`."""
        erased = [call_no for (call_no,) in await self._ask("unscrubbed", ())]
        if not await self._writer.do(deletes_at_once):
            first = True
            while await self._writer.do(partial(merge_words, first=first)):
                first = False
        if not await self._reader.do(truncate_log):
            return False
        for call_no in erased:
            await self._change("forget_unscrubbed", (call_no,))
        return True

    async def _prune(self, name: str, before: float) -> int:
        def change(db: sqlite3.Connection) -> int:
            return db.execute(_SQL[name].sql(), (before, _PRUNED_AT_ONCE)).rowcount

        return cast(int, await self._writer.do(change))

    async def _change(self, name: str, values: Row | Mapping[str, object]) -> list[Row]:
        return cast(list[Row], await self._writer.do(partial(_rows, name, values)))

    async def _ask(self, name: str, values: Row) -> list[Row]:
        return cast(list[Row], await self._reader.do(partial(_rows, name, values)))


def _rows(name: str, values: Row | Mapping[str, object], db: sqlite3.Connection) -> list[Row]:
    return db.execute(_SQL[name].sql(), values).fetchall()


def _backlog_page(after: tuple[int, str], db: sqlite3.Connection) -> BacklogPage:
    call_no, endpoint = after
    given = {"call_no": call_no, "endpoint": endpoint, "limit": _LANES_AT_ONCE}
    rows = _rows("backlog", given, db)
    lanes = [LaneRow(*row[1:]) for row in rows]
    return BacklogPage(lanes, (rows[-1][0], rows[-1][2]) if len(rows) == _LANES_AT_ONCE else None)


@asynccontextmanager
async def open_sqlite_journal(
    path: str | Path,
    *,
    exclusive: bool = True,
    clock: Callable[[], float] = time.time,
    waiting_limit: int = 10_000,
    busy_timeout_s: float = 1.0,
    set_up: SetUp | None = None,
    key: bytes | None = None,
    threaded: bool = True,
) -> AsyncIterator[Journal]:
    """Open the journal in this file; on the way out, what waits is written.

    `exclusive` is for the service: it makes or updates the file and keeps every other service
    out, whatever name they have for it, until it ends however it ends. Without it a ready file is
    opened beside the service, to look or to change lanes. While the file is not where it was,
    nothing is written. It has mode 0600; `-wal`, `-shm` and `.lock` lie next to it.

    At most `waiting_limit` changes (and as many queries) wait; what is more is refused with
    `JournalUnavailableError`. Another process's lock is waited for `busy_timeout_s` seconds.
    `set_up` is called with each new connection. With a `key`, of 32 bytes, all of the file and
    of its `-wal` is encrypted. `clock` gives Unix seconds; `threaded` is as in `open_worker`.

    Raises:
        JournalUnavailableError: The file cannot be opened, or another service has it.
        JournalTooNewError: A newer version wrote it.
    """
    with open_sqlite_file(
        Path(path), busy_timeout_s=busy_timeout_s, exclusive=exclusive, set_up=set_up, key=key
    ) as file:
        writing = SqliteWriter(file, clock)
        reading = SqliteReader(partial(file.connect, read_only=True))
        limit = waiting_limit
        async with (
            open_worker("journal-writer", writing, limit=limit, threaded=threaded) as writer,
            open_worker("journal-reader", reading, limit=limit, threaded=threaded) as reader,
        ):
            yield SqliteJournal(writer, reader, clock)
