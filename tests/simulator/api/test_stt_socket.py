"""The speech-to-text WebSocket, scripted and relayed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest

from service.simulator.calls.plan import plan_calls
from service.simulator.server import Simulator
from service.simulator.speech.audio import PCMU
from service.simulator.speech.riff import encode_wav
from service.wire.stt import CLOSE_STREAM, FINALIZE, KEEP_ALIVE, SttResult, parse_result
from tests.simulator.builders import Tree, scenario
from tests.simulator.harness import open_simulation
from tests.simulator.peers import open_recogniser
from tests.waiting import PATIENCE_S

MULAW = {"input_format": "mulaw", "sample_rate": "8000", "interim_results": "true"}
AUDIO = plan_calls(scenario())[0].audio.encoded("outbound", PCMU)
WORDS = "how can I help"


@asynccontextmanager
async def session(
    simulator: Simulator, query: Tree | None = None, /, **headers: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a session with the right key."""
    key = {"authorization": f"Bearer {simulator.api_key}"}
    async with (
        aiohttp.ClientSession(headers={**key, **headers}) as http,
        http.ws_connect(simulator.stt_url, params=MULAW if query is None else query) as socket,
    ):
        yield socket


async def hear(socket: aiohttp.ClientWebSocketResponse) -> list[SttResult]:
    """Return every answer until the server closes."""
    async with asyncio.timeout(PATIENCE_S):
        return [parse_result(message.data) async for message in socket]


async def play(
    socket: aiohttp.ClientWebSocketResponse, audio: bytes = AUDIO, *, last: str = CLOSE_STREAM
) -> list[SttResult]:
    """Play audio in chunks of 100 ms and return every answer."""
    for at in range(0, len(audio), 800):
        await socket.send_bytes(audio[at : at + 800])
    if last:
        await socket.send_str(last)
    return await hear(socket)


async def refusal(query: Tree, **tables: object) -> tuple[SttResult, int | None]:
    """Return the error of a session that is refused, and its close code."""
    async with (
        open_simulation(scenario(**tables)) as (simulator, _),
        session(simulator, query) as socket,
    ):
        (answer,) = await hear(socket)
        return answer, socket.close_code


async def test_partials_grow_and_the_final_comes_by_audio_position() -> None:
    """Without the end of the call, without waiting."""
    async with open_simulation(scenario()) as (simulator, _), session(simulator) as socket:
        answers = await play(socket)

    assert [(answer.transcript, answer.is_final) for answer in answers] == [
        ("how", False),
        ("how can", False),
        ("how can I", False),
        (WORDS, False),
        (WORDS, True),
    ]
    assert answers[0].confidence == 0.0
    assert (answers[-1].confidence or 0) > 0.9
    assert answers[-1].speech_final
    assert answers[-1].words is None
    assert simulator.history.sessions[0].end == "closed"


async def test_finalize_settles_what_is_open_and_the_session_goes_on() -> None:
    """Keep-alives and unknown messages say nothing."""
    async with open_simulation(scenario()) as (simulator, _), session(simulator) as socket:
        for text in (KEEP_ALIVE, "nonsense", '{"type": 7}', "[1]", '{"type":"Whatever"}'):
            await socket.send_str(text)
        await socket.send_bytes(AUDIO[: 8 * 1000])
        await socket.send_str(FINALIZE)
        answers = await play(socket, AUDIO[8 * 1000 :])

    finals = [answer.transcript for answer in answers if answer.is_final]
    assert " ".join(str(text) for text in finals) == WORDS
    assert len(finals) == 2


