import asyncio
import threading

from service.recogniser.scheduling.cpu_scheduler import Turns, open_turns


async def queue_up(turns: Turns, name: str, served: list[str], *, urgent: bool) -> None:
    """Wait for a turn and note that it came."""
    async with turns.turn(urgent=urgent) as turn:
        await turn.granted
        served.append(await turn.run(lambda: name))


async def test_urgent_turns_overtake_the_others_and_keep_their_order() -> None:
    """A final does not wait for the partials before it."""
    served: list[str] = []
    async with (
        open_turns(1) as turns,
        asyncio.TaskGroup() as tasks,
        turns.turn(urgent=False) as first,
    ):
        await first.granted
        for name, urgent in (("p1", False), ("p2", False), ("f1", True), ("f2", True)):
            tasks.create_task(queue_up(turns, name, served, urgent=urgent))
        await asyncio.sleep(0)  # let them queue up

    assert served == ["f1", "f2", "p1", "p2"]


async def test_a_turn_can_become_urgent_while_it_waits() -> None:
    """A session whose partial waits when its speech ends moves up."""
    served: list[str] = []
    async with (
        open_turns(1) as turns,
        asyncio.TaskGroup() as tasks,
        turns.turn(urgent=False) as first,
    ):
        await first.granted
        tasks.create_task(queue_up(turns, "partial", served, urgent=False))
        await asyncio.sleep(0)
        async with turns.turn(urgent=False) as late:
            late.hurry()
            await first.run(lambda: None)
            await late.granted
            served.append("hurried")

    assert served == ["hurried", "partial"]


async def test_who_stops_waiting_loses_no_core() -> None:
    """A client that goes away in the queue leaves no hole in it."""
    served: list[str] = []
    async with open_turns(1) as turns:
        async with turns.turn(urgent=False) as first:
            await first.granted
            waiting = asyncio.create_task(queue_up(turns, "gone", served, urgent=True))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait({waiting})
        await queue_up(turns, "next", served, urgent=False)

    assert served == ["next"]


async def test_a_core_is_taken_until_its_thread_is_done() -> None:
    """Cancelling who waits for a result does not put two threads on one core."""
    release = threading.Event()
    async with open_turns(1) as turns:
        async with turns.turn(urgent=False) as turn:
            await turn.granted
            work = asyncio.create_task(turn.run(lambda: release.wait(10)))
            await asyncio.sleep(0)
            work.cancel()
            await asyncio.wait({work})
        busy = not turns.idle
        release.set()
        async with asyncio.timeout(5), turns.turn(urgent=True) as after:
            await after.granted

    assert busy


async def test_files_wait_until_no_session_wants_the_core() -> None:
    """A spare turn that was asked for first is served last."""
    served: list[str] = []

    async def work(name: str) -> None:
        async with turns.spare_turn() as turn:
            await turn.granted
            served.append(await turn.run(lambda: name))

    async with (
        open_turns(1) as turns,
        asyncio.TaskGroup() as tasks,
        turns.turn(urgent=False) as first,
    ):
        await first.granted
        tasks.create_task(work("file"))
        await asyncio.sleep(0)  # let it queue up
        for name, urgent in (("partial", False), ("final", True)):
            tasks.create_task(queue_up(turns, name, served, urgent=urgent))
        await asyncio.sleep(0)

    assert served == ["final", "partial", "file"]


async def test_one_core_of_several_is_never_a_file_s() -> None:
    """Of two cores files have one: a session finds the other free, however many files wait."""
    async with (
        open_turns(2) as turns,
        turns.spare_turn() as file,
        turns.spare_turn() as other,
    ):
        await file.granted
        assert turns.idle
        assert not other.granted.done()

        await file.run(lambda: None)
        async with asyncio.timeout(5):
            await other.granted
