"""Sound made of arithmetic: periods of a few partials, noise, and loudness over time. Pure.

All of it is 16-bit samples at 8 kHz, little-endian, made by `audioop` wherever there are many.
"""

import math
import struct
import warnings
from collections.abc import Sequence
from functools import cache

from service.simulator.speech.audio import RATE_HZ

with warnings.catch_warnings():  # see `audio`
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

STEP_MS = 10
"""Loudness changes this often."""
WIDTH_BYTES = 2
BYTES_PER_MS = RATE_HZ // 1000 * WIDTH_BYTES
_STEP_BYTES = STEP_MS * BYTES_PER_MS
_PEAK = 32_767


@cache
def _period(samples: int, partials: tuple[float, ...]) -> bytes:
    """Return one period of a sound whose loudest sample is full scale."""
    wave = [
        sum(
            strength * math.sin(2 * math.pi * number * at / samples)
            for number, strength in enumerate(partials, start=1)
        )
        for at in range(samples)
    ]
    peak = max(map(abs, wave)) or 1.0
    return struct.pack(f"<{samples}h", *(round(sample / peak * _PEAK) for sample in wave))


def tone(frequency_hz: float, partials: tuple[float, ...], duration_ms: int) -> bytes:
    """Return a steady tone at full scale; its period is a whole number of samples."""
    period = _period(max(2, round(RATE_HZ / frequency_hz)), partials)
    size = duration_ms * BYTES_PER_MS
    return (period * (size // len(period) + 1))[:size]


def noise(random_bytes: bytes) -> bytes:
    """Return a sample of white noise at full scale for each byte."""
    return audioop.lin2lin(random_bytes, 1, WIDTH_BYTES)


def shape(samples: bytes, loudness: Sequence[float]) -> bytes:
    """Return samples with a loudness for each 10 ms, from 0 to 1; silence after the last."""
    return b"".join(
        audioop.mul(samples[at : at + _STEP_BYTES], WIDTH_BYTES, factor)
        for at, factor in zip(range(0, len(samples), _STEP_BYTES), loudness, strict=False)
    ).ljust(len(samples), b"\0")


def swell(steps: int, *, attack: int, release: int) -> list[float]:
    """Return loudness that rises over `attack` steps, and falls over the last `release`."""
    return [
        min(1.0, (step + 1) / max(1, attack), (steps - step) / max(1, release))
        for step in range(steps)
    ]


def decay(steps: int, *, half_life: int) -> list[float]:
    """Return loudness that falls from 1, by half in every `half_life` steps: a plucked string."""
    return [0.5 ** (step / half_life) for step in range(steps)]
