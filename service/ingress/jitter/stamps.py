"""What the frames' own stamps say of a burst: between which of its frames nothing was sent.

Telnyx does not say what `timestamp` counts, nor from where (TELNYX.md §4.3). So only its steps are
looked at, and measured by one another: most of the frames of a burst follow each other.
"""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from service.wire.media import WireNumber, parse_number

MIN_STEPS = 8
"""Fewer say nothing of what is usual."""
MIN_HOLE_S = 0.1
"""Less is no hole: stamps may be rounded."""


class Stamped(NamedTuple):
    """A frame, or time that was lost on the way where there is no payload."""

    payload: bytes | None
    duration_s: float
    stamp: WireNumber = None


def holes_in(frames: Sequence[Stamped]) -> list[float]:
    """Return before which frames nothing was sent, by their stamps, and for how long; 0 elsewhere.

    Of the first one nothing is known, nor of any if the stamps do not count time.
    """
    stamps = [parse_number(frame.stamp) for frame in frames]
    steps: list[tuple[int, int, float]] = []
    last, played_s = None, 0.0
    for nth, (frame, stamp) in enumerate(zip(frames, stamps, strict=True)):
        if frame.payload is not None:
            if last is not None and stamp is not None and played_s > 0:
                steps.append((nth, stamp - last, played_s))
            last, played_s = stamp, 0.0
        played_s += frame.duration_s
    holes = [0.0] * len(frames)
    if len(steps) < MIN_STEPS:
        return holes
    units_per_s = median(step / played for _, step, played in steps)
    for nth, step, played_s in steps:
        hole_s = step / units_per_s - played_s if units_per_s > 0 else 0.0
        if hole_s >= MIN_HOLE_S:
            holes[nth] = hole_s
    return holes
