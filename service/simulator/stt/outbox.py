"""The way out of a session's results: at once, or as late and as wrong as the settings say."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from service.simulator.stt.faults import LateMessage, Outgoing, ResultFaults

MAX_LATE = 100_000
_HELD_S = 2.0
"""A result that is to come behind the next one waits for that no longer."""


class Outbox:
    """Sends the results of one session, in the order in which `faults` gives them.

    Those that are late wait here, at most 100 000, the oldest being dropped; `run` sends them.
    """

    def __init__(self, send: Callable[[str], Awaitable[None]], faults: ResultFaults) -> None:
        self._send = send
        self._faults = faults
        self._late: deque[tuple[float, str]] = deque(maxlen=MAX_LATE)
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def put(self, results: Iterable[Outgoing]) -> None:
        """Send results, or queue them."""
        if self._faults.none:
            for result in results:
                await self._send(result.text)
            return
        await self._pass(self._faults.apply(results))
        self._changed.set()

    async def drain(self) -> None:
        """Return once everything is sent that waits, and what the faults held back."""
        await self._pass(self._faults.flush())
        while self._late:
            self._changed.clear()
            await self._changed.wait()

    async def run(self) -> None:
        """Send what is late when it is due, for ever: one task's work."""
        while True:
            if not self._late:
                await self._wait()
                continue
            due_at, text = self._late[0]
            await asyncio.sleep(max(0.0, due_at - self._loop.time()))
            await self._send(text)
            self._late.popleft()
            self._changed.set()

    async def _wait(self) -> None:
        """Wait until something is late, or was held back for as long as anything is."""
        self._changed.clear()
        try:
            async with asyncio.timeout(_HELD_S if self._faults.holds else None):
                await self._changed.wait()
        except TimeoutError:
            await self._pass(self._faults.flush())

    async def _pass(self, messages: Iterable[LateMessage]) -> None:
        for text, late_s in messages:
            if late_s == 0 and not self._late:
                await self._send(text)
                continue
            latest_at = self._late[-1][0] if self._late else 0.0
            self._late.append((max(latest_at, self._loop.time() + late_s), text))
            self._changed.set()
