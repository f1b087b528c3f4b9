import asyncio

import pytest

from service.recogniser.parameters import SessionSettings, parse_settings
from service.recogniser.session import MAX_OWED, Session
from service.recogniser.workers import Networks, open_workers
from service.wire.stt import Answer, parse_answer
from tests.recogniser.talking import PHONE, finals, partials, recording

pytestmark = pytest.mark.speech
SECOND = 8_000


def settings(**query: str) -> SessionSettings:
    """Return the settings of a phone call's session."""
    return parse_settings({**PHONE, **query})


async def test_the_event_loop_stays_free_while_the_engine_works(networks: Networks) -> None:
    """Hearing and decoding eleven seconds happens on other threads."""
    ticks, said = 0, asyncio.Event()

    async def tick() -> None:
        nonlocal ticks
        while not said.is_set():
            ticks += 1
            await asyncio.sleep(0)

    async def send(_: str) -> None:
        said.set()

    async with open_workers(networks, 1) as workers, asyncio.TaskGroup() as tasks:
        session = Session(settings(endpointing="false"), workers, send)
        tasks.create_task(tick())
        tasks.create_task(session.answer())
        await session.hear(recording("jfk"))
        await session.finish()

    assert ticks > 1000


async def test_audio_waits_while_too_much_is_owed(networks: Networks) -> None:
    """Who plays faster than can be decoded is held up, and loses nothing."""
    sentence = recording("austen_0920") + b"\xff" * SECOND
    answers: list[Answer] = []

    async def send(text: str) -> None:
        answers.append(parse_answer(text))

    async with open_workers(networks, 1) as workers:
        session = Session(settings(), workers, send)
        playing = asyncio.create_task(session.hear(sentence * (MAX_OWED + 2)))
        async with asyncio.timeout(10):
            while session.heard_s < 40:  # noqa: ASYNC110 - it is heard on another thread
                await asyncio.sleep(0)
        held_up = not playing.done()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(session.answer())
            await playing
            await session.finish()

    assert held_up
    assert len(finals(answers)) == MAX_OWED + 2


async def test_a_final_makes_partials_wait(networks: Networks) -> None:
    """With every core taken a session whose speech ended is served first, with its final."""
    answers: list[tuple[str, Answer]] = []

    def note(name: str, text: str) -> None:
        answers.append((name, parse_answer(text)))

    async def send_one(text: str) -> None:
        note("talking", text)

    async def send_other(text: str) -> None:
        note("done", text)

    async with open_workers(networks, 1) as workers, asyncio.TaskGroup() as tasks:
        talking = Session(settings(interim_results="true"), workers, send_one)
        done = Session(settings(), workers, send_other)
        for session in (talking, done):
            tasks.create_task(session.answer())
        async with workers.turns.turn(urgent=True) as turn:
            await turn.granted
            await talking.hear(recording("austen_0870")[: 3 * SECOND])
            await done.hear(recording("austen_0920") + b"\xff" * SECOND)
            await asyncio.sleep(0)
        await talking.finish()
        await done.finish()

    names = [name for name, answer in answers if answer.transcript]
    assert names[0] == "done"
    assert partials(answer for _, answer in answers) == []
