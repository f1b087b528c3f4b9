"""How an archive on PostgreSQL behaves as it grows: 1x, 10x and 100x.

The first is written as the service writes it, the others are copies of it, made in the database.
What is open stays as much as it was: a lane to deliver, a call to take over. Each is told in
milliseconds and in pages that the server looked at, which do not depend on what else it does.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

import asyncpg

from service.ids import CallId, EndpointName, WorkerId
from service.journal.postgresql.journal import open_postgresql_journal
from service.journal.postgresql.library import open_postgresql_library
from service.journal.postgresql.roster import open_postgresql_roster
from service.ports import Entry, Journal, LaneUpdate, Roster, StoredEvent
from service.workers.lease import Pace, WorkerLease
from tests.bench.growth import ASKED, FINALS_PER_CALL, fill
from tests.bench.own_postgresql import ask, open_own_postgresql
from tests.bench.table import Row
from tests.bench.words import final, started

TIMES = (1, 10, 100)
OPEN = 200
"""Calls that go on, with something to deliver."""
_CRM = EndpointName("crm")
_GONE = "gone"
_INDEX = "SELECT indexdef FROM pg_indexes WHERE indexname = 'utterance_words'"
_SMALL_ROWS = 1_000
"""A table of fewer is rightly read from its beginning to its end."""

_GIVEN = """
WITH given AS (
    SELECT $1::bigint AS copy, $2::bigint AS calls, $1::bigint * 1000000000 AS further,
    $1::bigint << 44 AS later)
"""
"""Copies are apart by more than what is written between two of them."""
_COPIED = (
    """
    INSERT INTO call SELECT call_no + further, call_id || '-' || copy, version, epoch,
        last_seq, state, NULL, true, false, created_at, updated_at, owner
    FROM call, given WHERE call_no <= calls
    """,
    """
    INSERT INTO event SELECT call_no + further, seq, position + later, type, body,
        created_at
    FROM event, given WHERE call_no <= calls
    """,
    """
    INSERT INTO summary SELECT call_no + further, started_at - copy * calls * 60.0,
        answered_at, coalesce(ended_at, started_at), completed_at, erased_at, direction,
        from_number, to_number, duration_ms, utterances, words, gaps, transcription, metadata,
        facts, 'usual'
    FROM summary, given WHERE call_no <= calls
    """,
    """
    INSERT INTO utterance SELECT position + later, call_no + further, seq,
        utterance_id, role, start_ms, end_ms, occurred_at, text, words
    FROM utterance, given WHERE call_no <= calls
    """,
    """
    INSERT INTO inbox SELECT n || '-' || copy, extract(epoch FROM now())
    FROM given, generate_series(1, calls * 7) AS n
    """,
)

_EXTRA = 2
_TELLS_S = 1.1
"""A session tells what it looked at once a second at most."""

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What something costs: milliseconds, and pages looked at."""

    ms: float
    pages: int


