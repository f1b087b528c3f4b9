"""The bus of one worker: sends what waits in batches, listens, and connects anew."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from service.bus.counters import BusCounters
from service.bus.inbox import Inbox
from service.bus.interests import REPEAT_S, Interests, Watched, written
from service.bus.outbox import Outbox
from service.bus.transports import Transport
from service.errors import BusUnavailableError
from service.ids import WorkerId
from service.ports import LivePartial
from service.retry import RetryPolicy

BATCH_S: Final = 0.02
"""From one batch to the next: each takes a lock that all who notify in PostgreSQL share."""
LOOK_S: Final = 0.1
"""How often it is looked at what is watched here: so late may who begins to watch see a partial."""
_BACKOFF: Final = RetryPolicy(delays_s=(0.1, 0.5, 1.0, 2.0, 5.0))

log = structlog.get_logger()


class WorkerBus:
    """A `Bus` over a transport. Nothing that happens there is any business of who tells.

    `run_sending`, `run_listening` and `run_watching` are its work.
    """

    def __init__(
        self,
        transport: Transport,
        outbox: Outbox,
        inbox: Inbox,
        *,
        interests: Interests,
        watched: Callable[[], Watched],
        counters: BusCounters,
        dice: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._outbox = outbox
        self._inbox = inbox
        self._interests = interests
        self._watched = watched
        self._counters = counters
        self._dice = dice
        self._waiting = asyncio.Event()
        self._reached = asyncio.Event()
        """Whoever listens has connected: whoever sends may try at once."""

    def partial(self, partial: LivePartial) -> None:
        """See `Bus.partial`."""
        if self._interests.wants(partial.call_id):
            self._outbox.partial(partial)
            self._waiting.set()

    def committed(self) -> None:
        """See `Bus.committed`."""
        self._outbox.committed()
        self._waiting.set()

    def nudge(self, worker: WorkerId) -> None:
        """See `Bus.nudge`."""
        self._outbox.nudge(worker)
        self._waiting.set()

    def offer(self) -> None:
        """See `Bus.offer`."""
        self._outbox.offer()
        self._waiting.set()

    async def run_sending(self) -> None:
        """Send what waits, forever; what comes meanwhile goes with the next batch."""
        failed = 0
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            if await self._send():
                failed = 0
                await asyncio.sleep(BATCH_S)
            else:
                failed += 1
                self._reached.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._delay_s(failed)):
                        await self._reached.wait()
                self._outbox.drop_partials()

    async def run_listening(self) -> None:
        """Listen, and connect anew whenever that breaks, forever."""
        failed = 0

        def connected() -> None:
            nonlocal failed
            failed = 0
            self._counters.connected = True
            self._reached.set()
            self._waiting.set()  # if only to say hello: who sends connects now, not with a partial
            log.info("bus_connected")
            self._inbox.catch_up()
            self._outbox.watch(written(self._watched()))

        while True:
            try:
                await self._transport.listen(self._inbox.receive, connected)
            except BusUnavailableError as error:
                if not failed:
                    log.warning("bus_unavailable", reason=str(error))
            finally:
                self._counters.connected = False
            failed += 1
            await asyncio.sleep(self._delay_s(failed))

    async def run_watching(self) -> None:
        """Tell the others what is watched here, whenever it changes and now and then, forever."""
        loop = asyncio.get_running_loop()
        told: tuple[str, ...] | None = None
        again_at = 0.0
        while True:
            watching = written(self._watched())
            if watching != told or loop.time() >= again_at:
                told, again_at = watching, loop.time() + REPEAT_S
                self._outbox.watch(watching)
                self._waiting.set()
            await asyncio.sleep(LOOK_S)

    async def _send(self) -> bool:
        payloads = self._outbox.pack(self._transport.max_bytes)
        try:
            await self._transport.send(payloads)
        except BusUnavailableError:
            self._outbox.take_back()
            self._outbox.watch(written(self._watched()))
            self._waiting.set()
            return False
        self._counters.sent += len(payloads)
        return True

    def _delay_s(self, failed: int) -> float:
        attempts = min(failed, len(_BACKOFF.delays_s))
        return _BACKOFF.next_delay_s(attempts, dice=self._dice()) or 0.0
