"""Media WebSockets from `connected` to their end: what is heard, survived and refused."""

import asyncio
import json

import pytest
from aiohttp import WSMsgType
from structlog.testing import capture_logs

from service.errors import JournalUnavailableError
from service.ids import StreamId
from service.ingress.limits import MediaLimits
from service.ports import StreamStart
from tests.ingress.builders import (
    CLEAN,
    LEG,
    MEDIA,
    TRACKS,
    frame,
    media_lines,
    message,
    payloads,
    start,
)
from tests.ingress.harness import MediaHarness, send_all
from tests.waiting import PATIENCE_S, until

# --- fixtures --------------------------------------------------------------------------------

PLAYED_IN_FULL = [
    "both_tracks",
    "chunks_of_the_stream",
    "dropped_without_stop",
    "l16_in_100_ms_frames",
    "pcma",
    "reordered_and_doubled",
    "second_start",
    "telnyx_reports_an_error",
    "without_chunks",
]
OTHERS = ["amr_wb", "g729", "opus", "two_frames_lost"]


def test_no_fixture_is_forgotten() -> None:
    """Every recording of the folder is played here, or in `test_decoding_feed`."""
    assert sorted(PLAYED_IN_FULL + OTHERS) == [path.stem for path in MEDIA]


@pytest.mark.parametrize("name", PLAYED_IN_FULL)
async def test_every_fixture_comes_out_whole(name: str) -> None:
    """Frames doubled and out of order, streams replaced or dropped: the same audio."""
    media = MediaHarness()

    await media.play(*media_lines(name))

    reference = "both_tracks" if name == "reordered_and_doubled" else name
    for track in TRACKS:
        heard = b"".join(feed.audio(track) for feed in media.ticket.feeds)
        assert heard == payloads(reference, track)
    assert all(feed.ended.is_set() for feed in media.ticket.feeds)
    assert media.ended == ["dropped" if name == "dropped_without_stop" else "stopped"]


async def test_lost_frames_of_a_fixture_become_time() -> None:
    """Two 20 ms frames that never came: the track goes on 40 ms later."""
    media = MediaHarness()

    await media.play(*media_lines("two_frames_lost"))

    (feed,) = media.ticket.feeds
    assert (feed.skipped_ms("inbound"), feed.skipped_ms("outbound")) == ([40], [])
    assert media.route.counters.frames["lost_frames"] == 2


async def test_a_lost_frame_of_g722_is_as_long_as_the_others() -> None:
    """G.722 has 8000 bytes a second at a sample rate of 16000 Hz."""
    media = MediaHarness()
    body = json.loads(CLEAN[1])["start"] | {
        "media_format": {"encoding": "G722", "sample_rate": 16000, "channels": 1}
    }

    await media.play(start(start=body), *media_lines("two_frames_lost")[2:])

    assert media.ticket.feeds[0].skipped_ms("inbound") == [40]


async def test_audio_nobody_can_decode_is_refused_and_told() -> None:
    """The call session learns which codec it was; the socket closes with 1003."""
    media = MediaHarness()

    await media.play(*media_lines("g729"), hang_up=False)

    (told,) = media.ticket.starts
    assert (told.encoding, told.sample_rate_hz, told.channels) == ("G729", 8000, 1)
    assert (media.close_code, media.ended) == (1003, ["unsupported_codec"])


async def test_a_stream_that_is_dialled_again_may_go_on_without_a_start() -> None:
    """Its audio is what it was before, under the id that its frames bear."""
    media = MediaHarness()
    media.ticket.last_start = StreamStart(
        leg_id=LEG, stream_id=StreamId("before"), encoding="PCMU", sample_rate_hz=8000
    )

    await media.play(CLEAN[0], *CLEAN[2:])

    (told,), (feed,) = media.ticket.starts, media.ticket.feeds
    assert (told.encoding, told.stream_id) == ("PCMU", json.loads(CLEAN[1])["stream_id"])
    assert told.heard_s == 0.02, "a frame comes when all of it was said"
    assert feed.orderly
    assert media.ended == ["stopped"]


# --- what breaks the rules -------------------------------------------------------------------

