"""Everything there is: a Telnyx under load, the service as a process, and who is told."""

import asyncio
import math
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from service.exits import Exit
from tests.chaos.oracle import Verdict, judge
from tests.chaos.receiver import Receiver, open_receiver
from tests.chaos.service import Service, endpoint, open_service, settings_of
from tests.chaos.telnyx import API_KEY, Telnyx, open_telnyx

CRM = "crm"
CALLERS = 30
SHORT_CALLERS = 12
FINALS = 12
PAUSE_S = 0.03
_END_S = 90.0
"""How long calls, and then deliveries, may take to come to their end."""


@dataclass(slots=True)
class World:
    """One fault's world. What goes wrong beside deliveries is a line in `problems`."""

    dice: random.Random
    telnyx: Telnyx
    receivers: Mapping[str, Receiver]
    service: Service
    short: bool = False
    marks: list[float] = field(default_factory=list)
    """When the service could work again, in monotonic seconds."""
    problems: list[str] = field(default_factory=list)

    @property
    def crm(self) -> Receiver:
        """Who is told, whatever happens."""
        return self.receivers[CRM]

    def mark(self) -> None:
        """Note that from now on the service can work."""
        self.marks.append(time.monotonic())

    async def start(self) -> None:
        """Start the service, and count from now how long it takes to deliver."""
        self.mark()
        await self.service.start()

    async def begin(self) -> None:
        """Start the service, and return once it delivers; nothing counts yet as a recovery."""
        await self.start()
        await self.arrival()
        self.marks.clear()

    async def arrival(self, timeout_s: float = _END_S) -> None:
        """Return once something came after the newest mark, or note that nothing did.

        Then the service is ended, so that its log says where each of its threads stood. Nobody
        waits for one that has ended by itself.
        """
        since, came = self.marks[-1], self.crm.came
        arrivals, service = self.crm.arrivals, self.service

        def has_come() -> bool:
            return bool(arrivals) and arrivals[-1].at > since

        async with service.watched(came.set):
            ends = await self.until(lambda: has_come() or not service.runs, timeout_s)
        if has_come():
            return
        self.problems.append(f"nothing came for {timeout_s:.0f} s" if not ends else "it ended")
        service.send(signal.SIGABRT)

    async def until(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until what came makes something so; return whether it is."""
        return await _comes(self.crm.came, done, timeout_s)

    async def acknowledged(self, number: int) -> None:
        """Return once so many more finals were acknowledged, or note that they were not."""
        taken = self.telnyx.acknowledged
        wanted = len(taken) + number
        if not await _comes(self.telnyx.answered, lambda: len(taken) >= wanted, _END_S):
            self.problems.append("no final was acknowledged")

    @asynccontextmanager
    async def load(self) -> AsyncIterator[None]:
        """Have calls made until the end of the block; then each is made to its end."""
        stop = asyncio.Event()
        calling = [
            asyncio.create_task(
                self.telnyx.keep_calling(stop, finals=FINALS, pause_s=PAUSE_S), name="caller"
            )
            for _ in range(SHORT_CALLERS if self.short else CALLERS)
        ]
        try:
            yield
            stop.set()
            _, unfinished = await asyncio.wait(calling, timeout=_END_S)
            if unfinished:
                self.problems.append(f"{len(unfinished)} callers did not come to their end")
        finally:
            for task in calling:
                task.cancel()
            ends = await asyncio.gather(*calling, return_exceptions=True)
            self.problems += [f"a caller: {end!r}" for end in ends if isinstance(end, Exception)]

    async def settle(self, timeout_s: float = _END_S, *names: str) -> None:
        """Return once everybody has everything, and the service has stopped; or after a while."""
        for name in names or self.receivers:
            await self.complete(name, timeout_s)  # the oracle counts what is missing in the end
        self.service.send(signal.SIGTERM)
        code = await self.service.gone()
        if code not in (Exit.OK, Exit.WORK_LEFT):
            self.problems.append(f"the service stopped with {code}")

    async def complete(self, name: str, timeout_s: float) -> bool:
        """Wait until a receiver has everything; return whether it has."""
        receiver = self.receivers[name]
        return await _comes(receiver.came, partial(self._has_all, receiver), timeout_s)

    def _has_all(self, receiver: Receiver) -> bool:
        completed = self.telnyx.completed <= receiver.whole
        return completed and receiver.texts >= self.telnyx.acknowledged.keys()

    def verdict(
        self, fault: str, rounds: int, name: str = CRM, *, in_sequence: bool = True
    ) -> Verdict:
        """Judge what came at a receiver."""
        receiver = self.receivers[name]
        verdict = Verdict(fault, rounds, problems=list(self.problems))
        taken = (self.telnyx.acknowledged, self.telnyx.completed)
        judge(verdict, *taken, receiver.arrivals, in_sequence=in_sequence)
        verdict.recoveries = _recoveries(self.marks, [one.at for one in receiver.arrivals])
        if receiver.forged:
            verdict.problems.append(f"{receiver.forged} deliveries with a bad signature")
        if self.telnyx.refused:
            verdict.problems.append(f"genuine webhooks answered {set(self.telnyx.refused)}")
        return verdict


async def _comes(told: asyncio.Event, done: Callable[[], bool], timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            while not done():
                told.clear()
                await told.wait()
    except TimeoutError:
        return False
    return True


def _recoveries(marks: Sequence[float], arrivals: Sequence[float]) -> list[float]:
    """Return how long after each mark something came, if it did before the next."""
    ends = [*marks[1:], math.inf]
    after = (next((at for at in arrivals if at > mark), math.inf) for mark in marks)
    came = zip(marks, after, ends, strict=True)
    return [at - mark for mark, at, end in came if at < end]


@asynccontextmanager
async def open_world(
    folder: Path,
    seed: str,
    *,
    short: bool = False,
    others: Mapping[str, Mapping[str, Any]] = {},
    database: Path | None = None,
) -> AsyncIterator[World]:
    """Open a world with these endpoints beside the good one; those without a `url` get one.

    The database is in the folder, unless it is told to be elsewhere.
    """
    dice = random.Random(seed)  # noqa: S311 - to be played again
    async with AsyncExitStack() as stack:
        telnyx = await stack.enter_async_context(open_telnyx(dice))
        receivers: dict[str, Receiver] = {}
        rows = []
        for name, more in {CRM: {}, **others}.items():
            receiver = await stack.enter_async_context(open_receiver(dice))
            receivers[name] = receiver
            rows.append(endpoint(name, receiver.url, receiver.secret, more))
        secrets = {
            "TELNYX_API_KEY": API_KEY,
            "TELNYX_PUBLIC_KEY": telnyx.public_key,
            "TELNYX_BASE_URL": telnyx.api_url,
        }
        settings = settings_of(database or folder / "j.db", rows)
        service = await stack.enter_async_context(open_service(folder, settings, secrets))
        telnyx.webhook_url = f"{service.url}/webhooks/telnyx"
        yield World(dice, telnyx, receivers, service, short)
