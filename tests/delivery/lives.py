"""The lanes over many lives, ended and crashed, of one journal."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from service.ports import Delivery
from tests.delivery.builders import endpoint
from tests.delivery.harness import Harness, ManualClock, open_harness
from tests.delivery.test_reports import ReportsByRule

T = TypeVar("T")
ENDPOINT = endpoint(report=True)


class Lives:
    """One journal and clock, and the lanes over it: opened, ended and crashed again and again."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.answers: list[tuple[Delivery, Exception | None]] = []
        self._folder = folder
        self._runner = asyncio.Runner(debug=False)
        self.harness = self._begin()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this, and whatever else is due meanwhile."""
        return self._runner.run(work)

    def end(self, *, crash: bool) -> None:
        """Close the lanes; in a crash nothing more reaches the journal."""

        async def close() -> None:
            self.harness.journal.off = crash
            self._over.set()
            await self._life

        self.run(close())
        self.answers += self.harness.crm.answers

    def restart(self, *, crash: bool) -> None:
        """End one life and begin the next."""
        rule, gate = self.harness.crm.rule, self.harness.crm.gate.is_set()
        self.end(crash=crash)
        self.harness = self._begin()
        self.harness.crm.rule = rule
        if not gate:
            self.harness.crm.gate.clear()

    def close(self) -> None:
        """Close the loop as well."""
        self.end(crash=False)
        self._runner.close()

    def _begin(self) -> Harness:
        return self.run(self._open())

    async def _open(self) -> Harness:
        opened: asyncio.Future[Harness] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()

        async def live() -> None:
            async with open_harness(
                self._folder,
                ENDPOINT,
                clock=self.clock,
                max_in_flight=2,
                partial_grace_s=0.0,
                reports=ReportsByRule(),
            ) as harness:
                opened.set_result(harness)
                await self._over.wait()

        self._life = asyncio.create_task(live())
        return await opened
