"""The journal on PostgreSQL: a writer with group commit, and a reader."""

import math
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, cast

import msgspec

from service.errors import JournalUnavailableError, LeaseLostError, StaleCallError
from service.ids import CallId, EndpointName, LegId
from service.journal.bindings import bound_metadata, bound_routes
from service.journal.filter_rows import filter_rows, read_filters
from service.journal.lane_rows import lanes_with_parked
from service.journal.postgresql import moving
from service.journal.postgresql.connection import (
    OF_WORKER,
    Connection,
    KeptConnection,
    Query,
    Reader,
    Row,
)
from service.journal.postgresql.entries import shut_calls
from service.journal.postgresql.migrations import expect_ready, expect_whole, migrate
from service.journal.postgresql.opening import explained, prepare_service
from service.journal.postgresql.scrubbing import vacuum
from service.journal.postgresql.text import from_database, to_database
from service.journal.postgresql.writer import Work, Writer
from service.journal.statements import load_statements
from service.journal.task_worker import open_task_worker
from service.journal.worker import Worker
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
    Lease,
    MediaToken,
    ParkedDelivery,
    StoredCall,
    StoredEvent,
    StoredRecording,
)

KEEP_INPUTS_S: Final = 7 * 86_400
_PRUNED_AT_ONCE: Final = 5_000
_LANES_AT_ONCE: Final = 1_000
_SQL: Final = load_statements("postgresql", "journal")


