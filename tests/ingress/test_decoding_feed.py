"""Streams of OPUS and AMR-WB: in order, decoded, and as long as they were."""

import base64
import json

import pytest
from structlog.testing import capture_logs

from service.ids import Track
from service.ingress.decoding_feed import DecodingFeed
from service.wire.payload_decoder import PayloadDecoder
from tests.ingress.builders import CLEAN, TRACKS, media_lines, message, start
from tests.ingress.harness import MediaHarness
from tests.ingress.peers import RecordingFeed
from tests.wire.speech import opus_packets

CODECS = {"opus": "OPUS", "amr_wb": "AMR-WB"}
BYTES_PER_MS = 32


def payloads(name: str, track: Track) -> list[bytes]:
    """Return the payloads of a track, in the order of the fixture's lines."""
    media = [json.loads(line).get("media", {}) for line in media_lines(name)]
    return [base64.b64decode(each["payload"]) for each in media if each.get("track") == track]


def opus_stream(*packets: bytes) -> list[str]:
    """Return the messages of a stream of these packets, all of the inbound track."""
    body = json.loads(CLEAN[1])["start"]
    body["media_format"] = {"encoding": "OPUS", "sample_rate": 16_000, "channels": 1}
    stream_id = json.loads(CLEAN[1])["stream_id"]
    frames = [
        message(
            "media",
            stream_id=stream_id,
            media={"track": "inbound", "chunk": str(number), "payload": _base64(packet)},
        )
        for number, packet in enumerate(packets, start=1)
        if packet
    ]
    return [CLEAN[0], start(start=body), *frames, CLEAN[-1]]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("name", CODECS)
async def test_every_fixture_comes_out_decoded(name: str) -> None:
    """Each track by a decoder of its own, frame by frame, and nothing is missing."""
    media = MediaHarness()

    await media.play(*media_lines(name))

    (feed,) = media.ticket.feeds
    for track in TRACKS:
        decoder = PayloadDecoder(CODECS[name])
        assert feed.heard[track] == [decoder.decode(each) for each in payloads(name, track)]
    assert media.route.counters.frames["undecodable_frames"] == 0
    assert feed.orderly


async def test_a_lost_packet_is_as_long_as_the_others() -> None:
    """60 ms of Opus, though the packets have all sizes."""
    media = MediaHarness()
    packets = opus_packets(60)[:12]
    packets[5] = b""

    await media.play(*opus_stream(*packets))

    (feed,) = media.ticket.feeds
    assert feed.skipped_ms("inbound") == [60]
    assert len(feed.audio("inbound")) == 11 * 60 * BYTES_PER_MS


async def test_what_cannot_be_decoded_is_silence_and_counted() -> None:
    """In its place among the rest; the log and the counters say how much there was."""
    media = MediaHarness()
    packets = opus_packets()[50:60]
    packets[4] = b"\xfb\xff\xff"  # 63 frames of 20 ms in two bytes

    with capture_logs() as logs:
        await media.play(*opus_stream(*packets))

    (feed,) = media.ticket.feeds
    assert feed.heard["inbound"][4] == bytes(20 * BYTES_PER_MS)
    assert media.route.counters.frames["undecodable_frames"] == 1
    (ended,) = [log for log in logs if log["event"] == "media_stream_ended"]
    assert (ended["frames"], ended["undecodable_frames"]) == (10, 1)


def test_what_is_missing_and_the_end_are_passed_on() -> None:
    """They mean the same whatever the audio is."""
    heard = RecordingFeed()
    feed = DecodingFeed(heard, "OPUS")

    feed.skip("outbound", 40)
    feed.stopped(orderly=True)

    assert (heard.skipped_ms("outbound"), heard.orderly) == ([40], True)
