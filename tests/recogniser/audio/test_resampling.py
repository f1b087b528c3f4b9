from itertools import pairwise

import numpy as np
import pytest

from service.recogniser.audio.resampling import Resampler, resample
from service.recogniser.audio.samples import Samples

RATES_HZ = (8_000, 11_025, 22_050, 24_000, 44_100, 48_000)


def tone(frequency_hz: float, rate_hz: int) -> Samples:
    """Return one second of a sine."""
    return np.sin(2 * np.pi * frequency_hz * np.arange(rate_hz) / rate_hz).astype(np.float32)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_tone_stays_where_it_is(rate_hz: int) -> None:
    """Neither its pitch, its place in time nor its loudness changes."""
    made = resample(tone(1000, rate_hz), rate_hz, 16_000)

    assert len(made) == 16_000
    assert np.abs(made - tone(1000, 16_000))[100:-100].max() < 0.01


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_stream_gives_what_the_whole_gives(rate_hz: int) -> None:
    """Wherever the audio is cut, the seams cannot be heard."""
    audio = tone(1000, rate_hz)
    cuts = [0, *sorted(np.random.default_rng(1).integers(0, rate_hz, 40)), rate_hz]
    stream = Resampler(rate_hz, 16_000)

    parts = [stream.feed(audio[a:b]) for a, b in pairwise(cuts)]
    made = np.concatenate((*parts, stream.flush()))[:16_000]

    assert np.array_equal(made, resample(audio, rate_hz, 16_000))


def test_what_is_too_high_for_the_new_rate_is_gone() -> None:
    """A tone above half the new rate does not come back as another one."""
    made = resample(tone(9_500, 48_000), 48_000, 16_000)

    assert np.abs(made[100:-100]).max() < 0.02


def test_the_same_rate_is_left_alone() -> None:
    """No work is done, and nothing is held back."""
    audio = tone(440, 16_000)

    assert Resampler(16_000, 16_000).feed(audio) is audio
