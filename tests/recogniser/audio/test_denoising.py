import numpy as np
import pytest

from service.recogniser.audio.denoising import denoised
from service.recogniser.audio.samples import Samples
from tests.recogniser.builders import audio


def level(samples: Samples) -> float:
    """Return how loud something is."""
    return float(np.sqrt(np.mean(np.square(samples))))


def test_noise_goes_and_speech_stays() -> None:
    """Where nobody speaks half of the noise is gone; the speech is as loud as it was."""
    speech = audio("austen_0920")
    noise = np.random.default_rng(1).normal(0, 0.01, len(speech) + 8_000).astype(np.float32)
    spoken = noise.copy()
    spoken[8_000:] += speech

    clean = denoised(spoken, 8_000)

    assert level(clean[1_000:7_000]) < 0.5 * level(spoken[1_000:7_000])
    assert level(clean[8_000:]) == pytest.approx(level(speech), rel=0.15)
    assert np.corrcoef(clean[8_000:], speech)[0, 1] > 0.95


@pytest.mark.parametrize("length", [0, 1, 63, 64, 255, 256, 257, 8_001])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_nothing_is_added_or_lost(length: int, rate_hz: int) -> None:
    """However short: as many samples, in their places, all of them numbers."""
    samples = np.random.default_rng(1).normal(0, 0.1, length).astype(np.float32)

    clean = denoised(samples, rate_hz)

    assert clean.dtype == np.float32
    assert len(clean) == length
    assert np.isfinite(clean).all()