@pytest.mark.parametrize(
    ("query", "code", "parameter"),
    [
        ({"input_format": "aac"}, "40001", "input_format"),
        ({**MULAW, "transcription_engine": "Telnyx"}, "40002", "input_format"),
        ({"input_format": "mulaw"}, "40003", "sample_rate"),
        ({"input_format": "mp3", "transcription_engine": "Google"}, "40003", "sample_rate"),
        ({"input_format": "linear16", "sample_rate": "8k"}, "40004", "sample_rate"),
        ({"input_format": "linear16", "sample_rate": "0"}, "40004", "sample_rate"),
        ({"input_format": "linear16", "sample_rate": "9" * 5000}, "40004", "sample_rate"),
        ({"input_format": "g729", "sample_rate": "16000"}, "40005", "sample_rate"),
        ({"input_format": "mp3", "model": "deepgram/flux"}, "40006", "input_format"),
        ({"transcription_engine": "Hal"}, "40007", "transcription_engine"),
    ],
)
async def test_bad_parameters_are_told_after_the_upgrade(
    query: Tree, code: str, parameter: str
) -> None:
    """One `errors` message with the documented code, then the end."""
    answer, close_code = await refusal(query)

    assert answer.errors is not None
    assert answer.errors[0].code == code
    assert answer.errors[0].source is not None
    assert answer.errors[0].source.parameter == parameter
    assert close_code == 1000


async def test_errors_have_the_sdks_shape_and_another_close_code_where_the_settings_say_so() -> (
    None
):
    """Type and error, and 1011."""
    settings = {"error_shape": "error", "close_code": 1011}
    answer, close_code = await refusal({"transcription_engine": "Hal"}, stt=settings)

    assert (answer.type, answer.errors, close_code) == ("error", None, 1011)
    assert answer.error


async def test_engines_are_known_in_any_case_and_formats_with_hyphens() -> None:
    """As several clients write them."""
    query = {"transcription_engine": "dEEpgram", "input_format": "amr-nb", "sample_rate": "8000"}
    async with open_simulation(scenario()) as (simulator, _), session(simulator, query) as socket:
        assert await play(socket, b"") == []
    assert simulator.history.sessions[0].engine == "Deepgram"


@pytest.mark.parametrize("headers", [{"authorization": "Bearer no"}, {"origin": "https://x"}])
async def test_a_bad_key_or_an_origin_is_refused_before_the_upgrade(
    headers: dict[str, str],
) -> None:
    """401 and 403."""
    async with open_simulation(scenario()) as (simulator, _):
        with pytest.raises(aiohttp.WSServerHandshakeError) as failure:
            async with session(simulator, **headers):
                pass
    assert failure.value.status == (401 if "authorization" in headers else 403)


async def test_a_bad_key_can_be_told_after_the_upgrade() -> None:
    """Where the setting wants the other reading of the docs."""
    settings = {"auth_failure": "after_upgrade", "reject_origin": False}
    async with (
        open_simulation(scenario(stt=settings)) as (simulator, _),
        session(simulator, authorization="Bearer no", origin="https://x") as socket,
    ):
        (answer,) = await hear(socket)
    assert answer.errors is not None
    assert answer.errors[0].code == "10009"


async def test_an_idle_session_is_flushed_and_closed() -> None:
    """Some clients never say that they are done."""
    async with (
        open_simulation(scenario(stt={"idle_timeout_s": 0.2})) as (simulator, _),
        session(simulator) as socket,
    ):
        answers = await play(socket, AUDIO[: 8 * 1000], last="")

    assert answers[-1].is_final
    assert simulator.history.sessions[0].end == "idle"


@pytest.mark.parametrize(("setting", "engine", "honoured"), [
    ("all", "Google", True), ("some", "Deepgram", True),
    ("some", "Google", False), ("none", "Deepgram", False),
])  # fmt: skip
async def test_close_stream_is_honoured_as_the_setting_says(
    setting: str, engine: str, *, honoured: bool
) -> None:
    """Where it is not, only the idle timeout ends the session."""
    settings = {"close_stream": setting, "idle_timeout_s": 0.2}
    query = {**MULAW, "transcription_engine": engine}
    async with (
        open_simulation(scenario(stt=settings)) as (simulator, _),
        session(simulator, query) as socket,
    ):
        await play(socket)
    assert simulator.history.sessions[0].end == ("closed" if honoured else "idle")


async def test_the_settings_shape_the_answers() -> None:
    """A type in each, no partials, times, and an utterance's end."""
    settings = {"type_field": True, "partials": False, "times": "always", "utterance_end": True}
    async with (
        open_simulation(scenario(stt=settings)) as (simulator, _),
        session(simulator) as socket,
    ):
        final, end = await play(socket, AUDIO[8 * 100 :])

    assert final.type == "transcript"
    assert (end.transcript, end.utterance_end) == ("", True)
    assert final.words is not None
    assert [word.word for word in final.words] == WORDS.split()
    assert final.start_time == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(("engine", "confidence"), [("Reson8", "absent"), ("Cohere", None)])
