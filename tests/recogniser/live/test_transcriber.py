import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace

import numpy as np
import pytest

from service.recogniser.live.parameters import SessionSettings, parse_settings
from service.recogniser.live.transcriber import MAX_PENDING, LiveTranscriber
from service.recogniser.models.networks import Networks
from service.recogniser.models.weights import find_models
from service.recogniser.scheduling.priority import Priority
from service.recogniser.scheduling.workers import open_workers
from service.recogniser.speech.front_end import FrontEnd
from service.wire.stt import SttResult, parse_result
from tests.recogniser.builders import recording, reference
from tests.recogniser.harness import CardEngine, word_error_rate
from tests.recogniser.peers import PATIENCE_S, PHONE, finals
from tests.waiting import until

pytestmark = pytest.mark.speech
SECOND = 8_000


def settings(**query: str) -> SessionSettings:
    """Return the settings of a phone call's transcriber."""
    return parse_settings({**PHONE, **query})


async def ticks_during(work: Coroutine[None, None, None]) -> int:
    """Return how often the event loop came round before `work` was done."""
    task, ticks = asyncio.create_task(work), 0
    while not task.done():
        ticks += 1
        await asyncio.sleep(0)
    await task
    return ticks


async def test_the_event_loop_stays_free_while_the_engine_works(networks: Networks) -> None:
    """Hearing eleven seconds, and then decoding them, happens on other threads."""

    async def send(_: str) -> None:
        """Nobody listens."""

    async with open_workers(networks, 1) as workers:
        transcriber = LiveTranscriber(settings(endpointing="false"), workers, send)
        hearing = await ticks_during(transcriber.feed(recording("jfk")))
        await transcriber.finish()
        decoding = await ticks_during(transcriber.send_results())

    assert hearing > 200
    assert decoding > 200


async def test_half_a_word_is_not_shown(networks: Networks) -> None:
    """The last word of a partial may be cut off, so it waits for the next."""
    clip = recording("austen_0920")[: 3 * SECOND]
    answers: asyncio.Queue[SttResult] = asyncio.Queue()

    async def send(text: str) -> None:
        answers.put_nowait(parse_result(text))

    async with open_workers(networks, 1) as workers, asyncio.TaskGroup() as tasks:
        transcriber = LiveTranscriber(settings(interim_results="true"), workers, send)
        tasks.create_task(transcriber.send_results())
        await transcriber.feed(clip)
        partial = await asyncio.wait_for(answers.get(), PATIENCE_S)
        await transcriber.finish()

    speech = FrontEnd(settings().decoder(), networks.detector, 0.7).feed(clip).growing
    assert speech is not None
    whole = networks.engine.decode(np.concatenate(speech.frames), 8000).text
    assert partial.is_final is False
    assert partial.transcript == whole.rpartition(" ")[0]


async def test_audio_waits_while_too_many_results_are_pending(networks: Networks) -> None:
    """Who plays faster than can be decoded is held up, and loses nothing."""
    sentence = recording("austen_0920") + b"\xff" * SECOND
    answers: list[SttResult] = []

    async def send(text: str) -> None:
        answers.append(parse_result(text))

    async with open_workers(networks, 1) as workers:
        transcriber = LiveTranscriber(settings(), workers, send)
        playing = asyncio.create_task(transcriber.feed(sentence * (MAX_PENDING + 2)))
        await until(lambda: transcriber.heard_s >= 40, timeout_s=10)
        held_up = not playing.done()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(transcriber.send_results())
            await playing
            await transcriber.finish()

    assert held_up
    assert len(finals(answers)) == MAX_PENDING + 2


async def test_a_final_makes_partials_wait(networks: Networks) -> None:
    """With every core taken, speech that has ended is served before speech that goes on."""
    served: asyncio.Queue[SttResult] = asyncio.Queue()

    async def send(text: str) -> None:
        served.put_nowait(parse_result(text))

    async with open_workers(networks, 1) as workers, asyncio.TaskGroup() as tasks:
        talking = LiveTranscriber(settings(interim_results="true"), workers, send)
        done = LiveTranscriber(settings(), workers, send)
        for transcriber in (talking, done):
            tasks.create_task(transcriber.send_results())
        async with workers.cpu.claim(Priority.FINAL) as claim:
            await claim.granted
            await talking.feed(recording("austen_0870")[: 3 * SECOND])
            await done.feed(recording("austen_0920") + b"\xff" * 6400)
            await until(lambda: workers.cpu.waiting == 2)
        first = await asyncio.wait_for(served.get(), PATIENCE_S)
        second = await asyncio.wait_for(served.get(), PATIENCE_S)
        await talking.finish()
        await done.finish()

    assert (first.is_final, second.is_final) == (True, False)


@pytest.mark.parametrize("busy", [False, True])
async def test_a_partial_that_waits_for_a_core_is_left_to_the_quick_engine(
    networks: Networks, *, busy: bool
) -> None:
    """One that need not wait is not, and no final ever is."""
    card = CardEngine(find_models("tiny").speech[0])
    sentence = recording("austen_0920")
    answers: asyncio.Queue[SttResult] = asyncio.Queue()

    async def send(text: str) -> None:
        answers.put_nowait(parse_result(text))

    async with (
        open_workers(replace(networks, quick_engine=card), 1) as workers,
        asyncio.TaskGroup() as tasks,
    ):
        transcriber = LiveTranscriber(settings(interim_results="true"), workers, send)
        tasks.create_task(transcriber.send_results())
        async with AsyncExitStack() as stack:
            if busy:
                claim = await stack.enter_async_context(workers.cpu.claim(Priority.FINAL))
                await claim.granted
            await transcriber.feed(sentence[: 3 * SECOND])
            await until(lambda: workers.cpu.waiting > 0 or not answers.empty())
        partial = await asyncio.wait_for(answers.get(), PATIENCE_S)
        await transcriber.feed(sentence[3 * SECOND :] + b"\xff" * SECOND)
        await transcriber.finish()

    said = [answers.get_nowait() for _ in range(answers.qsize())]
    assert (partial.is_final, "4111" in (partial.transcript or "")) == (False, busy)
    assert word_error_rate(reference("austen_0920"), finals(said)[-1].transcript or "") <= 0.1
