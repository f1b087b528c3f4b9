"""A process that stops: what it still takes, what it waits for, and what it leaves to the next."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from service.calls.commands import StartStreaming
from service.errors import DrainingError, JournalUnavailableError
from service.ids import CallId
from tests.calls.harness import CALL, IN_CALL, MEDIA, B, hung_up, initiated, said
from tests.runtime.harness import open_runtime
from tests.runtime.test_registry import begin
from tests.waiting import PATIENCE_S, until


async def test_a_stopping_process_takes_no_new_call_and_keeps_listening_to_live_ones(
    tmp_path: Path,
) -> None:
    """The hang-up of a live call is taken during the drain, and ends it."""
    async with open_runtime(tmp_path, replace(MEDIA, answer=False)) as runtime:
        now = time.time()
        await runtime.calls.tell(initiated(now))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(runtime.calls.drain(10))
            await until(lambda: runtime.calls.draining)
            other = msgspec.structs.replace(initiated(now, leg=B), call_id=CallId("other"))
            with pytest.raises(DrainingError):
                await runtime.calls.tell(other)
            await runtime.calls.tell(hung_up(now + 0.1))

        assert await runtime.calls.hand_over(0.1) == 0
        assert (await runtime.types(CALL))[-1] == "transcript.completed"


async def test_words_that_wait_for_their_turn_are_waited_for(tmp_path: Path) -> None:
    """They came after the call was complete, and were acknowledged: a stop has them told."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        now = time.time()
        await begin(runtime, now)
        await runtime.calls.tell(hung_up(now + 0.1))
        await until(lambda: any(e.type == "transcript.completed" for e in runtime.lanes.events))
        await runtime.calls.tell(said("late", now + 0.05))
        await runtime.calls.drain(PATIENCE_S)

        assert await runtime.calls.hand_over(0.1) == 0
        assert (await runtime.types(CALL))[-1] == "transcript.final"


async def test_words_that_nobody_has_time_for_are_left_to_the_next_process(tmp_path: Path) -> None:
    """And the process says that something is left."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        now = time.time()
        await begin(runtime, now)
        await runtime.calls.tell(hung_up(now + 0.1))
        await until(lambda: any(e.type == "transcript.completed" for e in runtime.lanes.events))
        await runtime.calls.tell(said("late", now + 0.05))

        assert await runtime.calls.hand_over(0.0) == 1
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        assert await runtime.calls.resume() == 1
        await until(lambda: any(e.type == "transcript.final" for e in runtime.lanes.events))


async def test_a_call_that_goes_on_is_left_to_the_next_process(tmp_path: Path) -> None:
    """It asks for the audio again; nobody misses words who was not told of any."""
    now = time.time()
    async with open_runtime(tmp_path, MEDIA) as runtime:
        await begin(runtime, now)
        await runtime.calls.drain(0.1)
        assert await runtime.calls.hand_over(0.1) == 1
    async with open_runtime(tmp_path, MEDIA) as runtime:
        assert await runtime.calls.resume() == 1
        await until(lambda: any(isinstance(c, StartStreaming) for c in runtime.carrier.commands))

        assert await runtime.types(CALL) == ["call.started", "call.answered"]


async def test_a_call_is_left_over_although_the_disk_is_full(tmp_path: Path) -> None:
    """What the journal did not take makes no call of the past."""
    now = time.time()
    async with open_runtime(tmp_path, MEDIA) as runtime:
        await begin(runtime, now)
        runtime.disk.full = True
        with pytest.raises(JournalUnavailableError):
            await runtime.calls.tell(hung_up(now + 3))

        await runtime.calls.drain(0.1)
        assert await runtime.calls.hand_over(0.1) == 1
