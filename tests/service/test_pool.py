"""`callscribe serve --workers`: several processes behind one port, as a supervisor runs them."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from service.demo.receiver import Receiver, open_receiver
from service.exits import Exit
from service.journal.postgresql.keys import open_postgresql_keys
from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from tests.api.builders import new_key
from tests.service.harness import Watch, finals, settings_for
from tests.service.process import Process, free_port, serving
from tests.service.test_whole_service import AGENT, CUSTOMER, ROUTES
from tests.workers.harness import database_of

WORKERS = 2
CALLS = 6
SCENARIO = {
    "seed": 5,
    "speed": 5.0,
    "call": [
        {
            "count": CALLS,
            "every_s": 0.4,
            "say": [
                {"speaker": "agent", "text": text, "at_ms": 400 + 3000 * number}
                for number, text in enumerate(AGENT)
            ]
            + [
                {"speaker": "customer", "text": text, "at_ms": 1800 + 3000 * number}
                for number, text in enumerate(CUSTOMER)
            ],
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers behind one port, their log, and what is around them."""

    supervisor: Process
    folder: Path
    key: str
    telnyx: Simulator
    receiver: Receiver
    watch: Watch

    async def play(self) -> None:
        """Play the scenario and return once every call's transcript was delivered as complete."""
        report = await self.telnyx.run(webhook_url=self.supervisor.url + "/webhooks/telnyx")
        calls = {call.call_id for call in report.calls}
        await self.watch.until(lambda: calls <= self.complete())

    def complete(self) -> set[str]:
        """Return the calls whose transcript was delivered as complete."""
        return self.calls_with("transcript.completed")

    def calls_with(self, kind: str) -> set[str]:
        """Return the calls of which an event of this type was delivered."""
        return {one.data["call_id"] for one in self.receiver.receipts if one.type == kind}

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of an event."""
        log = (self.folder / "log.jsonl").read_bytes().splitlines()
        return [line for line in map(msgspec.json.decode, log) if line["event"] == event]

    async def until(self, done: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Return once the log says so."""
        async with asyncio.timeout(timeout_s):
            while not done():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.05)

    async def started(self, count: int) -> None:
        """Return once workers were ready so many times."""
        await self.until(lambda: len(self.lines("service_started")) >= count)

    def processes(self) -> list[int]:
        """Return the process ids of all workers there ever were."""
        return [line["process"] for line in self.lines("worker_started")]

    async def scrape(self) -> str:
        """Return the metrics, from whichever worker is asked."""
        header = {"Authorization": f"Bearer {self.key}"}
        async with (
            aiohttp.ClientSession(headers=header) as client,
            client.get(f"{self.supervisor.url}/metrics") as answer,
        ):
            assert answer.status == 200
            return await answer.text()


@asynccontextmanager
async def open_pool(folder: Path) -> AsyncIterator[Pool]:
    """Run workers on PostgreSQL, between a simulated Telnyx and a receiver."""
    watch = Watch()
    database = await database_of(folder)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        receiver = await enter(open_receiver(watch.told))
        telnyx = await enter(open_simulator(parse_scenario(SCENARIO)))
        route = ROUTES["in_call"]
        settings = settings_for(telnyx, receiver, folder / "none.db", **route)
        given = {**settings, "database_url": database}
        process = await enter(serving(folder, given, free_port(), workers=WORKERS))
        keys = await enter(open_postgresql_keys(database))
        key = await new_key(keys, "calls:read")
        pool = Pool(process, folder, key, telnyx, receiver, watch)
        await pool.started(WORKERS)
        yield pool


def is_gone(pid: int) -> bool:
    """Return whether there is no such process any more."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_calls_go_on_over_the_death_of_a_worker(tmp_path: Path) -> None:
    """It is started anew; what it had is the other's, and every word arrives, once and in order."""
    async with open_pool(tmp_path) as pool:
        playing = asyncio.create_task(pool.play())
        await pool.watch.until(lambda: len(pool.calls_with("transcription.started")) == CALLS)
        os.kill(pool.processes()[0], signal.SIGKILL)
        await playing
        await pool.started(WORKERS + 1)
        assert pool.lines("worker_died")[0]["code"] == -signal.SIGKILL

        text = await pool.scrape()
        assert re.search(r"^callscribe_workers 2.0$", text, re.MULTILINE)
        assert await pool.supervisor.stop(signal.SIGTERM) == Exit.OK
    assert all(map(is_gone, pool.processes()))

    by_call: dict[str, dict[int, Any]] = {}
    for receipt in pool.receiver.receipts:
        if "seq" in receipt.data and receipt.data["seq"] is not None:
            by_call.setdefault(receipt.data["call_id"], {})[receipt.data["seq"]] = receipt
    assert len(by_call) == CALLS
    for receipts in by_call.values():
        assert sorted(receipts) == list(range(1, len(receipts) + 1))
        once = [receipts[seq] for seq in sorted(receipts)]
        assert sorted(finals(once, "outbound")) == sorted(AGENT)
        assert sorted(finals(once, "inbound")) == sorted(CUSTOMER)


async def test_workers_do_not_outlive_their_supervisor(tmp_path: Path) -> None:
    """Killed, it can tell them nothing: they notice, drain and stop."""
    async with open_pool(tmp_path) as pool:
        os.kill(pool.supervisor.process.pid, signal.SIGKILL)
        await pool.until(lambda: len(pool.lines("service_stopped")) == WORKERS)
        await pool.until(lambda: all(map(is_gone, pool.processes())))
