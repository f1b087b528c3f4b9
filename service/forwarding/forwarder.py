"""Brings webhooks to the customer's application: those of a call in order, each until it is taken.

What waits is in the journal; here is a page of it, and only what worker does the house's work has
one. Who dies between an answer and its note passes that webhook on once more, as Telnyx would.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from service.errors import JournalError, JournalUnavailableError
from service.forwarding.counters import ForwardCounters
from service.forwarding.envelope import Envelope, unpack
from service.forwarding.post import Answer
from service.ports import Forwards, StoredForward
from service.retry import RetryPolicy
from service.tasks import Tasks

PAGE: Final = 2_000
"""How many are in memory at most; the others wait in the journal."""
MAX_AGE_S: Final = 270.0
"""After that nobody believes its signature any more: it is given up."""
DELAYS: Final = RetryPolicy(delays_s=(0.5, 1.0, 2.0, 4.0, 8.0, 15.0, *([30.0] * 9)))
POLL_S: Final = 1.0
"""How often is looked for what others kept, or another worker left."""
SHARED_POLL_S: Final = 0.1
KEEP_S: Final = 3600.0
"""How long it is known what was passed on."""
PRUNE_S: Final = 300.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the forwarder works with. `clock` gives Unix seconds, `dice` numbers from 0 up to 1."""

    store: Forwards
    post: Callable[[Envelope], Coroutine[Any, Any, Answer]]
    unseal: Callable[[bytes], bytes]
    tasks: Tasks
    clock: Callable[[], float]
    dice: Callable[[], float]
    counters: ForwardCounters
    keeps_house: Callable[[], bool]
    poll_s: float = POLL_S


class Forwarder:
    """Passes on what is kept. `run` is a keeper's work."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._lanes: dict[str, deque[StoredForward]] = {}
        self._mine: set[int] = set()
        """What is in memory, with what is done and not noted yet."""
        self._done: list[int] = []
        self._pruned_at = 0.0
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Have it look at once."""
        self._woken.set()

    async def run(self) -> None:
        """Pass on what comes, for ever."""
        while True:
            self._woken.clear()
            try:
                await self._look()
            except JournalUnavailableError:
                log.warning("forwards_not_read")
                await asyncio.sleep(POLL_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._means.poll_s):
                    await self._woken.wait()

    async def _look(self) -> None:
        """Note what is done, and take up what waits."""
        await self._note()
        if not self._means.keeps_house():
            return
        for item in await self._means.store.waiting(PAGE):
            if item.number not in self._mine:
                self._take(item)
        self._means.counters.waiting = sum(map(len, self._lanes.values()))
        now = self._means.clock()
        if now - self._pruned_at > PRUNE_S:
            self._pruned_at = now
            await self._means.store.prune(now - KEEP_S)

    async def _note(self) -> None:
        done = self._done[:]
        if done:
            await self._means.store.settle(done)
            del self._done[: len(done)]
            self._mine.difference_update(done)

    def _take(self, item: StoredForward) -> None:
        self._mine.add(item.number)
        lane = self._lanes.get(item.lane)
        if lane is None:
            lane = self._lanes[item.lane] = deque()
            self._means.tasks.start(self._pass_on(item.lane, lane), "forward")
        lane.append(item)

    async def _pass_on(self, name: str, lane: deque[StoredForward]) -> None:
        """Pass on what is in a lane, one after the other, until it is empty."""
        await asyncio.sleep(0)
        try:
            while lane:
                outcome = await self._bring(lane[0])
                self._means.counters.webhooks[outcome] += 1
                self._done.append(lane.popleft().number)
                self.wake()
        finally:
            self._lanes.pop(name, None)
            self._mine.difference_update(item.number for item in lane)

    async def _bring(self, item: StoredForward) -> str:
        try:
            envelope = unpack(self._means.unseal(item.sealed))
        except JournalError:
            log.warning("forward_unreadable")
            return "given_up"
        attempts = 0
        while (answer := await self._means.post(envelope)) == "again":
            attempts += 1
            delay_s = DELAYS.next_delay_s(attempts, dice=self._means.dice())
            age_s = self._means.clock() - item.received_at
            if delay_s is None or age_s + delay_s > MAX_AGE_S:
                log.warning("forward_given_up", attempts=attempts)
                return "given_up"
            self._means.counters.retried += 1
            await asyncio.sleep(delay_s)
        return answer
