"""The media WebSocket: what an application hears of a call."""

import asyncio
import base64
import json
from typing import get_args

import aiohttp
import pytest
from aiohttp import web

from service.ids import Track
from service.simulator.calls.plan import plan_calls
from service.simulator.report import Report
from service.simulator.speech.audio import PCMU, Encoding
from service.wire.media import AUTH_HEADER, parse_message
from tests.simulator.builders import Tree, scenario
from tests.simulator.harness import open_simulation, run_to_end
from tests.simulator.peers import Application, open_application


async def streamed(
    wish: Tree | None = None, call: Tree | None = None, **tables: object
) -> tuple[Application, Report]:
    """Have one call streamed; return what the application got, and the truth."""
    what = scenario(call, **tables)
    async with open_simulation(what) as (simulator, application):
        application.answer_and(application.stream(**(wish or {})))
        return application, await run_to_end(simulator)


def played(application: Application, track: str, connection: int = 0) -> bytes:
    """Return one track's audio in the order of its chunks, each once."""
    chunks = {int(m["chunk"]): m["payload"] for m in application.media[connection].audio(track)}
    return b"".join(base64.b64decode(payload) for _, payload in sorted(chunks.items()))


async def test_both_tracks_arrive_byte_for_byte() -> None:
    """At full speed nothing is lost; after the talk comes silence."""
    application, _ = await streamed(call={"linger_ms": 100})
    call_audio = plan_calls(scenario({"linger_ms": 100}))[0].audio

    for track in get_args(Track):
        whole = call_audio.encoded(track, PCMU)
        assert played(application, track) == whole + b"\xff" * 800


async def test_every_message_is_what_the_wire_format_says() -> None:
    """connected, start, media and stop; numbers are strings, `stream_id` is at the top."""
    application, report = await streamed(
        {"custom_parameters": [{"name": "a", "value": "b"}], "client_state": "aGVsbG8="},
        {"tags": ["vip"]},
    )
    messages = [parse_message(text) for text in application.media[0].messages]
    start = messages[1].start

    assert [message.event for message in messages[:3]] == ["connected", "start", "media"]
    assert messages[-1].event == "stop"
    assert start is not None
    assert start.call_control_id == report.calls[0].leg_id
    assert (start.custom_parameters, start.tags) == ({"a": "b"}, ("vip",))
    assert (start.media_format.encoding, start.media_format.sample_rate) == ("PCMU", 8000)
    assert len({message.stream_id for message in messages[1:]}) == 1
    numbers = [int(str(message.sequence_number)) for message in messages[1:]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert application.media[0].close_code == 0  # as aiohttp says that there was none


async def test_the_auth_token_comes_in_the_header_and_where_a_setting_says_in_connected() -> None:
    """As several integrations have it."""
    application, _ = await streamed({"stream_auth_token": "t0k"}, media={"connected_token": True})
    connected = json.loads(application.media[0].messages[0])

    assert application.media[0].headers[AUTH_HEADER] == "t0k"
    assert connected["connected"] == {AUTH_HEADER: "t0k"}


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [
        ("PCMA", Encoding("PCMA")),
        ("L16", Encoding("L16", 16000, big_endian=True)),
        ("G722", Encoding("G722")),
        ("default", PCMU),
    ],
)
async def test_what_is_sent_is_what_was_asked_where_it_can_be_encoded(
    codec: str, encoding: Encoding
) -> None:
    """And the call's own PCMU where not."""
    application, _ = await streamed({"stream_codec": codec})
    message = parse_message(application.media[0].messages[1])
    call_audio = plan_calls(scenario())[0].audio

    assert message.start is not None
    assert message.start.media_format.encoding == encoding.name
    assert message.start.media_format.sample_rate == encoding.rate_hz
    whole = call_audio.encoded("inbound", encoding)
    assert played(application, "inbound").startswith(whole)


async def test_opus_is_sent_packet_by_packet() -> None:
    """Each in a frame of its own; after the talk the last packet, which is silent, again."""
    application, _ = await streamed({"stream_codec": "OPUS"}, call={"linger_ms": 1000})
    message = parse_message(application.media[0].messages[1])
    encoding = Encoding("OPUS", 16_000, frame_ms=20)
    track = plan_calls(scenario())[0].audio.coded("outbound", encoding)
    packets = [base64.b64decode(m["payload"]) for m in application.media[0].audio("outbound")]

    assert message.start is not None
    assert message.start.media_format.encoding == "OPUS"
    assert packets == [track.payload(20 * n) for n in range(len(packets))]
    assert len(set(packets[-30:])) == 1


@pytest.mark.parametrize(
    ("asked", "media", "sent"),
    [
        ({}, {"phone_codec": "G722"}, "G722"),
        ({"stream_codec": "default"}, {"phone_codec": "OPUS"}, "OPUS"),
        ({"stream_codec": "PCMA"}, {"phone_codec": "OPUS"}, "PCMA"),
        ({"stream_codec": "PCMA"}, {"codec": "G729"}, "G729"),
        ({"stream_codec": "OPUS"}, {"frame_ms": 100}, "PCMU"),
    ],
)
async def test_the_phone_s_codec_comes_where_no_other_can_be_had(
    asked: Tree, media: Tree, sent: str
) -> None:
    """Not asked for, asked for by `default`, forced, or without frames of that length."""
    application, _ = await streamed(asked, media=media)
    start = parse_message(application.media[0].messages[1]).start

    assert start is not None
    assert start.media_format.encoding == sent
    assert len(application.media[0].audio("inbound")) > 10


