"""Which number counts the frames of a stream, detected from its first ones.

Telnyx does not say whether `chunk` counts the frames of a track or of the whole stream, nor
where it begins; `sequence_number` counts the messages of the stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from service.ids import Track
from service.wire.media import WireNumber

SequenceField: TypeAlias = Literal["chunk", "sequence_number"]
"""The field of a media message whose number orders the frames."""

_MIN_DENSITY = 0.125
"""Numbers that leave out more than this count bytes or milliseconds, or anything but frames."""


@dataclass(frozen=True, slots=True)
class NumberedFrame:
    """A frame with both its numbers, until it is known which of them counts."""

    track: Track
    payload: bytes
    chunk: int | None
    sequence_number: int | None
    stamp: WireNumber = None

    def number(self, field: SequenceField) -> int | None:
        """Return the number in this field."""
        return self.chunk if field == "chunk" else self.sequence_number


def detect_sequence_field(frames: Sequence[NumberedFrame]) -> SequenceField | None:
    """Choose the field by the first frames of a stream; None if no number counts them.

    `chunk` may count each track by itself, or both together and then no number comes twice.
    """
    by_track = _numbers(frames, "chunk")
    if by_track and (_is_dense_together(by_track) or all(map(_is_dense, by_track.values()))):
        return "chunk"
    by_track = _numbers(frames, "sequence_number")
    return "sequence_number" if by_track and _is_dense_together(by_track) else None


def _numbers(frames: Sequence[NumberedFrame], field: SequenceField) -> dict[Track, set[int]]:
    """Return each track's numbers, or nothing if frames lack one or differ under the same."""
    payloads: dict[tuple[Track, int], bytes] = {}
    for frame in frames:
        number = frame.number(field)
        if number is None:
            return {}
        if payloads.setdefault((frame.track, number), frame.payload) != frame.payload:
            return {}
    by_track: dict[Track, set[int]] = {}
    for track, number in payloads:
        by_track.setdefault(track, set()).add(number)
    return by_track


def _is_dense_together(by_track: dict[Track, set[int]]) -> bool:
    together = set[int]().union(*by_track.values())
    return len(together) == sum(map(len, by_track.values())) and _is_dense(together)


def _is_dense(numbers: set[int]) -> bool:
    return len(numbers) >= (max(numbers) - min(numbers) + 1) * _MIN_DENSITY
