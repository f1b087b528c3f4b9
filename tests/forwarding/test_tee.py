"""Webhooks are passed on: each once, in order, whatever the application does."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from service.forwarding.counters import ForwardCounters
from service.forwarding.forwarder import PAGE
from service.forwarding.post import MAX_AT_ONCE, ForwardTarget
from service.forwarding.tee import open_tee
from service.journal.sqlite.forwards import open_sqlite_forwards
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Forwards, Tee
from service.workers.sealing import Seal
from tests.forwarding.peers import Application, open_application
from tests.forwarding.test_envelope import SIGNED
from tests.name_server import open_name_server
from tests.waiting import until


@dataclass
class Bench:
    """A tee, its store, and who is behind it."""

    tee: Tee
    store: Forwards
    application: Application
    counters: ForwardCounters = field(default_factory=ForwardCounters)

    async def keep(self, *ids: str, call: str = "s1") -> None:
        """Take webhooks of a call."""
        for one in ids:
            data = {"id": one, "payload": {"call_session_id": call}}
            await self.tee.keep(json.dumps({"data": data}).encode(), SIGNED)


@asynccontextmanager
async def bench(
    folder: Path,
    application: Application,
    *,
    dice: float = 0.0,
    ahead_s: float = 0.0,
    target: ForwardTarget | None = None,
    api_key: str = "KEY1",
    keeps_house: bool = True,
    nameservers: Sequence[str] | None = None,
) -> AsyncIterator[Bench]:
    """Open a tee on the journal in a folder; its clock is ahead by so much."""
    path, seal, counters = folder / "j.db", Seal(api_key), ForwardCounters()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        await enter(open_sqlite_journal(path))
        store = await enter(open_sqlite_forwards(path))
        target = target or ForwardTarget(url=application.url, allow_private=True, timeout_s=5.0)
        tee = await enter(
            open_tee(
                store,
                target,
                seal=seal.close,
                unseal=seal.open,
                clock=lambda: time.time() + ahead_s,
                dice=lambda: dice,
                counters=counters,
                keeps_house=lambda: keeps_house,
                nameservers=nameservers,
            )
        )
        yield Bench(tee, store, application, counters)


@pytest.fixture
async def application() -> AsyncIterator[Application]:
    """Serve an application."""
    async with open_application() as application:
        yield application


async def settled(bench: Bench) -> bool:
    """Return whether nothing waits any more."""
    return not await bench.store.waiting(1)


async def test_the_url_is_asked_for_as_it_is_written(tmp_path: Path) -> None:
    """A redirect from there to where the slash leads would count as an answer."""
    async with open_application() as application:
        url = f"{application.url}/telnyx/?sig=AbC%2F%3d/"
        target = ForwardTarget(url=url, allow_private=True, timeout_s=5.0)
        async with bench(tmp_path, application, target=target) as b:
            await b.keep("e1")
            await until(lambda: bool(application.came))

    assert application.targets == ["/telnyx/?sig=AbC%2F%3d/"]


async def test_each_is_passed_on_once_as_it_came(tmp_path: Path, application: Application) -> None:
    """A repeat of Telnyx's is not; and what lies there is sealed until then, and gone after."""
    async with bench(tmp_path, application) as one:
        application.goes_on.clear()
        await one.keep("e1", "e2", "e1")
        await until(lambda: application.came != [])
        waiting = await one.store.waiting(10)
        assert len(waiting) == 2
        assert not any(b"e1" in item.sealed or b"s1" in item.sealed for item in waiting)
        application.goes_on.set()
        await until(lambda: len(application.came) == 2)
        await until(lambda: one.counters.webhooks["taken"] == 2)
        await one.keep("e2")
        while not await settled(one):
            pass

    assert application.ids == ["e1", "e2"]
    body, headers = application.came[0]
    assert body == b'{"data": {"id": "e1", "payload": {"call_session_id": "s1"}}}'
    assert SIGNED.items() <= headers.items()


async def test_those_of_a_call_are_in_order_and_others_do_not_wait(
    tmp_path: Path, application: Application
) -> None:
    """One that fails holds up its own call alone."""
    application.statuses = [503, 200, 200, 200]
    async with bench(tmp_path, application) as one:
        await one.keep("a1")
        await until(lambda: application.ids == ["a1"])
        await one.keep("a2")
        await one.keep("b1", call="s2")
        await until(lambda: len(application.came) == 4)

    assert application.ids == ["a1", "b1", "a1", "a2"]
    assert one.counters.retried == 1


