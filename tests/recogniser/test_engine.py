import numpy as np
import pytest

from service.recogniser.engine import read_tokens
from service.recogniser.formats import RawDecoder
from service.recogniser.resampling import Samples, resample
from service.recogniser.segmenter import VOICED
from service.recogniser.vad import VoiceTrack
from service.recogniser.workers import Networks
from tests.recogniser.talking import recording, reference, word_error_rate

pytestmark = pytest.mark.speech


def audio(name: str) -> Samples:
    """Return a recording as samples, 8 kHz."""
    return RawDecoder("mulaw", 8000).feed(recording(name))


def test_read_speech_is_understood(networks: Networks) -> None:
    """A sentence of a novel over the telephone, decoded in one piece."""
    heard = networks.engine.decode(audio("austen_0870"), 8000)

    assert word_error_rate(reference("austen_0870"), heard.text) <= 0.1
    assert heard.confidence > 0.8


def test_more_than_nine_seconds_can_be_decoded(networks: Networks) -> None:
    """Beyond 9 s the decoder wants its attention mask in samples; 12 s is what it gets at most."""
    heard = networks.engine.decode(audio("jfk")[: 11 * 8000], 8000)

    assert word_error_rate(reference("jfk"), heard.text) <= 0.2


@pytest.mark.parametrize("length", [1, 100, 2000])
def test_very_short_audio_can_be_decoded(networks: Networks, length: int) -> None:
    """Even a single sample does not make the networks fail."""
    assert 0 <= networks.engine.decode(audio("jfk")[:length], 8000).confidence <= 1


def test_decoding_cannot_go_on_for_ever(networks: Networks) -> None:
    """On noise the decoder may repeat itself, but not past 6.5 tokens a second."""
    noise = np.random.default_rng(1).normal(0, 0.2, 2 * 16_000).astype(np.float32)

    assert len(networks.engine.decode(noise, 16_000).text.split()) <= 15


def test_tokens_longer_than_127_bytes_are_read() -> None:
    """Their length takes two bytes."""
    assert read_tokens(b"\x02ab\x81\x01" + b"c" * 129) == [b"ab", b"c" * 129]


def test_each_track_has_an_ear_of_its_own(networks: Networks) -> None:
    """What one track hears does not change what another makes of the same audio."""
    speech = audio("austen_0920")
    frames = [speech[at : at + 256] for at in range(0, 256 * 100, 256)]
    noise = np.random.default_rng(1).normal(0, 0.3, 256).astype(np.float32)
    alone, beside, other = (VoiceTrack(networks.detector, 8000) for _ in range(3))

    expected = [alone.hear(frame) for frame in frames]
    heard = [(beside.hear(frame), other.hear(noise))[0] for frame in frames]

    assert heard == expected


def voiced(networks: Networks, samples: Samples, rate_hz: int) -> float:
    """Return the share of frames that are heard as speech."""
    track = VoiceTrack(networks.detector, rate_hz)
    size = track.frame_samples
    frames = [samples[at : at + size] for at in range(0, len(samples) - size, size)]
    return sum(track.hear(frame) >= VOICED for frame in frames) / len(frames)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_voices_are_told_from_noise_at_both_rates(networks: Networks, rate_hz: int) -> None:
    """Most frames of a read sentence are voiced, none of white noise."""
    speech = resample(audio("austen_0920"), 8_000, rate_hz)
    noise = np.random.default_rng(1).normal(0, 0.1, len(speech)).astype(np.float32)

    assert voiced(networks, speech, rate_hz) > 0.8
    assert voiced(networks, noise, rate_hz) == 0
