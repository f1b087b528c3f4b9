"""The way out of a session's results: at once, or as late and as wrong as the settings say."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from service.simulator.stt.faults import LateMessage, Outgoing, ResultFaults

MAX_LATE = 100_000


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
                self._changed.clear()
                await self._changed.wait()
                continue
            due_at, text = self._late[0]
            await asyncio.sleep(max(0.0, due_at - self._loop.time()))
            await self._send(text)
            self._late.popleft()
            self._changed.set()

    async def _pass(self, messages: Iterable[LateMessage]) -> None:
        for text, late_s in messages:
            if late_s == 0 and not self._late:
                await self._send(text)
                continue
            latest_at = self._late[-1][0] if self._late else 0.0
            self._late.append((max(latest_at, self._loop.time() + late_s), text))
            self._changed.set()
