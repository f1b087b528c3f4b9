"""What a million updates of lanes leave behind in PostgreSQL, and what a final has it write."""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass

from service.ids import CallId, EndpointName
from service.journal.postgresql.journal import open_postgresql_journal
from service.ports import Entry, Journal, LaneUpdate
from tests.bench.own_postgresql import ask, open_own_postgresql, written
from tests.bench.table import Row
from tests.bench.words import final, sentences, started

LANES = 2_000
"""As many as a big centre's calls have at one moment."""
_AT_ONCE = 500
_FINALS = 5
_STATE = random.Random(7).randbytes(1_500)  # noqa: S311 - as long as a call's is that talks
_CRM = EndpointName("crm")
_CLEANED_S = 90.0
"""How long the server is given to clean up by itself: it looks once a minute."""
_TABLE = """
SELECT pg_total_relation_size(relid) AS bytes, n_tup_upd AS updates, n_tup_hot_upd AS hot,
    n_dead_tup AS dead, autovacuum_count AS vacuums
FROM pg_stat_user_tables WHERE relname = 'lane'"""


@dataclass(frozen=True, slots=True)
class _Table:
    size_bytes: int
    updates: int
    hot: int
    dead: int
    vacuums: int


async def measure(*, updates: int) -> list[Row]:
    """Settle deliveries of some lanes so many times, as a worker does; say what it left."""
    async with open_own_postgresql() as url:
        async with open_postgresql_journal(url) as journal:
            await asyncio.gather(*(journal.commit(_call(number)) for number in range(LANES)))
            await ask(url, "VACUUM ANALYZE lane")
            of_finals = await _wal_of_finals(url, journal)
            before, began = await _table(url), time.perf_counter()
            largest = await _settle(url, journal, updates)
            rate = updates / (time.perf_counter() - began)
        done = await _cleaned(url)
    name = f"lanes, {LANES:,} of them, {updates:,} updates"
    updated = done.updates - before.updates
    return [
        Row(name, f"{rate:,.0f}/s", "", None, ""),
        Row(
            f"{name}: in their page (HOT)",
            f"{(done.hot - before.hot) / updated:.1%}",
            "",
            None,
            ">= 95 %",
        ),
        Row(
            f"{name}: table and index before, at most, after",
            ", ".join(f"{one / 2**20:.1f}" for one in (before.size_bytes, largest, done.size_bytes))
            + " MiB",
            "",
            None,
            "",
        ),
        Row(
            f"{name}: dead rows in the end, autovacuums",
            f"{done.dead:,}, {done.vacuums}",
            "",
            None,
            "",
        ),
        Row("WAL of a final that is committed and delivered", f"{of_finals:.1f} KiB", "", None, ""),
    ]


async def _wal_of_finals(url: str, journal: Journal) -> float:
    """Return how much a final of each call has the server write, with its delivery, in KiB."""
    before = await written(url)
    for turn in range(1, _FINALS + 1):
        await asyncio.gather(*(journal.commit(_later(number, turn)) for number in range(LANES)))
        await journal.settle([_delivered(number, turn + 2) for number in range(LANES)])
    done = (await written(url)).since(before)
    return done.wal_bytes / (LANES * _FINALS) / 1024


async def _settle(url: str, journal: Journal, updates: int) -> int:
    """Settle, one transaction after the other; return how large the table was at most."""
    largest = 0
    for number in range(updates // _AT_ONCE):
        lanes = range(number * _AT_ONCE, (number + 1) * _AT_ONCE)
        await journal.settle([_tried(one) for one in lanes])
        if not number % 100:
            largest = max(largest, (await _table(url)).size_bytes)
    return largest


async def _cleaned(url: str) -> _Table:
    """Return what is left once the server has cleaned up, or had the time to."""
    deadline = time.monotonic() + _CLEANED_S
    while True:
        found = await _table(url)
        if found.dead <= LANES or time.monotonic() > deadline:
            return found
        await asyncio.sleep(1.0)


async def _table(url: str) -> _Table:
    await ask(url, "SELECT pg_stat_force_next_flush()")
    found: Mapping[str, int] = dict((await ask(url, _TABLE))[0])
    return _Table(*found.values())


def _call(number: int) -> Entry:
    call_id = CallId(f"call-{number}")
    events = (started(call_id, number), final(call_id, 2, "they said that it would be there"))
    return Entry(
        call_id=call_id, version=0, epoch=1, state=_STATE, events=events, endpoints=(_CRM,)
    )


def _tried(number: int) -> LaneUpdate:
    """Return that a lane was tried once more; the last event is still to be delivered."""
    attempts = number // LANES + 1
    return LaneUpdate(
        call_id=CallId(f"call-{number % LANES}"), endpoint=_CRM, acked_seq=2 + _FINALS,
        attempts=attempts, due_at=float(attempts),
    )  # fmt: skip


def _later(number: int, turn: int) -> Entry:
    """Return the next final of a call."""
    call_id = CallId(f"call-{number}")
    events = (final(call_id, turn + 2, next(sentences(1)), words=True),)
    return Entry(
        call_id=call_id, version=turn, epoch=1, state=_STATE, events=events, endpoints=(_CRM,)
    )


def _delivered(number: int, seq: int) -> LaneUpdate:
    return LaneUpdate(
        call_id=CallId(f"call-{number}"), endpoint=_CRM, acked_seq=seq, attempts=0, due_at=0.0
    )
