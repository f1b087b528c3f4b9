import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.recogniser.scheduling.cpu_scheduler import CpuClaim, CpuScheduler, open_cpu_scheduler
from service.recogniser.scheduling.priority import Priority
from tests.waiting import PATIENCE_S, until


class Queue:
    """One core that is taken, and those who wait for it."""

    def __init__(self, cpu: CpuScheduler, first: CpuClaim, tasks: asyncio.TaskGroup) -> None:
        self.cpu = cpu
        self.first = first
        """Who has the core."""
        self.served: list[str] = []
        self._tasks = tasks

    async def add(self, name: str, priority: Priority) -> asyncio.Task[None]:
        """Let somebody queue up, who is noted when it is their turn."""
        before = self.cpu.waiting
        task = self._tasks.create_task(self._wait(name, priority))
        await until(lambda: self.cpu.waiting == before + 1)
        return task

    async def _wait(self, name: str, priority: Priority) -> None:
        async with self.cpu.claim(priority) as claim:
            await claim.granted
            self.served.append(await claim.run(lambda: name))


@asynccontextmanager
async def open_queue() -> AsyncIterator[Queue]:
    """Open a queue; its core is free, and everybody is served, when the context ends."""
    async with (
        open_cpu_scheduler(1) as cpu,
        asyncio.TaskGroup() as tasks,
        cpu.claim(Priority.PARTIAL) as first,
    ):
        await first.granted
        yield Queue(cpu, first, tasks)


async def test_finals_overtake_the_others_and_keep_their_order() -> None:
    """A final does not wait for the partials before it."""
    async with open_queue() as queue:
        await queue.add("p1", Priority.PARTIAL)
        await queue.add("p2", Priority.PARTIAL)
        await queue.add("f1", Priority.FINAL)
        await queue.add("f2", Priority.FINAL)

    assert queue.served == ["f1", "f2", "p1", "p2"]


async def test_files_wait_until_no_session_wants_the_core() -> None:
    """A file's claim that was made first is served last."""
    async with open_queue() as queue:
        await queue.add("file", Priority.BATCH)
        await queue.add("partial", Priority.PARTIAL)
        await queue.add("final", Priority.FINAL)

    assert queue.served == ["final", "partial", "file"]


async def test_a_partial_can_become_urgent_while_it_waits() -> None:
    """A session whose partial waits when its speech ends moves up."""
    async with open_queue() as queue:
        await queue.add("partial", Priority.PARTIAL)
        async with queue.cpu.claim(Priority.PARTIAL) as late:
            late.hurry()
            await queue.first.run(lambda: None)
            await late.granted
            queue.served.append("hurried")

    assert queue.served == ["hurried", "partial"]


async def test_who_stops_waiting_loses_no_core() -> None:
    """A client that goes away in the queue leaves no hole in it."""
    async with open_queue() as queue:
        gone = await queue.add("gone", Priority.FINAL)
        gone.cancel()
        await asyncio.wait({gone})
        await queue.add("next", Priority.PARTIAL)

    assert queue.served == ["next"]


async def test_a_core_is_taken_until_its_thread_is_done() -> None:
    """Cancelling who waits for a result does not put two threads on one core."""
    begun, release = threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        release.wait(10)

    async with open_cpu_scheduler(1) as cpu:
        async with cpu.claim(Priority.PARTIAL) as claim:
            await claim.granted
            work = asyncio.create_task(claim.run(block))
            await until(begun.is_set)
            work.cancel()
            await asyncio.wait({work})
        busy = not cpu.idle
        release.set()
        async with asyncio.timeout(PATIENCE_S), cpu.claim(Priority.FINAL) as after:
            await after.granted

    assert busy


async def test_one_core_of_several_is_never_a_file_s() -> None:
    """Of two cores files have one: a session finds the other free, however many files wait."""
    async with (
        open_cpu_scheduler(2) as cpu,
        cpu.claim(Priority.BATCH) as file,
        cpu.claim(Priority.BATCH) as other,
    ):
        await file.granted
        assert cpu.idle
        assert not other.granted.done()

        await file.run(lambda: None)
        async with asyncio.timeout(PATIENCE_S):
            await other.granted
