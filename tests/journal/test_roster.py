"""The roster of the workers on PostgreSQL: who lives, whose a call is, and who may write."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from service.errors import JournalUnavailableError, LeaseLostError, StaleCallError
from service.ids import InputId, WorkerId
from service.journal.postgresql.copying import open_postgresql_source
from service.journal.postgresql.journal import open_postgresql_journal
from service.journal.postgresql.library import open_postgresql_library
from service.journal.postgresql.roster import open_postgresql_roster
from service.ports import Journal, LaneUpdate, Neighbour, Roster
from tests.journal.builders import CALL, CRM, OTHER, entry
from tests.journal.harness import postgresql_database
from tests.journal.postgresql_server import make_schema, schema_url, server_url
from tests.waiting import PATIENCE_S

ANN, BOB = WorkerId("ann"), WorkerId("bob")
SETTINGS, OTHER_SETTINGS = '{"route":"1"}', '{"route":"2"}'


@dataclass
class HeldLease:
    """A lease that goes on until somebody ends it."""

    worker: WorkerId | None


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker's roster and journal. `free` is a journal beside it, without a lease."""

    lease: HeldLease
    roster: Roster
    journal: Journal
    free: Journal


@asynccontextmanager
async def open_worker(url: str, name: WorkerId) -> AsyncIterator[Worker]:
    """Register a worker of the database at a URL."""
    lease = HeldLease(name)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        roster = await enter(open_postgresql_roster(url, lease, clock=time.time))
        await roster.register(name, "http://here", SETTINGS)
        journal = await enter(open_postgresql_journal(url, lease=lease))
        free = await enter(open_postgresql_journal(url, exclusive=False))
        yield Worker(lease, roster, journal, free)


@pytest.fixture
async def url(tmp_path: Path) -> str:
    """A database of the test's own."""
    name = f"roster_{abs(hash(tmp_path))}"
    await make_schema(name)
    return schema_url(name)


@pytest.fixture
async def ann(url: str) -> AsyncIterator[Worker]:
    """The first worker."""
    async with open_worker(url, ANN) as worker:
        yield worker


@pytest.fixture
async def bob(url: str, ann: Worker) -> AsyncIterator[Worker]:
    """The second one."""
    del ann
    async with open_worker(url, BOB) as worker:
        yield worker


async def owner(worker: Worker) -> WorkerId | None:
    """Return whose the call is."""
    stored = await worker.free.load(CALL)
    assert stored is not None
    return stored.owner


async def silence(url: str, worker: WorkerId) -> None:
    """Have the last heartbeat of a worker be long ago."""
    db = await asyncpg.connect(url)
    ago = "UPDATE worker SET heartbeat_at = now() - interval '11 s' WHERE id = $1"
    await db.execute(ago, worker)
    await db.close()


async def test_a_new_call_is_whoevers_commits_it_first(ann: Worker, bob: Worker) -> None:
    """The other one finds it taken, and is told by whom."""
    await ann.journal.commit(entry(0, [1]))
    with pytest.raises(StaleCallError):
        await bob.journal.commit(entry(0, [1]))

    assert await owner(bob) == ANN
    claim = await bob.roster.claim(CALL, BOB)
    assert (claim.is_ours, claim.owner) == (False, ANN)
    assert (await ann.roster.claim(CALL, ANN)).was_taken is False
    assert (await bob.roster.claim(OTHER, BOB)).is_ours


async def test_whoever_loses_a_call_writes_it_no_more_and_learns_of_it(
    ann: Worker, bob: Worker
) -> None:
    """The epoch goes up with each change of hands; what is lost is told once."""
    await ann.journal.commit(entry(0, [1]))
    taken = await bob.roster.take(CALL, BOB)

    assert (taken.was_taken, taken.owner) == (True, ANN)
    assert await ann.roster.losses(ANN) == [CALL]
    assert await ann.roster.losses(ANN) == []
    with pytest.raises(StaleCallError):
        await ann.journal.commit(entry(1, [2]))
    await bob.journal.commit(entry(1, [2], epoch=2))


