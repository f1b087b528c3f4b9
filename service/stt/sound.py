"""What can be measured of a window of sound, cheaply: it runs on all audio of all calls."""

import math
import sys
import warnings
from collections.abc import Sequence
from itertools import pairwise

with warnings.catch_warnings():  # gone from the standard library in 3.13; audioop-lts then
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

_WIDTH = 2
_TONE_STEP_S = 3 / 8000
"""Distance of the samples that are compared: it tells apart what lies below 1300 Hz."""
_ROOM = 1 / 4
"""Samples are made so much smaller, for their sums to fit."""
_TONE_RESIDUE = 0.12
"""How much of a window's loudness two sine waves may leave unexplained."""
_QUIETEST = 50
"""Levels below this are all the same to the rhythm."""
_FLAT = 0.15
"""A level that wavers less, in natural logarithms, has no rhythm."""
_LOG_SCALE = 4000
_MIN_BEAT, _MAX_BEAT = 4, 40
"""Lengths of a beat, in windows."""
_FALL = 0.2
"""How far the likeness falls between one beat and the next."""


def loudness(linear: bytes | memoryview) -> int:
    """Return the root mean square of native 16-bit samples, 0 to 32768."""
    return audioop.rms(linear, _WIDTH)


def crossings(linear: bytes | memoryview) -> int:
    """Return how often native 16-bit samples cross zero."""
    return audioop.cross(linear, _WIDTH)


def is_tone(linear: bytes, rate_hz: int) -> bool:
    """Say whether a window is one sine wave or two, as the tones of a telephone exchange are.

    Each sample then follows from four others: y = x0 + x4 = a (x1 + x3) + b x2, with the same
    a and b throughout. The best there are, by least squares, leave next to nothing.
    """
    step = max(1, round(rate_hz * _TONE_STEP_S)) * _WIDTH
    parts = (linear[n * step : len(linear) - (4 - n) * step] for n in range(5))
    x0, x1, x2, x3, x4 = (audioop.mul(part, _WIDTH, _ROOM) for part in parts)
    y, u = audioop.add(x0, x4, _WIDTH), audioop.add(x1, x3, _WIDTH)
    uu, vv, uv = _dot(u, u), _dot(x2, x2), _dot(u, x2)
    yu, yv = _dot(y, u), _dot(y, x2)
    determinant = uu * vv - uv * uv
    if determinant > 1e-4 * uu * vv:
        a, b = (yu * vv - yv * uv) / determinant, (yv * uu - yu * uv) / determinant
    else:  # one wave: x1 + x3 and x2 say the same
        a, b = (yu / uu if uu else 0.0), 0.0
    rest = audioop.add(audioop.mul(u, _WIDTH, -a), audioop.mul(x2, _WIDTH, -b), _WIDTH)
    return loudness(audioop.add(y, rest, _WIDTH)) < _TONE_RESIDUE * max(loudness(y), loudness(x2))


def rhythm(levels: Sequence[int]) -> float:
    """Return how surely levels come again after a beat: 0 for none, 1 for exactly the same.

    Only what falls off in between is a beat: all that is slow resembles itself a moment later.
    """
    logs = [math.log(max(level, _QUIETEST)) for level in levels]
    mean = sum(logs) / len(logs)
    if sum((value - mean) ** 2 for value in logs) < _FLAT**2 * len(logs):
        return 0.0
    wave = b"".join(
        round((value - mean) * _LOG_SCALE).to_bytes(_WIDTH, sys.byteorder, signed=True)
        for value in logs
    )
    likeness = [_likeness(wave, lag * _WIDTH) for lag in range(1, _MAX_BEAT + 2)]
    lowest, best = 1.0, 0.0
    for lag, (value, after) in enumerate(pairwise(likeness), 1):
        lowest = min(lowest, value)
        if lag >= _MIN_BEAT and value >= after and value - lowest >= _FALL:
            best = max(best, value)
    return best


def _likeness(wave: bytes, lag: int) -> float:
    early, late = wave[:-lag], wave[lag:]
    scale = loudness(early) * loudness(late) * (len(early) // _WIDTH)
    return _dot(early, late) / scale if scale else 0.0


def _dot(one: bytes, other: bytes) -> float:
    """Return the scalar product, nearly: the loudness it is made from is a whole number."""
    energy = loudness(other) ** 2 * (len(other) // _WIDTH)
    return audioop.findfactor(one, other) * energy if energy else 0.0
