"""Which number counts the frames of a stream, found out from its first ones.

Telnyx does not say whether `chunk` counts the frames of a track or of the whole stream, nor
where it begins; `sequence_number` counts the messages of the stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from service.ids import Track

Number: TypeAlias = int | str | None
"""A counter as it is on the wire: from Telnyx, a string of decimals."""

Numbering: TypeAlias = Literal["chunk", "sequence_number"]

_LONGEST_NUMBER = 18
_TOO_LARGE = 10**_LONGEST_NUMBER
_LEAST_DENSITY = 0.125
"""Numbers that leave out more than this count bytes or milliseconds, or anything but frames."""


@dataclass(frozen=True, slots=True)
class NumberedFrame:
    """A frame with both its numbers, until it is known which of them counts."""

    track: Track
    payload: bytes
    chunk: int | None
    sequence_number: int | None

    def number(self, numbering: Numbering) -> int | None:
        """Return the number that `numbering` goes by."""
        return self.chunk if numbering == "chunk" else self.sequence_number


def read_number(number: Number) -> int | None:
    """Return a number off the wire; None if it is missing, negative or too long to be one."""
    if isinstance(number, str):
        fits = len(number) <= _LONGEST_NUMBER and number.isdecimal()
        return int(number) if fits else None
    return number if number is not None and 0 <= number < _TOO_LARGE else None


def find_numbering(frames: Sequence[NumberedFrame]) -> Numbering | None:
    """Choose by the first frames of a stream; None if no number counts them.

    `chunk` may count each track by itself, or both together and then no number comes twice.
    """
    by_track = _numbers(frames, "chunk")
    if by_track and (_is_dense_together(by_track) or all(map(_is_dense, by_track.values()))):
        return "chunk"
    by_track = _numbers(frames, "sequence_number")
    return "sequence_number" if by_track and _is_dense_together(by_track) else None


def _numbers(frames: Sequence[NumberedFrame], numbering: Numbering) -> dict[Track, set[int]]:
    """Return each track's numbers, or nothing if frames lack one or differ under the same."""
    payloads: dict[tuple[Track, int], bytes] = {}
    for frame in frames:
        number = frame.number(numbering)
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
    return len(numbers) >= (max(numbers) - min(numbers) + 1) * _LEAST_DENSITY