async def test_calls_are_taken_in_the_order_in_which_commits_lock_them(
    ann: Worker, bob: Worker, url: str
) -> None:
    """Whatever order they are asked for in: nobody waits for who waits for them."""
    await ann.journal.commit(entry(0, [1]))
    await ann.journal.commit(entry(0, [1], call_id=OTHER))
    lock = "SELECT 1 FROM call WHERE call_id = $1 FOR NO KEY UPDATE"
    db, watch = await asyncpg.connect(url), await asyncpg.connect(url)
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%call%'"
    )
    try:
        async with db.transaction():
            await db.execute("SET LOCAL lock_timeout = '300ms'")  # before a deadlock is noticed
            await db.execute(lock, CALL)
            taking = asyncio.gather(bob.roster.take(OTHER, BOB), bob.roster.take(CALL, BOB))
            async with asyncio.timeout(PATIENCE_S):
                while not await watch.fetch(waiting):  # noqa: ASYNC110 - the database tells
                    await asyncio.sleep(0.01)
            await db.execute(lock, OTHER)
    finally:
        await db.close()
        await watch.close()

    assert [(one.was_taken, one.owner) for one in await taking] == [(True, ANN)] * 2
    assert sorted(await ann.roster.losses(ANN)) == [CALL, OTHER]


async def test_what_is_taken_back_was_not_lost(ann: Worker, bob: Worker) -> None:
    """Whoever has it again before it learnt of the loss goes on."""
    await ann.journal.commit(entry(0, [1]))
    await bob.roster.take(CALL, BOB)
    await ann.roster.take(CALL, ANN)

    assert await ann.roster.losses(ANN) == []
    assert await bob.roster.losses(BOB) == [CALL]


async def test_whoever_is_off_the_roster_writes_nothing(ann: Worker, bob: Worker) -> None:
    """Neither calls nor acks nor mail; without the fence it would."""
    await ann.journal.commit(entry(0, [1], endpoints=[CRM]))
    await bob.roster.withdraw(ANN)

    with pytest.raises(LeaseLostError):
        await ann.journal.commit(entry(1, [2], endpoints=[CRM]))
    with pytest.raises(LeaseLostError):
        await ann.journal.settle([LaneUpdate(CALL, CRM, 1)])
    with pytest.raises(LeaseLostError):
        await ann.roster.send(CALL, InputId("i"), b"body")
    assert [lane.acked_seq for lane in await bob.free.backlog()] == [0]

    await ann.free.commit(entry(1, [2], endpoints=[CRM]))
    await ann.free.settle([LaneUpdate(CALL, CRM, 1)])
    assert [lane.acked_seq for lane in await bob.free.backlog()] == [1]


async def test_without_a_lease_nothing_is_written_or_listed(ann: Worker) -> None:
    """By its own clock, before the others know."""
    await ann.journal.commit(entry(0, [1], endpoints=[CRM]))
    ann.lease.worker = None

    with pytest.raises(LeaseLostError):
        await ann.journal.commit(entry(1, [2]))
    with pytest.raises(LeaseLostError):
        await ann.journal.backlog()
    assert len(await ann.free.backlog()) == 1


async def test_only_who_was_silent_for_long_is_buried(url: str, ann: Worker, bob: Worker) -> None:
    """By the database's clock, and once."""
    assert await bob.roster.bury(10.0) == []
    await silence(url, ANN)
    assert await bob.roster.bury(10.0) == [ANN]
    assert await bob.roster.bury(10.0) == []
    assert (await ann.roster.beat(ANN, SETTINGS)).is_known is False


async def test_the_transaction_of_a_frozen_worker_holds_nobody_up(
    url: str, ann: Worker, bob: Worker
) -> None:
    """Whoever buries it has its connections ended first."""
    await ann.journal.commit(entry(0))
    frozen = await asyncpg.connect(url, server_settings={"application_name": f"callscribe/{ANN}/x"})
    change = frozen.transaction()
    await change.start()
    await frozen.execute("SELECT 1 FROM worker WHERE id = $1 FOR KEY SHARE", ANN)
    await frozen.execute("SELECT 1 FROM call FOR UPDATE")
    await silence(url, ANN)

    assert await bob.roster.bury(10.0) == [ANN]
    taken = await bob.roster.take_orphans(BOB, 50)
    assert (taken.live, taken.was_down) == ((CALL,), True)
    assert frozen.is_closed() or not await _answers(frozen)
    frozen.terminate()