async def test_the_settings_choose_frames_numbers_and_endianness() -> None:
    """100 ms of little-endian L16, counted over both tracks from 0, in samples."""
    media = {
        "codec": "L16",
        "l16_rate_hz": 8000,
        "l16_endian": "little",
        "frame_ms": 100,
        "chunk_counts": "stream",
        "chunk_start": 0,
        "timestamp_unit": "samples",
        "connected_protocol": True,
    }
    application, _ = await streamed(media=media)
    inbound = application.media[0].audio("inbound")
    call_audio = plan_calls(scenario())[0].audio
    little = call_audio.encoded("inbound", Encoding("L16"))

    assert [frame["chunk"] for frame in inbound[:3]] == ["0", "2", "4"]
    assert [frame["timestamp"] for frame in inbound[:3]] == ["0", "800", "1600"]
    assert base64.b64decode(inbound[0]["payload"]) == little[:1600]
    assert json.loads(application.media[0].messages[0])["protocol"] == "Call"


async def test_frames_that_are_swapped_repeated_and_late_are_all_there() -> None:
    """In the order of their chunks, each once, they are the recording."""
    media = {"reorder": 0.2, "duplicate": 0.2, "jitter_ms": 80}
    application, _ = await streamed(media=media)
    call_audio = plan_calls(scenario())[0].audio
    chunks = [int(frame["chunk"]) for frame in application.media[0].audio("inbound")]

    assert chunks != sorted(chunks)
    assert len(chunks) > len(set(chunks))
    assert played(application, "inbound").startswith(call_audio.encoded("inbound", PCMU))


async def test_lost_frames_leave_holes_in_the_numbers() -> None:
    """And are counted in the report."""
    application, report = await streamed(media={"gap": 0.1})
    chunks = [int(frame["chunk"]) for frame in application.media[0].audio("inbound")]

    assert chunks == sorted(set(chunks))
    assert set(range(1, max(chunks))) - set(chunks)
    assert report.calls[0].streams[0].lost_frames > 0


async def test_a_stream_that_never_connects_is_told_as_failed() -> None:
    """Nobody listens at that address; the call goes on."""
    application, report = await streamed({"stream_url": "ws://127.0.0.1:9/"})
    payload = application.of("streaming.failed")[0].payload

    assert payload["failure_reason"] == "connection_failed"
    assert payload["stream_params"]["track"] == "both_tracks"
    assert application.of("streaming.started") == []
    assert report.calls[0].outcome == "normal_clearing"


async def test_a_stream_fails_with_the_reason_of_the_setting() -> None:
    """Without a connection."""
    application, _ = await streamed(media={"fails": "codec_mismatch"})

    assert application.of("streaming.failed")[0].payload["failure_reason"] == "codec_mismatch"
    assert application.media == []


async def test_a_dropped_stream_is_dialled_again_with_a_new_id() -> None:
    """Without a `stop`; numbers begin again."""
    media = {"drop_after_ms": 500, "reconnect": True, "frame_ms": 100}
    call = {"linger_ms": 10_000}
    application, report = await streamed(call=call, speed=20, media=media)
    first, second = application.media
    ids = [parse_message(c.messages[1]).stream_id for c in (first, second)]

    assert parse_message(first.messages[-1]).event == "media"
    assert parse_message(second.messages[-1]).event == "stop"
    assert ids[0] != ids[1]
    assert second.audio("inbound")[0]["chunk"] == "1"
    assert [stream.end for stream in report.calls[0].streams] == ["dropped", "stopped"]
    assert len(application.of("streaming.stopped")) == 1


async def test_a_stream_the_application_closes_is_told_as_stopped() -> None:
    """And is not dialled again, unless a setting says so."""
    async with open_simulation(scenario()) as (simulator, application):

        async def hang_up(socket: web.WebSocketResponse) -> None:
            await socket.receive()
            await socket.close()

        application.on_media = hang_up
        application.answer_and(application.stream())
        report = await run_to_end(simulator)

    assert len(application.media) == 1
    assert application.types().count("streaming.stopped") == 1
    assert report.calls[0].streams[0].end == "closed_by_peer"


async def test_a_stream_can_be_stopped_and_started_again_in_a_call() -> None:
    """Each start is a stream of its own."""
    async with open_simulation(scenario({"hangs_up": "service"}, speed=5)) as (
        simulator,
        application,
    ):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = await application.answer_call()
        for turn in (1, 2):
            await application.command(leg_id, *application.stream()[:1], **application.stream()[1])
            await application.wait_for("streaming.started", turn)
            await application.command(leg_id, "streaming_stop")
            await application.wait_for("streaming.stopped", turn)
        await application.command(leg_id, "hangup")
        report = await run

    assert [stream.end for stream in report.calls[0].streams] == ["stopped", "stopped"]
    assert len({stream.stream_id for stream in report.calls[0].streams}) == 2


async def test_an_upgrade_that_is_refused_is_a_failed_stream() -> None:
    """401 from the application: streaming.failed, and no audio."""
    async with open_application() as elsewhere, aiohttp.ClientSession():
        application, _ = await streamed(
            {"stream_url": f"{elsewhere.url}/nowhere".replace("http", "ws")}
        )

    assert len(application.of("streaming.failed")) == 1


async def test_an_application_that_does_not_read_is_cut_off() -> None:
    """It holds the talk up until its time is over, and no longer."""
    media = {"stall_timeout_s": 0.2}
    call = {"linger_ms": 900_000}
    async with open_simulation(scenario(call, media=media)) as (simulator, application):
        awake = asyncio.Event()

        async def sleep(_socket: web.WebSocketResponse) -> None:
            await awake.wait()

        application.on_media = sleep
        application.answer_and(application.stream())
        report = await run_to_end(simulator)
        awake.set()

    assert report.calls[0].outcome == "normal_clearing"
    assert report.calls[0].streams[0].end == "closed_by_peer"
    assert report.calls[0].streams[0].frames < 2 * 900_000 // 20
