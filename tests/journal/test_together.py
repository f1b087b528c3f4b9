"""What workers ask PostgreSQL for at once is done in few rounds, and nothing of it goes astray."""

import asyncio
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import asyncpg
import msgspec
import pytest

from service.errors import JournalError
from service.ids import CallId, InputId, LegId
from service.journal.postgresql.connection import Connection, KeptConnection
from service.journal.postgresql.opening import prepare_service
from service.journal.postgresql.writer import Writer
from service.journal.statements import load_statements
from service.ports import LaneUpdate
from tests.journal.builders import CALL, CRM, OTHER, entry
from tests.journal.postgresql_server import make_schema, schema_url
from tests.journal.test_roster import ANN, BOB, HeldLease, open_worker
from tests.waiting import until

CALLS = [CallId(f"call-{number}") for number in range(200)]


@pytest.fixture
async def url(tmp_path: Path) -> str:
    """A database of the test's own."""
    name = f"together_{abs(hash(tmp_path))}"
    await make_schema(name)
    return schema_url(name)


async def test_webhooks_that_come_at_once_are_kept_in_their_order(url: str) -> None:
    """However many of a call there are among those of others."""
    async with open_worker(url, ANN) as ann, open_worker(url, BOB) as bob:
        await ann.journal.commit(entry(0))
        names = [f"{number}" for number in range(300)]
        calls = [CALL if number % 3 else OTHER for number in range(300)]
        await asyncio.gather(
            *(
                bob.roster.send(call_id, InputId(name), name.encode())
                for call_id, name in zip(calls, names, strict=True)
            )
        )
        mail = await ann.roster.mail(ANN, keeps_house=True, limit=1_000)

    assert [one.body.decode() for one in mail] == names


async def test_a_webhook_that_cannot_be_kept_is_refused_alone(url: str) -> None:
    """Those that come with it are kept, in their order."""
    async with open_worker(url, ANN) as ann:
        sending = (
            ann.roster.send(CALL, InputId(name), b"")
            for name in ("first", "half a letter: \ud800", "third", "fourth")
        )
        told = await asyncio.gather(*sending, return_exceptions=True)
        mail = await ann.roster.mail(ANN, keeps_house=True, limit=10)

    assert [isinstance(one, JournalError) for one in told] == [False, True, False, False]
    assert len(mail) == 3


async def test_calls_that_are_claimed_at_once_are_each_told_of(url: str) -> None:
    """Those of a worker that lives are its; those of one that is gone are taken; others are new."""
    async with open_worker(url, ANN) as ann, open_worker(url, BOB) as bob:
        await ann.journal.commit(entry(0))
        await bob.journal.commit(entry(0, call_id=OTHER))
        mine, theirs, new, taken_back = await asyncio.gather(
            bob.roster.claim(OTHER, BOB),
            bob.roster.claim(CALL, BOB),
            bob.roster.claim(CallId("new"), BOB),
            bob.roster.claim(CALL, BOB),
        )
        await ann.roster.withdraw(ANN)
        orphan, *_ = await asyncio.gather(bob.roster.claim(CALL, BOB), bob.roster.claim(OTHER, BOB))

    assert (mine.is_ours, mine.was_taken) == (True, False)
    assert (theirs.is_ours, theirs.owner) == (False, ANN)
    assert (new.is_ours, new.was_taken) == (True, False)
    assert taken_back == theirs
    assert (orphan.is_ours, orphan.was_taken, orphan.owner) == (True, True, ANN)


async def test_lanes_are_settled_in_as_many_looks_as_there_are(url: str) -> None:
    """Also while the server knows nothing of its tables: an update is put beside its lane alone."""
    async with open_worker(url, ANN) as ann:
        for call_id in CALLS:
            await ann.journal.commit(entry(0, [1], call_id=call_id, endpoints=[CRM]))
        updates = [LaneUpdate(call_id, CRM, acked_seq=1) for call_id in CALLS]
        rows = [(one.call_id, CRM, 1, 0, 0.0, None) for one in updates]
        pages = await _pages(url, "settle", tuple(zip(*rows, strict=True)))
        await ann.journal.settle(updates)
        left = await ann.journal.backlog()

    assert pages < 20 * len(CALLS)  # 400 for each, where each update was put beside each lane
    assert left == []


async def test_each_commit_takes_four_rounds_to_the_server(url: str) -> None:
    """Begin, look, write, commit: each waits for its turn on a busy loop.

    That goes for the first of a call, for one with an event, and for one with nothing to tell.
    """
    asked: list[str] = []

    async def listen(db: Connection) -> None:
        db.add_query_logger(lambda query: asked.append(query.query))

    async with open_worker(url, ANN):
        writer = Writer(KeptConnection(url, name="x", prepare=listen), time.time, HeldLease(ANN))
        for call_id in (OTHER, CALL):  # the driver asks for types when it meets them first
            await until(lambda: asked.count("BEGIN;") == asked.count("COMMIT;"))
            asked.clear()
            first = entry(0, [1], call_id=call_id, inputs=[f"{call_id}"], endpoints=[CRM])
            first = replace(first, legs=(LegId(call_id),), numbers=("+15550100",))
            final = entry(1, [2], call_id=call_id, endpoints=[CRM])
            waits = entry(2, call_id=call_id, inputs=[f"{call_id} 2"])
            for one in (first, final, waits):
                assert await writer.handle([one]) == [None]
        await until(lambda: asked.count("COMMIT;") == 3)
        await writer.close()

    assert asked[0::4] == ["BEGIN;"] * 3
    assert asked[3::4] == ["COMMIT;"] * 3


WRITING = [
    *("look_up", "write_heads", "write_entries", "change_summaries", "keep_calls", "shut_calls"),
    *("forget_tokens", "settle", "park", "keep_attempts", "amend_events", "amend_words"),
]


LOOKING = ["events", "frontier", "newest", "call"]


@pytest.mark.parametrize(
    ("file", "name"),
    [*(("journal", name) for name in WRITING), *(("library", name) for name in LOOKING)],
)
async def test_what_was_planned_of_empty_tables_reads_no_whole_ones(
    url: str, file: str, name: str
) -> None:
    """It is planned once, when a service begins, and may be kept while tables grow."""
    names = iter(range(1, 9))
    text = re.sub(r"(?<!:):\w+", lambda _: f"${next(names)}", bare(name, file))
    nothing = ", ".join("NULL" for _ in set(re.findall(r"\$\d+", text)))
    async with open_worker(url, ANN):
        kept = KeptConnection(url, name="x", prepare=prepare_service)
        db = await kept.get()
        await db.execute(f"PREPARE it AS {text}")
        asked = f"EXPLAIN EXECUTE it ({nothing})" if nothing else "EXPLAIN EXECUTE it"
        plan = "\n".join(line for (line,) in await db.fetch(asked))
        await kept.close()

    assert (
        re.findall(r"Seq Scan on (?!installation)\w+|Hash \w*\s?Join|Merge \w*\s?Join", plan) == []
    )


def bare(name: str, file: str = "journal") -> str:
    """Return a statement without its comments."""
    lines = load_statements("postgresql", file)[name].text.splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))


async def _pages(url: str, name: str, columns: Iterable[Sequence[object]]) -> int:
    """Return how many pages a statement looks at that was planned for whatever values."""
    db = await asyncpg.connect(url)
    try:
        await db.execute("SET plan_cache_mode = force_generic_plan")
        undone = db.transaction()
        await undone.start()
        asking = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {bare(name)}"
        plan = msgspec.json.decode(await db.fetchval(asking, *columns))[0]["Plan"]
        await undone.rollback()
    finally:
        await db.close()
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
