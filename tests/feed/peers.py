"""What the hub reads from and wakes: a library that can fail, and a subscriber's alarm."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from service.ids import CallId
from service.ports import CallSummary, Frontier, Library, PlacedEvent
from tests.waiting import PATIENCE_S


class FaultyLibrary:
    """A library that counts what it is asked, and fails when it is told to."""

    def __init__(self, library: Library) -> None:
        self.failures: deque[Exception] = deque()
        """What the next reads of events raise."""
        self.frontiers: deque[Frontier] = deque()
        """What it says of itself next, as if others wrote."""
        self.calls_asked = 0
        self.meanwhile: Callable[[], None] | None = None
        """What happens while a call that was looked up is on its way."""
        self._library = library

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of a library
        return getattr(self._library, name)

    async def events(self, *, after: int, limit: int) -> list[PlacedEvent]:
        """Fail, or return what the library does."""
        if self.failures:
            raise self.failures.popleft()
        return await self._library.events(after=after, limit=limit)

    async def frontier(self) -> Frontier:
        """Say what it is told to, or return what the library does."""
        return self.frontiers.popleft() if self.frontiers else await self._library.frontier()

    async def call(self, call_id: CallId) -> CallSummary | None:
        """Count, and look the call up."""
        self.calls_asked += 1
        found = await self._library.call(call_id)
        if self.meanwhile is not None:
            self.meanwhile()
        return found


class Alarm:
    """A subscriber's `wake` that can be waited for."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def __call__(self) -> None:
        """Ring."""
        self._rung.set()

    async def rung(self) -> None:
        """Wait for the next ring."""
        async with asyncio.timeout(PATIENCE_S):
            await self._rung.wait()
        self._rung.clear()