class PostgresqlJournal:
    """A `Journal`; its methods are documented there."""

    def __init__(
        self,
        writer: Worker[Work],
        reader: Worker[Query],
        clock: Callable[[], float],
        url: str,
        *,
        lease: Lease | None = None,
    ) -> None:
        self._lease = lease
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._url = url

    async def commit(self, entry: Entry) -> None:
        """See `Journal.commit`."""
        await self._writer.do(entry)

    async def settle(self, updates: Sequence[LaneUpdate]) -> None:
        """See `Journal.settle`."""
        if updates:
            await self._writer.do(tuple(updates))

    async def keep_attempts(self, attempts: Sequence[Attempt]) -> None:
        """See `Journal.keep_attempts`."""
        if attempts:
            columns = zip(*(_stored(msgspec.structs.astuple(one)) for one in attempts), strict=True)
            await self._change("keep_attempts", *columns)

    async def attempts(self, call_id: CallId, *, limit: int) -> list[Attempt]:
        """See `Journal.attempts`."""
        return [Attempt(*row) for row in await self._ask("attempts", call_id, limit)]

    async def adopt(self, call_id: CallId) -> int:
        """See `Journal.adopt`."""
        rows = await self._change("adopt", call_id)
        if not rows:
            raise StaleCallError("there is no such call")
        return cast(int, rows[0][0])

    async def unpark(self, parked_id: int) -> ParkedDelivery | None:
        """See `Journal.unpark`."""
        rows = await self._change("unpark", parked_id)
        return ParkedDelivery(*rows[0]) if rows else None

    async def rewind(self, call_id: CallId, endpoint: EndpointName, after_seq: int) -> None:
        """See `Journal.rewind`."""
        lane = _stored((call_id, endpoint, after_seq))

        async def change(db: Connection) -> None:
            call_nos = await db.fetch(_SQL["rewind"].text, *lane)
            await db.execute(_SQL["forget_parked"].text, *lane)
            await shut_calls(db, [call_no for (call_no,) in call_nos])

        await self._writer.do(change)

    async def move_lanes(
        self, old: EndpointName, new: EndpointName, wanted: EventFilter = EVERYTHING
    ) -> int:
        """See `Journal.move_lanes`."""
        return cast(int, await self._writer.do(partial(moving.move, old, new, wanted)))

    async def aliases(self) -> dict[EndpointName, EndpointName]:
        """See `Journal.aliases`."""
        return {old: new for old, new in await self._ask("aliases")}  # noqa: C416 - rows are no pairs

    async def endpoint_names(self) -> list[EndpointName]:
        """See `Journal.endpoint_names`."""
        return sorted(EndpointName(name) for (name,) in await self._ask("endpoint_names"))

    async def forget_alias(self, old: EndpointName) -> None:
        """See `Journal.forget_alias`."""
        await self._change("forget_alias", old)

    async def park_lanes(
        self, endpoint: EndpointName, reason: str, at: float, wanted: EventFilter = EVERYTHING
    ) -> int:
        """See `Journal.park_lanes`."""
        parking = partial(moving.park, endpoint, reason, at, wanted)
        return cast(int, await self._writer.do(parking))

    async def keep_filters(self, filters: Mapping[EndpointName, EventFilter]) -> None:
        """See `Journal.keep_filters`."""
        if filters:
            rows = [_stored(row) for row in filter_rows(filters)]
            await self._change("keep_filters", *zip(*rows, strict=True))

    async def filters(self) -> dict[EndpointName, EventFilter]:
        """See `Journal.filters`."""
        return read_filters(await self._ask("filters"))

    async def disable(self, endpoint: EndpointName, reason: str, at: float) -> None:
        """See `Journal.disable`."""
        await self._change("disable", endpoint, reason, at)

    async def enable(self, endpoint: EndpointName) -> None:
        """See `Journal.enable`."""
        await self._change("enable", endpoint)

    async def keep_token(self, token: MediaToken) -> None:
        """See `Journal.keep_token`."""
        await self._change(
            "keep_token",
            token.token_hash,
            token.header_hash,
            token.call_id,
            token.leg_id,
            token.expires_at,
        )

    async def use_token(
        self, token_hash: bytes, *, now: float, keep_until: float
    ) -> MediaToken | None:
        """See `Journal.use_token`."""
        for row in await self._change("use_token", token_hash, now, keep_until):
            one, header_hash, call_id, leg_id, expires_at = row
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
        await self._change("prune_tokens", now)
        before = min(before, now - KEEP_INPUTS_S)
        pruned = 0
        while step := await self._prune("prune_inputs", before):
            pruned += step
        return pruned

    async def check(self) -> None:
        """See `Journal.check`."""
        ((written,),) = await self._change("count_check")
        ((seen,),) = await self._ask("read_checks")
        if seen < written:
            raise JournalUnavailableError("what was written cannot be read back")

    async def load(self, call_id: CallId) -> StoredCall | None:
        """See `Journal.load`."""
        rows = await self._ask("load", call_id)
        return StoredCall(*rows[0]) if rows else None

    async def find_call(self, leg_id: LegId) -> CallId | None:
        """See `Journal.find_call`."""
        rows = await self._ask("find_call", leg_id)
        return rows[0][0] if rows else None

    async def unfinished(self) -> list[StoredCall]:
        """See `Journal.unfinished`. Oldest first."""
        return [StoredCall(*row) for row in await self._ask("unfinished")]

    async def read(self, call_id: CallId, *, after_seq: int, limit: int) -> list[StoredEvent]:
        """See `Journal.read`."""
        return [StoredEvent(*row) for row in await self._ask("read", call_id, after_seq, limit)]

    async def backlog(self) -> list[LaneRow]:
        """See `Journal.backlog`. In pages, so that other questions are answered in between."""
        page = await self.backlog_page(None)
        lanes = list(page.lanes)
        while page.end is not None:
            page = await self.backlog_page(page.end)
            lanes += page.lanes
        return lanes

    async def backlog_page(self, after: tuple[int, str] | None) -> BacklogPage:
        """See `Journal.backlog_page`."""
        place = after or (-1, "")
        if self._lease is None:
            rows = await self._ask("backlog", *place, _LANES_AT_ONCE)
        elif worker := self._lease.worker:
            rows = await self._ask("backlog_of", *place, _LANES_AT_ONCE, worker)
        else:
            raise LeaseLostError("this worker has no lease now")
        end = (rows[-1][0], rows[-1][2]) if len(rows) == _LANES_AT_ONCE else None
        return BacklogPage([LaneRow(*row[1:]) for row in rows], end)

    async def lanes_of(
        self, call_id: CallId, endpoint: EndpointName | None = None
    ) -> list[LaneRow]:
        """See `Journal.lanes_of`."""
        return lanes_with_parked(await self._ask("lanes_of", call_id, endpoint))

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
        rows = await self._ask(name, *values)
        return [ParkedDelivery(*row) for row in rows]

    async def find_parked(self, parked_id: int) -> ParkedDelivery | None:
        """See `Journal.find_parked`."""
        rows = await self._ask("find_parked", parked_id)
        return ParkedDelivery(*rows[0]) if rows else None

    async def disabled(self) -> dict[EndpointName, str]:
        """See `Journal.disabled`."""
        return {name: why for name, why in await self._ask("disabled")}  # noqa: C416 - as above

    async def keep_recording(
        self, call_id: CallId, file: str, *, started_at: float, delete_at: float | None
    ) -> None:
        """See `RecordingIndex.keep_recording`."""
        await self._change("keep_recording", call_id, file, started_at, delete_at)

    async def recording(self, call_id: CallId) -> StoredRecording | None:
        """See `RecordingIndex.recording`."""
        rows = await self._ask("recording", call_id)
        return StoredRecording(*rows[0]) if rows else None

    async def recordings_due(self, now: float, *, limit: int) -> list[StoredRecording]:
        """See `RecordingIndex.recordings_due`."""
        return [StoredRecording(*row) for row in await self._ask("recordings_due", now, limit)]

    async def forget_recording(self, call_id: CallId) -> None:
        """See `RecordingIndex.forget_recording`."""
        await self._change("forget_recording", call_id)

    async def calls_of_number(self, number: str) -> list[CallId]:
        """See `ErasureIndex.calls_of_number`."""
        packed = msgspec.msgpack.encode(number)
        return [call_id for (call_id,) in await self._ask("calls_of_number", number, packed)]

    async def text_due(self, now: float, *, limit: int) -> list[CallId]:
        """See `ErasureIndex.text_due`."""
        return [call_id for (call_id,) in await self._ask("text_due", now, limit)]

    async def prune_parked(self, now: float) -> int:
        """See `ErasureIndex.prune_parked`."""
        pruned = 0
        for name in ("prune_parked", "prune_attempts"):
            while step := await self._prune(name, now):
                pruned += step
        return pruned

    async def erasures(self, after: int) -> tuple[int, list[CallId]]:
        """See `ErasureIndex.erasures`."""
        ((newest,),) = await self._ask("newest_event")
        return newest, [call_id for (call_id,) in await self._ask("erasures", after)]

    async def unscrubbed(self) -> bool:
        """See `ErasureIndex.unscrubbed`."""
        return bool(await self._ask("unscrubbed"))

    async def scrub(self) -> bool:
        """See `ErasureIndex.scrub`. The server's own log and backups are the operator's."""
        erased = [call_no for (call_no,) in await self._ask("unscrubbed")]
        await vacuum(self._url)
        ((gone,),) = await self._ask("seen_by_nobody", erased)
        if gone:
            await self._change("forget_unscrubbed", erased)
        return bool(gone)

    async def _prune(self, name: str, before: float) -> int:
        async def change(db: Connection) -> int:
            status = await db.execute(_SQL[name].text, before, _PRUNED_AT_ONCE)
            return int(status.rpartition(" ")[2])

        return cast(int, await self._writer.do(change))

    async def _change(self, name: str, *values: object) -> list[Row]:
        return cast(list[Row], await self._writer.do(partial(_rows, name, _stored(values))))

    async def _ask(self, name: str, *values: object) -> list[Row]:
        return cast(list[Row], await self._reader.do(partial(_rows, name, _stored(values))))


