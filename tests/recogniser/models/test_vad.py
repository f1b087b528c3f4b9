import numpy as np
import pytest

from service.recogniser.audio.resampling import resample
from service.recogniser.audio.samples import Samples
from service.recogniser.models.networks import Networks
from service.recogniser.models.vad import VoiceTrack
from service.recogniser.speech.segmenter import VOICED
from tests.recogniser.builders import audio

pytestmark = pytest.mark.speech


def test_each_track_has_an_ear_of_its_own(networks: Networks) -> None:
    """What one track hears does not change what another makes of the same audio."""
    speech = audio("austen_0920")
    frames = [speech[at : at + 256] for at in range(0, 256 * 100, 256)]
    noise = np.random.default_rng(1).normal(0, 0.3, 256).astype(np.float32)
    alone, beside, other = (VoiceTrack(networks.detector, 8000) for _ in range(3))

    expected = [alone.detect(frame) for frame in frames]
    heard = [(beside.detect(frame), other.detect(noise))[0] for frame in frames]

    assert heard == expected


def voiced(networks: Networks, samples: Samples, rate_hz: int) -> float:
    """Return the share of frames that are heard as speech."""
    track = VoiceTrack(networks.detector, rate_hz)
    size = track.frame_samples
    frames = [samples[at : at + size] for at in range(0, len(samples) - size, size)]
    return sum(track.detect(frame) >= VOICED for frame in frames) / len(frames)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_voices_are_told_from_noise_at_both_rates(networks: Networks, rate_hz: int) -> None:
    """Most frames of a read sentence are voiced, none of white noise."""
    speech = resample(audio("austen_0920"), 8_000, rate_hz)
    noise = np.random.default_rng(1).normal(0, 0.1, len(speech)).astype(np.float32)

    assert voiced(networks, speech, rate_hz) > 0.8
    assert voiced(networks, noise, rate_hz) == 0