async def test_what_waits_for_an_application_that_is_away_is_bounded(
    tmp_path: Path, application: Application
) -> None:
    """A page of it is in memory, the rest in the journal; in the end all of it comes, in order."""
    many, calls = PAGE + 300, 40
    patient = ForwardTarget(url=application.url, allow_private=True, timeout_s=600.0)
    async with bench(tmp_path, application, target=patient) as one:
        application.goes_on.clear()
        async with asyncio.TaskGroup() as tasks:
            for call in range(calls):
                ids = [f"{call}.{number}" for number in range(call, many, calls)]
                tasks.create_task(one.keep(*ids, call=f"s{call}"))
        await until(lambda: one.counters.waiting == PAGE)
        assert len(application.came) == MAX_AT_ONCE
        assert len(await one.store.waiting(many + 1)) == many
        application.goes_on.set()
        await until(lambda: one.counters.webhooks["taken"] == many)
        while not await settled(one):
            pass

    numbers = [one_id.split(".") for one_id in application.ids]
    assert len(numbers) == many
    for call in range(calls):
        own = [int(number) for of, number in numbers if of == str(call)]
        assert own == list(range(call, many, calls))


@pytest.mark.parametrize(
    ("status", "result"), [(204, "taken"), (404, "refused"), (302, "refused"), (410, "refused")]
)
async def test_what_was_answered_is_not_asked_again(
    tmp_path: Path, application: Application, status: int, result: str
) -> None:
    """As of Telnyx; a redirect would lead to somewhere nobody configured."""
    application.statuses = [status]
    async with bench(tmp_path, application) as one:
        await one.keep("e1", "e2")
        await until(lambda: len(application.came) == 2)
        await until(lambda: sum(one.counters.webhooks.values()) == 2)

    assert application.ids == ["e1", "e2"]
    assert one.counters.webhooks[result] >= 1


async def test_what_waits_is_passed_on_by_the_next_process(
    tmp_path: Path, application: Application
) -> None:
    """It was acknowledged to Telnyx, which does not send it again."""
    application.goes_on.clear()
    async with bench(tmp_path, application) as one:
        await one.keep("e1", "e2")
        await until(lambda: application.came != [])
    application.came.clear()
    application.goes_on.set()

    async with bench(tmp_path, application):
        await until(lambda: len(application.came) == 2)

    assert application.ids == ["e1", "e2"]


async def test_what_nobody_would_believe_any_more_is_given_up(
    tmp_path: Path, application: Application
) -> None:
    """Telnyx's signature is too old by then; the next one is passed on all the same."""
    async with bench(tmp_path, application, keeps_house=False) as one:
        await one.keep("e1")
    application.statuses = [503]

    async with bench(tmp_path, application, ahead_s=1_000.0) as one:
        await until(lambda: one.counters.webhooks["given_up"] == 1)
        await one.keep("e2")
        await until(lambda: one.counters.webhooks["taken"] == 1)

    assert application.ids == ["e1", "e2"]


async def test_what_another_key_sealed_is_given_up(
    tmp_path: Path, application: Application
) -> None:
    """And holds up nothing."""
    async with bench(tmp_path, application, keeps_house=False) as one:
        await one.keep("e1")

    async with bench(tmp_path, application, api_key="KEY2") as one:
        await one.keep("e2")
        await until(lambda: one.counters.webhooks["taken"] == 1)

    assert application.ids == ["e2"]
    assert one.counters.webhooks["given_up"] == 1


async def test_no_private_address_is_dialled_unless_that_is_allowed(
    tmp_path: Path, application: Application
) -> None:
    """The rules are those of endpoints."""
    target = ForwardTarget(url=application.url)
    async with bench(tmp_path, application, target=target) as one:
        await one.keep("e1")
        await until(lambda: one.counters.retried > 0)

    assert application.came == []


async def test_one_worker_passes_on_what_all_of_them_keep(
    tmp_path: Path, application: Application
) -> None:
    """Whichever keeps house: so they are in order."""
    async with bench(tmp_path, application, keeps_house=False) as one:
        await one.keep("e1")
        assert not await settled(one)

    assert application.came == []


async def test_its_name_is_looked_up_apart(tmp_path: Path, application: Application) -> None:
    """In no thread that Telnyx is reached with: a name server that is silent stops nobody else."""
    async with open_name_server(ivr_example="127.0.0.1") as server:
        url = application.url.replace("127.0.0.1", "ivr.example")
        target = ForwardTarget(url=url, allow_private=True)
        async with bench(tmp_path, application, target=target, nameservers=[server.address]) as one:
            await one.keep("e1")
            await until(lambda: application.ids == ["e1"])

    assert server.asked == ["ivr.example"]