RULES: dict[str, tuple[list[str | bytes], int]] = {
    "no_start": ([CLEAN[0]], 1008),
    "media_before_start": ([CLEAN[0], frame()], 1008),
    "wrong_leg": ([CLEAN[0], start(start={"call_control_id": "v3:another"})], 1008),
    "bad_start": ([start(stream_id=None)], 1008),
    "no_media_message": (["[1, 2]"], 1008),
    "binary_message": ([*CLEAN[:2], b"\x00\x01"], 1003),
    "bad_websocket": ([*CLEAN[:2], frame(payload="A" * 70_000)], 1009),
}
FLOODS = {"frames": frame(), "marks": message("mark"), "rubbish": "{"}


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_of_anything_is_closed(flood: str) -> None:
    """Forty at once are allowed here, of frames of a track or of all the rest together."""
    media = MediaHarness(limits=MediaLimits(frames_per_s=20, burst_s=2))

    await media.play(*CLEAN[:2], *[FLOODS[flood]] * 45, hang_up=False)

    assert (media.close_code, media.ended) == (1008, ["flooded"])


async def test_a_simulator_may_play_faster_than_real_time() -> None:
    """With the speed it was given, it is no flood."""
    media = MediaHarness(limits=MediaLimits(frames_per_s=20, burst_s=2, speed=2))

    await media.play(*CLEAN[:2], *[frame()] * 45, CLEAN[-1], hang_up=False)

    assert media.ended == ["stopped"]


@pytest.mark.parametrize("reason", RULES)
async def test_who_breaks_a_rule_is_closed(reason: str) -> None:
    """Each with its close code, and counted by its reason."""
    lines, code = RULES[reason]
    media = MediaHarness(limits=MediaLimits(start_s=0.2))

    await media.play(*lines, hang_up=False)

    assert (media.close_code, media.ended) == (code, [reason])
    assert [feed.orderly for feed in media.ticket.feeds] == [False] * len(media.ticket.feeds)


@pytest.mark.parametrize(
    "fields",
    [
        {"start": None},
        {"start": {}},
        {"start": {"call_control_id": None}},
        {"stream_id": ""},
        {"stream_id": "x" * 5000},
    ],
)
async def test_a_start_must_say_whose_stream_it_is(fields: dict[str, object]) -> None:
    """Without leg or stream there is nobody to hear it for."""
    media = MediaHarness()

    await media.play(start(**fields), hang_up=False)

    assert media.close_code == 1008
    assert media.ticket.starts == []


@pytest.mark.parametrize(
    "media_format",
    [
        {"encoding": "PCMU", "sample_rate": 8000, "channels": 2},
        {"encoding": "PCMU", "sample_rate": "x", "channels": 1},
        {"encoding": "", "sample_rate": 8000, "channels": 1},
        {},
    ],
)
async def test_a_format_that_is_none_is_not_decodable(media_format: dict[str, object]) -> None:
    """Two channels in one frame, no rate, no name: told as such, and closed."""
    media = MediaHarness()
    body = {**json.loads(CLEAN[1])["start"], "media_format": media_format}

    await media.play(start(start=body), hang_up=False)

    assert len(media.ticket.starts) == 1
    assert (media.close_code, media.ended) == (1003, ["unsupported_codec"])


# --- what is survived ------------------------------------------------------------------------


async def test_what_a_start_says_reaches_the_session() -> None:
    """Leg, stream and format, with the numbers as numbers."""
    media = MediaHarness()
    body = {**json.loads(CLEAN[1])["start"]}
    body["media_format"] = {"encoding": "l16", "sample_rate": "16000", "channels": "1"}

    await media.play(start(start=body))

    (told,) = media.ticket.starts
    stream_id = StreamId(json.loads(CLEAN[1])["stream_id"])
    assert told == StreamStart(
        leg_id=LEG, stream_id=stream_id, encoding="L16", sample_rate_hz=16000, channels=1
    )


@pytest.mark.parametrize(
    "line",
    [
        frame(payload="###"),
        frame(track="sideways"),
        frame(stream_id="a-stream-that-is-over"),
        message("media"),
        message("media", media={"payload": "AAAA"}),
        message("stop", stream_id="a-stream-that-is-over"),
        message("a_new_event", anything=[1, {"deep": None}]),
        message("mark", mark={"name": "x"}),
        CLEAN[0],
        CLEAN[1],
        "{",
        "[" * 5000,
        '{"event": 7}',
        "",
    ],
)
async def test_a_message_that_is_not_understood_costs_nothing_else(line: str) -> None:
    """In the middle of a stream it is left out; the audio around it is whole."""
    media = MediaHarness()

    await media.play(*CLEAN[:12], line, *CLEAN[12:])

    (feed,) = media.ticket.feeds
    assert feed.audio("inbound") == payloads("both_tracks", "inbound")
    assert feed.orderly is True


