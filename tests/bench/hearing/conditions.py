"""What a telephone does to speech, and what a bad line does."""

from typing import Final

import numpy as np

from service.recogniser.audio.raw import RawDecoder
from service.recogniser.audio.resampling import resample
from service.recogniser.audio.samples import Samples

PHONE_HZ: Final = 8_000
LOWEST_HZ, HIGHEST_HZ = 300, 3_400
NOISE_DB: Final = 15
"""How far the speech is above the noise."""
CONDITIONS: Final = ("phone", "clean", "noise")
"""The one that matters first."""


def to_mulaw(samples: Samples) -> bytes:
    """Return each sample as the byte that stands for the nearest value (G.711)."""
    values = RawDecoder("mulaw", PHONE_HZ).feed(bytes(range(256)))
    order = np.argsort(values, kind="stable")
    ladder = values[order]
    nearest = np.searchsorted((ladder[1:] + ladder[:-1]) / 2, samples)
    return order[nearest].astype(np.uint8).tobytes()


def from_mulaw(data: bytes) -> Samples:
    """Return the samples that these bytes stand for."""
    return RawDecoder("mulaw", PHONE_HZ).feed(data)


def over_the_phone(samples: Samples, rate_hz: int) -> bytes:
    """Return speech as a telephone line carries it: 8 kHz, mu-law."""
    return to_mulaw(resample(samples, rate_hz, PHONE_HZ))


def over_a_bad_line(phone: bytes, seed: int) -> bytes:
    """Return it with pink noise, 300 to 3400 Hz only, and as mu-law once more."""
    speech = _narrow(from_mulaw(phone))
    noise = _narrow(_pink(len(speech), seed))
    level = np.sqrt(np.mean(np.square(speech)))
    noise *= level * 10 ** (-NOISE_DB / 20) / np.sqrt(np.mean(np.square(noise)))
    return to_mulaw(speech + noise)


def _pink(length: int, seed: int) -> Samples:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.asarray(np.fft.irfft(spectrum, length), np.float32)


def _narrow(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(len(samples), 1 / PHONE_HZ)
    spectrum[(frequencies < LOWEST_HZ) | (frequencies > HIGHEST_HZ)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(samples)), np.float32)
