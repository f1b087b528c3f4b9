"""Frames as Telnyx sent them, and when each of them arrives."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from service.ids import Track
from service.wire.media import WireNumber
from tests.ingress.builders import TRACKS

Counting: TypeAlias = Literal["track", "stream", "sequence"]
"""What numbers frames: `chunk` by track, `chunk` over both tracks, or `sequence_number`."""
COUNTINGS: tuple[Counting, ...] = ("track", "stream", "sequence")
FRAME_S = 0.02


class Sent(NamedTuple):
    """A frame as Telnyx sent it."""

    track: Track
    payload: bytes
    chunk: WireNumber
    sequence_number: WireNumber
    at: float


def spoken(frames: int, counting: Counting = "track", *, first: int = 1) -> list[Sent]:
    """Two tracks of 20 ms frames, no two of them alike."""
    sent = []
    for nth in range(frames):
        for other, track in enumerate(TRACKS):
            count = first + (nth if counting == "track" else 2 * nth + other)
            payload = bytes([other]) + nth.to_bytes(2, "big") + bytes(157)
            chunk = None if counting == "sequence" else str(count)
            sequence = str(count) if counting == "sequence" else None
            sent.append(Sent(track, payload, chunk, sequence, (nth + 1) * FRAME_S))
    return sent


def on_time(sent: Iterable[Sent]) -> list[tuple[float, Sent]]:
    """Let every frame arrive when it was sent."""
    return [(frame.at, frame) for frame in sent]


def audio_of(sent: Iterable[Sent], track: Track) -> list[bytes]:
    """Return the payloads of a track, in the order they were sent."""
    return [frame.payload for frame in sent if frame.track == track]