async def _answers(db: "asyncpg.Connection[asyncpg.Record]") -> bool:
    try:
        await db.execute("SELECT 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False
    return True


async def test_calls_of_the_gone_are_shared_out(ann: Worker, bob: Worker) -> None:
    """Also those that are over, if something is left to deliver; no other is touched."""
    await ann.journal.commit(entry(0, [1], endpoints=[CRM], ended=True))
    await ann.journal.commit(entry(0, [1], call_id=OTHER))
    await ann.roster.withdraw(ANN)

    first = await bob.roster.take_orphans(BOB, 1)
    assert (first.call_ids, first.live) == ((CALL,), ())
    assert (await bob.roster.take_orphans(BOB, 1)).live == (OTHER,)
    assert (await bob.roster.take_orphans(BOB, 1)).call_ids == ()
    assert [lane.call_id for lane in await bob.journal.backlog()] == [CALL]
    assert await bob.roster.owned(BOB) == [OTHER]


async def test_each_lists_the_backlog_of_its_own_calls(url: str, ann: Worker, bob: Worker) -> None:
    """And finds that of a call that it takes; what waits anywhere is counted by all."""
    await ann.journal.commit(entry(0, [1], endpoints=[CRM]))
    assert await bob.journal.backlog() == []
    async with open_postgresql_library(url) as library:
        assert await library.lanes_behind() == {CRM: 1}
    assert [lane.call_id for lane in await bob.journal.lanes_of(CALL)] == [CALL]

    await bob.roster.take(CALL, BOB)
    assert await ann.journal.backlog() == []
    assert [lane.call_id for lane in await bob.journal.backlog()] == [CALL]


async def test_calls_that_are_handed_over_are_the_next_ones(ann: Worker, bob: Worker) -> None:
    """Whoever handed them over writes them no more, and webhooks missed nobody."""
    await ann.journal.commit(entry(0, [1]))
    await ann.roster.begin_drain(ANN)
    assert await ann.roster.others(ANN, 10.0) == 1
    assert await bob.roster.others(BOB, 10.0) == 0
    assert await ann.roster.hand_over(ANN) == 1

    with pytest.raises(StaleCallError):
        await ann.journal.commit(entry(1, [2]))
    taken = await bob.roster.take_orphans(BOB, 50)
    assert (taken.live, taken.was_down) == ((CALL,), False)


async def test_the_oldest_worker_keeps_house_unless_it_leaves(ann: Worker, bob: Worker) -> None:
    """One at a time."""
    assert (await ann.roster.beat(ANN, SETTINGS)).keeps_house
    assert not (await bob.roster.beat(BOB, SETTINGS)).keeps_house
    await ann.roster.begin_drain(ANN)
    assert (await bob.roster.beat(BOB, SETTINGS)).keeps_house


async def test_a_heartbeat_tells_who_has_other_settings(ann: Worker, bob: Worker, url: str) -> None:
    """As of those who stay, and of whose settings something is known."""
    assert (await ann.roster.beat(ANN, SETTINGS)).unlike == ()
    await bob.roster.beat(BOB, OTHER_SETTINGS)
    assert (await ann.roster.beat(ANN, SETTINGS)).unlike == (Neighbour(BOB, OTHER_SETTINGS),)
    assert (await ann.roster.beat(ANN, OTHER_SETTINGS)).unlike == ()
    await ann.roster.beat(ANN, SETTINGS)
    assert (await bob.roster.beat(BOB, OTHER_SETTINGS)).unlike == (Neighbour(ANN, SETTINGS),)
    await bob.roster.begin_drain(BOB)
    assert (await ann.roster.beat(ANN, SETTINGS)).unlike == ()
    async with open_worker(url, WorkerId("of an older version")) as old:
        await old.roster.beat(WorkerId("of an older version"), "")
        assert (await ann.roster.beat(ANN, SETTINGS)).unlike == ()


async def test_mail_waits_for_whoever_owns_the_call(ann: Worker, bob: Worker) -> None:
    """In order, once each, until it is dropped; what was committed before is not taken again."""
    await ann.journal.commit(entry(0, inputs=["known"]))
    for name in ("known", "new", "newer", "new"):
        await bob.roster.send(CALL, InputId(name), name.encode())

    assert await bob.roster.mail(BOB, keeps_house=False, limit=10) == []
    mail = await ann.roster.mail(ANN, keeps_house=False, limit=10)
    assert [one.body for one in mail] == [b"new", b"newer"]
    assert await ann.roster.mail(ANN, keeps_house=False, limit=10, after=mail[0].id) == mail[1:]
    await ann.roster.drop_mail([mail[0].id])
    await bob.roster.take(CALL, BOB)
    assert await ann.roster.mail(ANN, keeps_house=False, limit=10) == []
    assert [one.body for one in await bob.roster.mail(BOB, keeps_house=False, limit=10)] == [
        b"newer"
    ]


async def test_mail_for_a_call_that_was_forgotten_is_for_whoever_keeps_house(bob: Worker) -> None:
    """Somebody has to see what it is."""
    await bob.roster.send(CALL, InputId("late"), b"late")
    assert await bob.roster.mail(BOB, keeps_house=False, limit=10) == []
    assert len(await bob.roster.mail(BOB, keeps_house=True, limit=10)) == 1


async def test_mail_for_a_call_that_is_over_finds_an_owner(ann: Worker, bob: Worker) -> None:
    """Its last one is gone, and nothing else is left to do for it."""
    await ann.journal.commit(entry(0, ended=True))
    await ann.roster.withdraw(ANN)
    await bob.roster.send(CALL, InputId("late"), b"late")
    await bob.roster.take_orphans(BOB, 50)

    assert len(await bob.roster.mail(BOB, keeps_house=False, limit=10)) == 1


async def test_a_question_is_answered_to_whoever_asked(ann: Worker, bob: Worker) -> None:
    """Once; and a question that was answered is no mail any more."""
    await ann.journal.commit(entry(0))
    number = await bob.roster.ask(CALL, b"question", BOB)
    (mail,) = await ann.roster.mail(ANN, keeps_house=False, limit=10)
    assert (mail.id, mail.asked_by) == (number, BOB)
    await ann.roster.reply(number, b"answer")

    assert await ann.roster.mail(ANN, keeps_house=False, limit=10) == []
    assert await bob.roster.replies(BOB) == [(number, b"answer")]
    assert await bob.roster.replies(BOB) == []


async def test_a_worker_that_is_cut_off_goes_on(url: str, ann: Worker) -> None:
    """As long as it is on the roster."""
    await ann.journal.commit(entry(0))
    db = await asyncpg.connect(url)
    await db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1",
        f"callscribe/{ANN}/%",
    )
    await db.close()
    with suppress(JournalUnavailableError):  # it may not know yet
        await ann.journal.check()
    await ann.journal.commit(entry(1))


