"""What the numbers of media frames mean: how they count, in which unit, in which order. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.wire.audio import decodable, payload_timing
from service.wire.media import Media, Message, Start, parse_number

_TOLERANCE = 0.1
"""How far a unit may be from what it is taken for, as a share."""
_ENOUGH = 10
"""So many frames of a track tell a unit."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came. Numbers are None where they are missing or are no numbers."""

    track: str
    chunk: int | None
    timestamp: int | None
    sequence: int | None
    payload: bytes


@dataclass(frozen=True, slots=True)
class Shape:
    """What a stream's audio is said to be."""

    encoding: str
    rate_hz: int
    channels: int

    @classmethod
    def of(cls, start: Start) -> "Shape":
        """Read the `media_format` of a `start`."""
        said = start.media_format
        rate, channels = parse_number(said.sample_rate), parse_number(said.channels)
        return cls(said.encoding, rate or 0, channels or 0)


def read_frame(message: Message, media: Media) -> Frame:
    """Read the numbers of a media message."""
    return Frame(
        media.track,
        parse_number(media.chunk),
        parse_number(media.timestamp),
        parse_number(message.sequence_number),
        media.payload,
    )


def frame_ms(frames: Sequence[Frame], shape: Shape) -> list[float]:
    """Return how long each frame plays; nothing of audio that nobody here can read."""
    if not decodable(shape.encoding, shape.rate_hz, shape.channels):
        return []
    timing = payload_timing(shape.encoding, shape.rate_hz)
    return [timing.read(frame.payload).duration_ms for frame in frames]


def say_length(frames: Sequence[Frame], shape: Shape) -> str:
    """Say how long frames are: the most frequent length, and whether all have it."""
    lengths = [round(length) for length in frame_ms(frames, shape)]
    if not lengths:
        return "frames of unknown length"
    usual = max(set(lengths), key=lengths.count)
    return f"{usual} ms" if all(one == usual for one in lengths) else f"mostly {usual} ms"


def say_chunks(tracks: Mapping[str, Sequence[Frame]]) -> str:
    """Say whether `chunk` counts in each track or over all, and what it begins with."""
    chunks = [[one.chunk for one in frames if one.chunk is not None] for frames in tracks.values()]
    if not chunks or not all(chunks):
        return "missing"
    begins = min(min(one) for one in chunks)
    if len(chunks) == 1:
        return f"from {begins} of one track"
    shared = set(chunks[0]) & set(chunks[1])
    return f"from {begins} {'in each track' if shared else 'over both tracks'}"


def say_order(tracks: Mapping[str, Sequence[Frame]]) -> str:
    """Say whether frames came in the order of their numbers, each once."""
    late = again = 0
    for frames in tracks.values():
        seen: set[int] = set()
        for chunk in (one.chunk for one in frames if one.chunk is not None):
            again += chunk in seen
            late += bool(seen) and chunk not in seen and chunk < max(seen)
            seen.add(chunk)
    if not late and not again:
        return "in order each once"
    parts = ["some late"] * bool(late) + ["some twice"] * bool(again)
    return " ".join(parts)


def say_sequence(frames: Sequence[Frame]) -> str:
    """Say how `sequence_number` goes over the frames of all tracks."""
    numbers = [one.sequence for one in frames if one.sequence is not None]
    if len(numbers) < len(frames) or not numbers:
        return "missing"
    steps = {later - earlier for earlier, later in pairwise(numbers)}
    if steps <= {1}:
        return f"from {numbers[0]} by 1 over both tracks"
    return "rises" if all(step > 0 for step in steps) else "does not always rise"


def say_timestamps(tracks: Mapping[str, Sequence[Frame]], shape: Shape) -> str:
    """Say in which unit `timestamp` counts, found by how long the frames play."""
    for came in tracks.values():
        frames = sorted({one.chunk: one for one in came}.values(), key=lambda one: one.chunk or 0)
        stamps = [one.timestamp for one in frames]
        lengths = frame_ms(frames, shape)
        first, last = (stamps[0], stamps[-1]) if stamps else (None, None)
        if first is None or last is None:
            return "missing"
        if len(lengths) >= _ENOUGH and (played_ms := sum(lengths[:-1])):
            return _unit((last - first) / played_ms, shape, played_ms / (len(lengths) - 1))
    return "too few frames"


def _unit(per_ms: float, shape: Shape, length_ms: float) -> str:
    units = {"ms": 1.0, "samples": shape.rate_hz / 1000, "frames": 1 / length_ms}
    for unit, expected in units.items():
        if abs(per_ms - expected) <= expected * _TOLERANCE:
            return unit
    return "another unit"
