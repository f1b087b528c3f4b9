"""What does everything that waits in one go: a thread, or the loop itself."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
import structlog

from service.errors import JournalUnavailableError
from service.journal.worker import MAX_BATCH, open_worker

WAIT_S = 5.0


class Gate:
    """A handler that does nothing until it is let; it gives back what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered = threading.Event()
        self.open = threading.Event()
        self.closed = False

    def handle(self, batch: Sequence[int]) -> list[object]:
        """Fail on 13, refuse odd numbers."""
        self.entered.set()
        self.open.wait(WAIT_S)
        self.batches.append(list(batch))
        if 13 in batch:
            raise ZeroDivisionError
        return [ValueError("odd") if work % 2 else work for work in batch]

    def close(self) -> None:
        """Remember it."""
        self.closed = True


async def test_what_waits_is_done_together_in_order() -> None:
    """The first goes alone; those that came meanwhile are one batch, up to its limit."""
    gate = Gate()
    async with open_worker("gate", gate, limit=10_000) as worker:
        first = asyncio.create_task(worker.do(0))
        await asyncio.to_thread(gate.entered.wait, WAIT_S)
        rest = [asyncio.create_task(worker.do(n)) for n in range(2, 2 + 2 * MAX_BATCH, 2)]
        rest += [asyncio.create_task(worker.do(4444))]
        asyncio.get_running_loop().call_soon(gate.open.set)  # after all of them
        outcomes = await asyncio.gather(first, *rest)

    assert outcomes == [0, *range(2, 2 + 2 * MAX_BATCH, 2), 4444]
    assert [len(batch) for batch in gate.batches] == [1, MAX_BATCH, 1]
    assert gate.closed


async def test_on_the_loop_what_waits_is_done_together_too() -> None:
    """Whatever was asked for before the loop came round; what is more than a batch, after it."""
    gate = Gate()
    gate.open.set()
    async with open_worker("gate", gate, limit=10, batch_limit=3, threaded=False) as worker:
        outcomes = await asyncio.gather(*(worker.do(n) for n in range(0, 10, 2)))

    assert outcomes == [0, 2, 4, 6, 8]
    assert gate.batches == [[0, 2, 4], [6, 8]]
    assert gate.closed


async def test_on_the_loop_closing_does_what_waits() -> None:
    """Nobody who asked before is left waiting, and nobody may ask after."""
    gate = Gate()
    gate.open.set()
    async with open_worker("gate", gate, limit=10, threaded=False) as worker:
        waiting = asyncio.create_task(worker.do(2))
        await asyncio.sleep(0)
    with pytest.raises(JournalUnavailableError, match="closed"):
        await worker.do(4)

    assert await waiting == 2


@pytest.mark.parametrize("threaded", [True, False])
async def test_an_exception_among_the_outcomes_is_raised(*, threaded: bool) -> None:
    """Each outcome goes to the one who asked."""
    gate = Gate()
    gate.open.set()
    async with open_worker("gate", gate, limit=10, threaded=threaded) as worker:
        with pytest.raises(ValueError, match="odd"):
            await worker.do(1)
        assert await worker.do(2) == 2


@pytest.mark.parametrize("threaded", [True, False])
async def test_a_handler_that_fails_leaves_nobody_waiting(*, threaded: bool) -> None:
    """Its fault is told to all of the batch, and the next batch is done."""
    gate = Gate()
    gate.open.set()
    async with open_worker("gate", gate, limit=10, threaded=threaded) as worker:
        with pytest.raises(JournalUnavailableError) as failure:
            await worker.do(13)
        assert isinstance(failure.value.__cause__, ZeroDivisionError)
        assert await worker.do(2) == 2


async def test_those_who_stop_waiting_count_until_they_were_handled() -> None:
    """A cancelled one keeps its place, and nothing else is upset by it."""
    gate = Gate()
    async with open_worker("gate", gate, limit=2) as worker:
        cancelled = asyncio.create_task(worker.do(0))
        await asyncio.to_thread(gate.entered.wait, WAIT_S)
        cancelled.cancel()
        second = asyncio.create_task(worker.do(2))
        await asyncio.wait([cancelled])
        with pytest.raises(JournalUnavailableError, match="busy"):
            await worker.do(4)
        gate.open.set()

        assert await second == 2
        assert await worker.do(4) == 4
    assert cancelled.cancelled()
    assert gate.batches == [[0], [2], [4]]


async def test_a_handler_that_never_ends_is_left_behind() -> None:
    """Closing has a deadline: a dead disk must not keep the process alive."""
    gate = Gate()
    async with open_worker("gate", gate, limit=1, close_timeout_s=0.05) as worker:
        task = asyncio.create_task(worker.do(0))
        await asyncio.to_thread(gate.entered.wait, WAIT_S)
    assert not gate.closed

    gate.open.set()
    assert await task == 0


async def test_closing_finishes_even_when_it_is_cancelled() -> None:
    """The cancellation goes on its way once the thread has ended."""
    gate = Gate()

    async def use() -> None:
        async with open_worker("gate", gate, limit=1) as worker:
            waiting = asyncio.create_task(worker.do(0))
            await asyncio.to_thread(gate.entered.wait, WAIT_S)
            closing.set()
        await waiting

    closing = asyncio.Event()
    task = asyncio.create_task(use())
    await closing.wait()
    task.cancel()
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gate.closed


async def test_a_log_that_fails_hangs_nobody() -> None:
    """What the thread logs of a failure may fail itself: whoever waits hears of the failure."""

    def fail(_logger: object, _method: str, _line: object) -> str:
        raise ValueError("no line today")

    gate = Gate()
    gate.open.set()
    structlog.configure(processors=[fail])
    try:
        async with asyncio.timeout(WAIT_S), open_worker("gate", gate, limit=10) as worker:
            with pytest.raises(JournalUnavailableError):
                await worker.do(13)
            assert await worker.do(2) == 2
    finally:
        structlog.reset_defaults()