async def measure(*, finals: int, rounds: int) -> list[Row]:
    """Ask the same of an archive of three sizes; return a row for each, with its time in each."""
    found: list[Mapping[str, Cost]] = []
    scanned: set[str] = set()
    async with open_own_postgresql() as url:
        async with open_postgresql_journal(url) as journal:
            await fill(journal, finals // TIMES[-1])
        await ask(url, "UPDATE call SET ended = true, open = false")
        ((calls,),) = await ask(url, "SELECT max(call_no) FROM call")
        copies = 0
        for times in TIMES:
            await multiply(url, range(copies + 1, times), calls)
            copies = times - 1
            before = await _scans(url)
            found.append(await _times(url, rounds, times))
            after = await _scans(url)
            scanned |= {table for table in after if after[table] > before.get(table, 0)}
        ((size_bytes,),) = await ask(url, "SELECT pg_database_size(current_database())")
    rows = [_row(f"PostgreSQL, {name}", [one[name] for one in found]) for name in found[0]]
    of = f"{finals:,} finals on PostgreSQL"
    tables = ", ".join(sorted(scanned)) or "none"
    return [
        Row(f"{of}, on disk", f"{size_bytes / 2**30:.1f} GiB", "", None, ""),
        *rows,
        Row("large tables that were scanned", tables, "", None, "none"),
    ]


def _row(name: str, costs: Sequence[Cost]) -> Row:
    times = ", ".join(f"{one.ms:.1f}" for one in costs)
    pages = ", ".join(f"{one.pages:,}" for one in costs)
    ratio = costs[-1].ms / costs[-2].ms
    return Row(f"{name}: 1x, 10x, 100x", f"{times} ms; {pages} pages", "", ratio, "100x/10x <= 2")


async def multiply(url: str, copies: range, calls: int) -> None:
    """Make these copies of the first archive; the index of words is made anew."""
    db = await asyncpg.connect(url)
    try:
        await db.execute("SET session_replication_role = replica")  # of copies all refer to copies
        if copies:
            index = await db.fetchval(_INDEX)
            await db.execute("DROP INDEX utterance_words")
            for number in copies:
                for copied in _COPIED:
                    await db.execute(_GIVEN + copied, number, calls)
            await db.execute(index)
            await db.execute("SELECT setval('call_no', (SELECT max(call_no) FROM call))")
        await db.execute("VACUUM ANALYZE")
    finally:
        await db.close()


async def _scans(url: str) -> Mapping[str, int]:
    """Return how often large tables were read from their beginning."""
    await ask(url, "SELECT pg_stat_force_next_flush()")
    rows = await ask(
        url,
        "SELECT pg_class.relname, seq_scan FROM pg_stat_user_tables JOIN pg_class ON oid = relid"
        " WHERE reltuples > $1",
        _SMALL_ROWS,
    )
    return dict(map(tuple, rows))


async def _times(url: str, rounds: int, times: int) -> Mapping[str, Cost]:
    """Return what each costs."""
    lease = WorkerLease(pace=Pace(lease_s=1e9))
    worker = WorkerId(f"bench-{times}")
    lease.begin(worker, lease.ticks())
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        roster = await enter(open_postgresql_roster(url, lease, clock=time.time))
        await roster.register(worker, "http://127.0.0.1:1", "")
        journal = await enter(open_postgresql_journal(url, lease=lease))
        library = await enter(open_postgresql_library(url))
        found = {name: await _cost(url, partial(one, library), rounds) for name, one in ASKED}
        written = _Writing(journal, times, TIMES.index(times) * (rounds + _EXTRA))
        changes: tuple[tuple[str, Work], ...] = (
            ("commit a final", written.commit),
            ("settle a delivery", written.settle),
            ("erase a call", written.erase),
        )
        for name, work in changes:
            found[name] = await _cost(url, work, rounds)
        gone = partial(ask, url, "UPDATE call SET owner = $1 WHERE open", _GONE)
        taking = partial(_take_over, roster, worker)
        found[f"take over {OPEN} calls"] = await _cost(url, taking, 3, prepare=gone)
        found["list their lanes"] = await _cost(url, journal.backlog, 3)
        kept: tuple[tuple[str, Work], ...] = (
            ("look what is due for erasure", lambda: journal.text_due(time.time(), limit=100)),
            ("prune webhooks, none of them old", lambda: journal.prune(0.0)),
        )
        for name, work in kept:
            found[name] = await _cost(url, work, rounds // 10 + 1)
    return found


class _Writing:
    """Writes calls of its own, one change after the other."""

    def __init__(self, journal: Journal, times: int, erased: int) -> None:
        self._journal = journal
        self._times = times
        self._written = self._settled = 0
        self._erased = erased

    async def commit(self) -> None:
        """Begin a call, with a final; of the first few something waits to be delivered."""
        call_id = self._call(self._written)
        self._written += 1
        events = (started(call_id), final(call_id, 2, "they said that it would be there"))
        await self._write(call_id, 0, events, is_open=self._written <= OPEN)

    async def settle(self) -> None:
        """Have one event more been delivered."""
        call_id = self._call(self._settled % self._written)
        self._settled += 1
        await self._journal.settle(
            [LaneUpdate(call_id=call_id, endpoint=_CRM, acked_seq=1, attempts=0, due_at=0.0)]
        )

    async def erase(self) -> None:
        """Erase one of the archive's calls."""
        call_id = CallId(f"call-{self._erased}")
        self._erased += 1
        stored = await self._journal.load(call_id)
        if stored is None:
            raise ValueError(f"{call_id} is not there")
        events = await self._journal.read(call_id, after_seq=0, limit=FINALS_PER_CALL + 10)
        seq = events[-1].seq + 1
        tombstone = StoredEvent(call_id, seq, "transcript.erased", b'{"type":"transcript.erased"}')
        entry = Entry(
            call_id=call_id, version=stored.version, epoch=stored.epoch, state=b"",
            events=(tombstone,), erases=True, ended=True,
        )  # fmt: skip
        await self._journal.commit(entry)

    def _call(self, number: int) -> CallId:
        return CallId(f"new-{self._times}-{number}")

    async def _write(
        self, call_id: CallId, version: int, events: tuple[StoredEvent, ...], *, is_open: bool
    ) -> None:
        entry = Entry(
            call_id=call_id, version=version, epoch=1, state=b"s" * 600, events=events,
            endpoints=(_CRM,) if is_open else (), ended=not is_open,
        )  # fmt: skip
        await self._journal.commit(entry)


async def _take_over(roster: Roster, worker: WorkerId) -> None:
    while (await roster.take_orphans(worker, 50)).call_ids:
        pass


async def _cost(url: str, work: Work, rounds: int = 1, *, prepare: Work | None = None) -> Cost:
    """Return the median of how long it takes, and how many pages it looks at the last time.

    That is once more, and a session tells what it did with what it did before.
    """
    times_s = []
    before = 0
    for turn in range(rounds + _EXTRA):
        if prepare is not None:
            await prepare()
        if turn >= rounds:
            await asyncio.sleep(_TELLS_S)
            before = await _pages(url)
        began = time.perf_counter()
        await work()
        times_s.append(time.perf_counter() - began)
    return Cost(sorted(times_s[:rounds])[rounds // 2] * 1000, await _pages(url) - before)


async def _pages(url: str) -> int:
    ((pages,),) = await ask(
        url,
        "SELECT sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read"
        " + toast_blks_hit + toast_blks_read)::bigint FROM pg_statio_user_tables",
    )
    return int(pages)
