import asyncio
import threading

from service.recogniser.scheduling.cpu_scheduler import CpuScheduler, open_cpu_scheduler
from service.recogniser.scheduling.priority import Priority
from tests.waiting import until


async def queue_up(cpu: CpuScheduler, name: str, served: list[str], priority: Priority) -> None:
    """Wait for a core and note that it came."""
    async with cpu.claim(priority) as claim:
        await claim.granted
        served.append(await claim.run(lambda: name))


async def test_finals_overtake_the_others_and_keep_their_order() -> None:
    """A final does not wait for the partials before it."""
    served: list[str] = []
    async with (
        open_cpu_scheduler(1) as cpu,
        asyncio.TaskGroup() as tasks,
        cpu.claim(Priority.PARTIAL) as first,
    ):
        await first.granted
        for name, priority in (
            ("p1", Priority.PARTIAL),
            ("p2", Priority.PARTIAL),
            ("f1", Priority.FINAL),
            ("f2", Priority.FINAL),
        ):
            tasks.create_task(queue_up(cpu, name, served, priority))
        await until(lambda: cpu.waiting == 4)

    assert served == ["f1", "f2", "p1", "p2"]


async def test_a_partial_can_become_urgent_while_it_waits() -> None:
    """A session whose partial waits when its speech ends moves up."""
    served: list[str] = []
    async with (
        open_cpu_scheduler(1) as cpu,
        asyncio.TaskGroup() as tasks,
        cpu.claim(Priority.PARTIAL) as first,
    ):
        await first.granted
        tasks.create_task(queue_up(cpu, "partial", served, Priority.PARTIAL))
        await until(lambda: cpu.waiting == 1)
        async with cpu.claim(Priority.PARTIAL) as late:
            late.hurry()
            await first.run(lambda: None)
            await late.granted
            served.append("hurried")

    assert served == ["hurried", "partial"]


async def test_who_stops_waiting_loses_no_core() -> None:
    """A client that goes away in the queue leaves no hole in it."""
    served: list[str] = []
    async with open_cpu_scheduler(1) as cpu:
        async with cpu.claim(Priority.PARTIAL) as first:
            await first.granted
            waiting = asyncio.create_task(queue_up(cpu, "gone", served, Priority.FINAL))
            await until(lambda: cpu.waiting == 1)
            waiting.cancel()
            await asyncio.wait({waiting})
        await queue_up(cpu, "next", served, Priority.PARTIAL)

    assert served == ["next"]


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
        async with asyncio.timeout(5), cpu.claim(Priority.FINAL) as after:
            await after.granted

    assert busy


async def test_files_wait_until_no_session_wants_the_core() -> None:
    """A file's claim that was made first is served last."""
    served: list[str] = []
    async with (
        open_cpu_scheduler(1) as cpu,
        asyncio.TaskGroup() as tasks,
        cpu.claim(Priority.PARTIAL) as first,
    ):
        await first.granted
        tasks.create_task(queue_up(cpu, "file", served, Priority.BATCH))
        await until(lambda: cpu.waiting == 1)
        for priority in (Priority.PARTIAL, Priority.FINAL):
            tasks.create_task(queue_up(cpu, priority.value, served, priority))
        await until(lambda: cpu.waiting == 3)

    assert served == ["final", "partial", "file"]


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
        async with asyncio.timeout(5):
            await other.granted
