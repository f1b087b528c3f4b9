"""What goes wrong on the speech-to-text WebSocket, as an application sees it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlencode

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from service.simulator.server import Simulator
from service.wire.stt import CLOSE_STREAM, SttResult, parse_result
from tests.simulator.api.test_stt_socket import AUDIO, MULAW, WORDS, hear, play, session
from tests.simulator.builders import scenario
from tests.simulator.harness import open_simulation


async def play_all(**settings: object) -> tuple[list[SttResult], int | None, Simulator]:
    """Play the agent's audio to a recogniser with these settings, and hear it to its end."""
    async with (
        open_simulation(scenario(stt=settings)) as (simulator, _),
        session(simulator) as socket,
    ):
        return await play(socket), socket.close_code, simulator


def finals(answers: list[SttResult]) -> list[str]:
    """Return the final texts."""
    return [answer.transcript or "" for answer in answers if answer.is_final]


@pytest.mark.parametrize("status", [401, 403, 429, 503])
async def test_a_session_is_refused_before_the_upgrade(status: int) -> None:
    """The first one, and the second is taken."""
    fault = {"sessions": [1, 1], "refuse_status": status}
    async with open_simulation(scenario(stt={"fault": [fault]})) as (simulator, _):
        with pytest.raises(aiohttp.WSServerHandshakeError) as failure:
            async with session(simulator):
                pass
        async with session(simulator) as socket:
            answers = await play(socket)

    assert failure.value.status == status
    assert finals(answers) == [WORDS]
    assert [entry.end for entry in simulator.history.sessions] == ["refused", "closed"]


async def test_a_session_is_refused_after_the_upgrade() -> None:
    """With a code, and closed with another."""
    answers, close_code, _ = await play_all(refuse_code="10011", close_code=1013)

    assert answers[0].errors is not None
    assert (answers[0].errors[0].code, close_code) == ("10011", 1013)


@pytest.mark.parametrize("code", [1000, 1005, 1006, 1011, 4321])
async def test_a_session_is_closed_anywhere_with_any_code(code: int) -> None:
    """Or without one (1005), or just cut (1006); what is owed is not said."""
    settings = {"close_after_ms": 700, "close_code": code}
    async with open_simulation(scenario(stt=settings)) as (simulator, _):
        key = {"authorization": f"Bearer {simulator.api_key}"}
        address = f"{simulator.stt_url}?{urlencode(MULAW)}"
        async with connect(address, additional_headers=key, proxy=None) as socket:
            with suppress(ConnectionClosed):
                await socket.send(AUDIO)
            texts = [text async for text in quiet(socket)]

    assert not any(parse_result(text).is_final for text in texts)
    assert socket.close_code == code
    assert simulator.history.sessions[0].end == "cut"


async def quiet(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    """Yield what comes until the end, whatever end it is."""
    with suppress(ConnectionClosed):
        while True:
            yield await socket.recv()


async def test_a_session_says_what_it_owes_before_it_is_closed_if_it_is_set_so() -> None:
    """The words that it was sent."""
    answers, _, _ = await play_all(close_after_ms=700, flush_first=True)

    assert WORDS.startswith(finals(answers)[0])


async def test_a_session_is_over_after_its_limit() -> None:
    """Whoever talks on."""
    async with (
        open_simulation(scenario(stt={"session_limit_s": 0.2, "close_code": 1012})) as (sim, _),
        session(sim) as socket,
    ):
        assert await play(socket, b"", last="") == []
        assert socket.close_code == 1012
    assert sim.history.sessions[0].end == "limit"


@pytest.mark.parametrize("pings", [True, False])
async def test_a_deaf_session_answers_nothing_and_closes_nothing(*, pings: bool) -> None:
    """Not even pings, if it is set so."""
    settings = {"deaf_after_ms": 100, "answers_pings": pings, "idle_timeout_s": 0.1}
    async with (
        open_simulation(scenario(stt=settings)) as (simulator, _),
        session(simulator) as socket,
    ):
        await socket.send_bytes(AUDIO[:800])
        await socket.send_bytes(AUDIO[800:])
        await socket.ping()
        await socket.send_str(CLOSE_STREAM)
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.3)

    assert simulator.history.sessions[0].answers == []


async def test_a_session_stalls_and_goes_on() -> None:
    """Nothing is lost but time."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    answers, _, _ = await play_all(stall_after_ms=300, stall_s=0.3)

    assert loop.time() - began >= 0.3
    assert finals(answers) == [WORDS]


async def test_late_answers_all_come_before_the_end() -> None:
    """In order, however late."""
    prompt, _, _ = await play_all()
    late, _, _ = await play_all(late_s=[0.05, 0.2])

    assert [one.transcript for one in late] == [one.transcript for one in prompt]


async def test_a_slow_handshake_takes_its_time() -> None:
    """Before the upgrade."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await play_all(handshake_s=0.2)

    assert loop.time() - began >= 0.2


@pytest.mark.parametrize("holds_s", [0.0, 0.2])
async def test_one_final_comes_once_the_audio_has_stopped(holds_s: float) -> None:
    """No partial, no endpointing: the session is over after it, at once or later."""
    settings = {
        "one_final": True,
        "one_final_after_s": 0.1,
        "one_final_holds_s": holds_s,
        "close_stream": "none",
    }
    query = {**MULAW, "interim_results": "false"}
    async with (
        open_simulation(scenario(stt=settings)) as (simulator, _),
        session(simulator, query) as socket,
    ):
        answers = await play(socket)

    assert finals(answers) == [WORDS] == [answer.transcript for answer in answers]
    assert socket.close_code == 1000


async def test_one_final_is_none_if_partials_are_asked_for() -> None:
    """So Telnyx's own engine was seen to do."""
    settings = {"one_final": True, "one_final_after_s": 0.05, "close_stream": "none"}
    async with (
        open_simulation(scenario(stt=settings)) as (simulator, _),
        session(simulator) as socket,
    ):
        await socket.send_bytes(AUDIO)
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.3)


async def test_an_engine_in_other_letters_is_refused_if_it_is_set_so() -> None:
    """`telnyx` closes the socket."""
    query = {**MULAW, "transcription_engine": "deepgram"}
    async with (
        open_simulation(scenario(stt={"engine_case": "exact"})) as (simulator, _),
        session(simulator, query) as socket,
    ):
        (answer,) = await hear(socket)
    assert answer.errors is not None
    assert answer.errors[0].code == "40007"


async def test_a_session_that_is_ended_in_order_is_not_cut_off() -> None:
    """Whoever asks for the end gets what is owed, whatever happens to other sessions."""
    answers, code, simulator = await play_all(close_code=1006)

    assert finals(answers)[-1:] != []
    assert code == 1000
    assert simulator.history.sessions[0].end == "closed"