async def test_some_engines_have_no_partials_and_no_confidence(
    engine: str, confidence: str | None
) -> None:
    """Reson8 leaves it out, Cohere says null."""
    query = {**MULAW, "transcription_engine": engine}
    async with open_simulation(scenario()) as (simulator, _), session(simulator, query) as socket:
        for at in range(0, len(AUDIO), 800):
            await socket.send_bytes(AUDIO[at : at + 800])
        answer = await socket.receive_json()

    assert answer["is_final"]
    assert answer.get("confidence", "absent") == confidence


async def test_the_first_sessions_drop_without_a_word_and_the_next_one_holds() -> None:
    """What was said before the drop is only heard if it is played again."""
    settings = {"drop_after_ms": 500, "drop_sessions": 1}
    async with open_simulation(scenario(stt=settings)) as (simulator, _):
        async with session(simulator) as socket:
            await socket.send_bytes(AUDIO[: 8 * 600])
            dropped = await hear(socket)
            assert socket.close_code == 1006
        async with session(simulator) as socket:
            again = await play(socket)

    assert not any(answer.is_final for answer in dropped)
    assert again[-1].transcript == WORDS
    assert [entry.end for entry in simulator.history.sessions] == ["cut", "closed"]


async def test_a_wav_stream_is_unpacked_and_one_that_is_none_is_refused() -> None:
    """The lengths in its head may be made up."""
    wav = encode_wav(PCMU.decode(AUDIO), channels=1, rate_hz=8000)
    query = {"input_format": "wav"}
    async with open_simulation(scenario()) as (simulator, _):
        async with session(simulator, query) as socket:
            answers = await play(socket, wav)
        async with session(simulator, query) as socket:
            refused = await play(socket, b"ID3" + bytes(100), last="")

    assert answers[-1].transcript == WORDS
    assert refused[0].errors is not None


async def test_audio_nobody_knows_is_heard_by_nobody_and_counted() -> None:
    """The report says how much."""
    async with open_simulation(scenario()) as (simulator, _), session(simulator) as socket:
        assert await play(socket, bytes(range(256)) * 25) == []
    assert simulator.history.sessions[0].unknown_ms == 800


async def test_a_message_too_large_ends_the_session() -> None:
    """Four megabytes are the limit."""
    async with open_simulation(scenario()) as (simulator, _), session(simulator) as socket:
        with suppress(ConnectionError):  # it may be cut off while it still sends
            await socket.send_bytes(bytes(4 * 1024 * 1024 + 1))
        await hear(socket)
    assert simulator.history.sessions[0].end == "gone"


async def test_a_session_is_relayed_to_a_recogniser_both_ways() -> None:
    """Its query and audio as they came, its answers as the settings want them."""
    settings = {"type_field": True, "times": "never"}
    async with (
        open_recogniser() as recogniser,
        open_simulation(scenario(stt=settings), recogniser_url=recogniser.url) as (simulator, _),
        session(simulator) as socket,
    ):
        await socket.send_str(KEEP_ALIVE)
        partial, final = await play(socket)

    assert (partial.transcript, partial.is_final) == ("hello", False)
    assert (final.transcript, final.words, final.type) == ("hello world", None, "transcript")
    assert recogniser.queries == [MULAW]
    assert recogniser.heard_bytes == len(AUDIO)
    assert recogniser.told == [KEEP_ALIVE, CLOSE_STREAM]
    assert simulator.history.sessions[0].finals == 1


async def test_a_recogniser_that_is_not_there_is_a_provider_error() -> None:
    """The session opens, and ends with an error."""
    async with (
        open_simulation(scenario(), recogniser_url="ws://127.0.0.1:9/") as (simulator, _),
        session(simulator) as socket,
    ):
        (answer,) = await hear(socket)
    assert answer.errors is not None
    assert answer.errors[0].title == "Provider error"