async def test_not_utf8_in_the_middle_costs_nothing_else() -> None:
    """A text message that is no text is one bad message."""
    media = MediaHarness()
    async with media.serving() as (url, client), client.ws_connect(url) as socket:
        await send_all(socket, CLEAN[:12])
        await socket.send_frame(b'{"event":"\xff"}', WSMsgType.TEXT)
        await send_all(socket, CLEAN[12:])
        await socket.receive()

    assert media.ticket.feeds[0].audio("outbound") == payloads("both_tracks", "outbound")
    assert media.route.counters.frames["bad_messages"] == 1


async def test_a_second_start_takes_over_from_the_first() -> None:
    """The new stream is told before the old one ends, so that its call loses no time."""
    media = MediaHarness()

    await media.play(*media_lines("second_start"))

    assert media.ticket.heard_out == [None]
    assert [feed.orderly for feed in media.ticket.feeds] == [True, True]
    assert len({told.stream_id for told in media.ticket.starts}) == 2


async def test_a_second_start_for_another_leg_ends_both() -> None:
    """A socket is for one leg, however often it starts."""
    media = MediaHarness()
    foreign = start(stream_id="s2", start={"call_control_id": "v3:another"})

    await media.play(*CLEAN[:20], foreign, hang_up=False)

    assert (media.close_code, media.ended) == (1008, ["wrong_leg"])
    assert [feed.orderly for feed in media.ticket.feeds] == [False]


async def test_a_call_that_does_not_want_the_audio_closes_the_socket() -> None:
    """It is over, say: an ordinary close."""
    media = MediaHarness()
    media.ticket.wants_audio = False

    await media.play(*CLEAN[:2], hang_up=False)

    assert (media.close_code, media.ended) == (1000, ["not_wanted"])


@pytest.mark.parametrize("failure", [JournalUnavailableError("disk full"), TimeoutError()])
async def test_a_session_that_cannot_take_the_start_asks_to_come_later(failure: Exception) -> None:
    """1013 when the journal is gone; Telnyx may connect again."""
    media = MediaHarness()
    media.ticket.failure = failure

    await media.play(*CLEAN[:2], hang_up=False)

    assert (media.close_code, media.ended) == (1013, ["not_taken"])


async def test_a_loss_is_told_though_nothing_follows() -> None:
    """The clock, not the next frame, decides that a frame is lost."""
    media = MediaHarness()
    without_the_fifth = [line for line in CLEAN[:-1] if '"chunk":"5"' not in line]
    async with media.serving() as (url, client), client.ws_connect(url) as socket:
        await send_all(socket, without_the_fifth)
        async with asyncio.timeout(PATIENCE_S):
            await media.ticket.began.wait()
            await media.ticket.feeds[0].skipped.wait()

        assert media.ticket.feeds[0].skipped_ms("inbound") == [20]


async def test_what_telnyx_could_not_read_is_logged() -> None:
    """An `error` frame has a code and a title, and both are worth a line."""
    media = MediaHarness()
    with capture_logs() as logs:
        await media.play(*media_lines("telnyx_reports_an_error"), hang_up=False)

    told = [log for log in logs if log["event"] == "media_error_told"]
    assert [(log["code"], log["title"]) for log in told] == [(100003, "malformed_frame")]


async def test_a_fault_in_what_hears_the_audio_ends_the_socket() -> None:
    """It is raised where the socket is read, and logged as any other; the session knows the end."""
    media = MediaHarness()
    with capture_logs() as logs:
        async with media.serving() as (url, client), client.ws_connect(url) as socket:
            await send_all(socket, CLEAN[:12])
            async with asyncio.timeout(PATIENCE_S):
                await media.ticket.began.wait()
                (feed,) = media.ticket.feeds
                await until(lambda: bool(feed.heard))
                feed.fault = LookupError("a fault of ours")
                await send_all(socket, CLEAN[12:20])
                await feed.ended.wait()
                answer = await socket.receive()

    assert answer.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
    assert feed.orderly is False
    assert "request_failed" in [one["event"] for one in logs]
