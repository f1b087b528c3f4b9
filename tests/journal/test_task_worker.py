"""What does everything that waits in one go, by a task: on a database that is asked over a wire."""

import asyncio
from collections.abc import Sequence

import pytest

from service.errors import JournalUnavailableError
from service.journal.task_worker import open_task_worker


class Gate:
    """A handler that does nothing until it is let; it gives back what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.closed = False

    async def handle(self, batch: Sequence[int]) -> list[object]:
        """Fail on 13, refuse odd numbers."""
        self.entered.set()
        await self.open.wait()
        self.batches.append(list(batch))
        if 13 in batch:
            raise ZeroDivisionError
        return [ValueError("odd") if work % 2 else work for work in batch]

    async def close(self) -> None:
        """Remember it."""
        self.closed = True


async def test_what_waits_is_done_together_in_order() -> None:
    """The first goes alone; those that came meanwhile are batches, up to their limit."""
    gate = Gate()
    async with open_task_worker(gate, limit=10, batch_limit=3) as worker:
        first = asyncio.create_task(worker.do(0))
        await gate.entered.wait()
        rest = [asyncio.create_task(worker.do(n)) for n in (2, 4, 6, 8)]
        asyncio.get_running_loop().call_soon(gate.open.set)  # after all of them
        assert await asyncio.gather(first, *rest) == [0, 2, 4, 6, 8]
    assert gate.batches == [[0], [2, 4, 6], [8]]
    assert gate.closed


async def test_each_outcome_goes_to_the_one_who_asked() -> None:
    """An exception is raised there; that of the handler itself in all of the batch."""
    gate = Gate()
    gate.open.set()
    async with open_task_worker(gate, limit=10) as worker:
        with pytest.raises(ValueError, match="odd"):
            await worker.do(1)
        told = await asyncio.gather(worker.do(13), worker.do(2), return_exceptions=True)
        assert [type(one) for one in told] == [JournalUnavailableError] * 2
        assert await worker.do(2) == 2


async def test_more_than_may_wait_is_refused() -> None:
    """Those who stopped waiting count until they were handled."""
    gate = Gate()
    async with open_task_worker(gate, limit=2) as worker:
        cancelled = asyncio.create_task(worker.do(0))
        await gate.entered.wait()
        cancelled.cancel()
        second = asyncio.create_task(worker.do(2))
        await asyncio.wait([cancelled])
        with pytest.raises(JournalUnavailableError, match="wait for the database"):
            await worker.do(4)
        gate.open.set()
        assert await second == 2
        assert await worker.do(4) == 4


async def test_a_handler_that_never_ends_is_left_behind() -> None:
    """Whoever waits behind it is told."""
    gate = Gate()
    async with open_task_worker(gate, limit=10, batch_limit=1, close_timeout_s=0.01) as worker:
        waiting = [asyncio.create_task(worker.do(n)) for n in (0, 2)]
        await gate.entered.wait()
    with pytest.raises(JournalUnavailableError, match="closed"):
        await waiting[1]
    waiting[0].cancel()
    with pytest.raises(JournalUnavailableError, match="closed"):
        await worker.do(4)
