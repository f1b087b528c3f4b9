"""The jitter buffer under test, with a feed that records, and a clock that is told the time."""

from collections.abc import Iterable

from service.ingress.jitter.jitter_buffer import JitterBuffer
from service.wire.audio import payload_timing
from tests.ingress.builders import TRACKS
from tests.ingress.jitter.builders import Sent, audio_of
from tests.ingress.peers import RecordingFeed


def open_buffer(
    *, is_fast: bool = False, encoding: str = "PCMU"
) -> tuple[RecordingFeed, JitterBuffer]:
    """Return a buffer that begins at 0 s, of PCMU unless told otherwise, and the feed behind it."""
    feed = RecordingFeed()
    return feed, JitterBuffer(feed, payload_timing(encoding, 8000), now=0.0, is_fast=is_fast)


def play(
    arrivals: Iterable[tuple[float, Sent]],
    *,
    until: float = 1e3,
    is_fast: bool = False,
    encoding: str = "PCMU",
) -> tuple[RecordingFeed, JitterBuffer]:
    """Push frames at their times, waking the buffer whenever it asked to be."""
    feed, buffer = open_buffer(is_fast=is_fast, encoding=encoding)
    wake_at: float | None = None
    for now, frame in sorted(arrivals, key=lambda arrival: arrival[0]):
        while wake_at is not None and wake_at <= now:
            wake_at = buffer.wake(wake_at)
        asked = buffer.push(
            frame.track, frame.payload, chunk=frame.chunk,
            sequence_number=frame.sequence_number, now=now,
        )  # fmt: skip
        wake_at = min((at for at in (wake_at, asked) if at is not None), default=None)
    while wake_at is not None and wake_at <= until:
        wake_at = buffer.wake(wake_at)
    return feed, buffer


def assert_intact(feed: RecordingFeed, sent: list[Sent]) -> None:
    """See that both tracks came out as they were sent, with nothing skipped."""
    for track in TRACKS:
        assert feed.heard.get(track, []) == audio_of(sent, track)