async def gone(url: str, worker: WorkerId) -> None:
    """Wait until the server has seen off a worker's connections, which were closed."""
    db = await asyncpg.connect(url)
    async with asyncio.timeout(30):
        while await db.fetchval(  # noqa: ASYNC110 - the server tells nobody
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE $1",
            f"callscribe/{worker}/%",
        ):
            await asyncio.sleep(0.01)
    await db.close()


async def test_a_journal_is_not_copied_while_webhooks_wait_in_it(url: str) -> None:
    """Nor while a worker has it: they were acknowledged, and a copy has no mailbox."""
    async with open_worker(url, ANN) as ann:
        with pytest.raises(JournalUnavailableError, match="a service has"):
            await open_postgresql_source(url).__aenter__()
        await ann.journal.commit(entry(0))
        await ann.roster.send(CALL, InputId("waits"), b"body")
    await gone(url, ANN)
    with pytest.raises(JournalUnavailableError, match="webhooks wait"):
        await open_postgresql_source(url).__aenter__()


async def test_no_schema_is_told_as_such() -> None:
    """And not as somebody who has the database."""
    nowhere = postgresql_database(Path("unused"), url=f"{server_url()}?search_path=nowhere")
    with pytest.raises(JournalUnavailableError, match="no schema"):
        await nowhere.journal().__aenter__()


@pytest.mark.parametrize("more", ["bogus=1", "sslmode=garbage", "command_timeout=x"])
async def test_a_url_that_the_driver_does_not_take_is_told_in_a_line(more: str) -> None:
    """Whatever class its errors are of."""
    wrong = postgresql_database(Path("unused"), url=f"{server_url()}?{more}")
    with pytest.raises(JournalUnavailableError, match="does not answer"):
        await wrong.journal().__aenter__()