async def _rows(name: str, values: tuple[object, ...], db: Connection) -> list[Row]:
    return [_read(row) for row in await db.fetch(_SQL[name].text, *values)]


def _stored(values: Sequence[Any]) -> tuple[object, ...]:
    return tuple(to_database(one) if isinstance(one, str) else one for one in values)


def _read(row: Iterable[Any]) -> Row:
    return [from_database(one) if isinstance(one, str) else one for one in row]


@asynccontextmanager
async def open_postgresql_journal(
    url: str,
    *,
    exclusive: bool = True,
    clock: Callable[[], float] = time.time,
    waiting_limit: int = 10_000,
    hasty: bool = False,
    lease: Lease | None = None,
) -> AsyncIterator[Journal]:
    """Open the journal in this database; on the way out, what waits is written.

    `exclusive` is for services: it makes or updates the tables, and keeps those out who want the
    database to themselves (`callscribe journal copy`) for as long as its connection lives. Without
    it a ready journal is opened beside the services, to look or to change lanes. With a `lease`
    everything is written under it, new calls are that worker's, and its backlog alone is listed.

    At most `waiting_limit` changes (and as many queries) wait, or are refused with
    `JournalUnavailableError`. `clock` is in Unix seconds. A `hasty` one may lose acknowledged ones.

    Raises:
        JournalUnavailableError: The server cannot be reached or used, or somebody copies it.
        JournalTooNewError: A newer version wrote it.
    """
    settings = {"synchronous_commit": "off" if hasty else "on", **(OF_WORKER if lease else {})}
    prepare = prepare_service if exclusive else None
    writing = KeptConnection(url, name="writer", settings=settings, prepare=prepare)
    reading = KeptConnection(url, name="reader")
    async with explained(writing, reading):
        db = await writing.get()
        await (migrate if exclusive else expect_ready)(db)
        await expect_whole(db)
        await reading.get()
    async with (
        open_task_worker(Writer(writing, clock, lease), limit=waiting_limit) as writer,
        open_task_worker(Reader(reading), limit=waiting_limit) as reader,
    ):
        yield PostgresqlJournal(writer, reader, clock, url, lease=lease)
