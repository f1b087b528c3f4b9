import numpy as np
import pytest

from service.recogniser.models.moonshine import unlooped
from service.recogniser.models.networks import Networks
from tests.recogniser.builders import audio, reference
from tests.recogniser.harness import word_error_rate

pytestmark = pytest.mark.speech


def test_read_speech_is_understood(networks: Networks) -> None:
    """A sentence of a novel over the telephone, decoded in one piece."""
    heard = networks.engine.decode(audio("austen_0870"), 8000)

    assert word_error_rate(reference("austen_0870"), heard.text) <= 0.1
    assert heard.confidence > 0.8


def test_more_than_nine_seconds_can_be_decoded(networks: Networks) -> None:
    """16 s is what it gets at most; the shipped decoder fails beyond 9 s without its mask."""
    heard = networks.engine.decode(audio("jfk")[: 11 * 8000], 8000)

    assert word_error_rate(reference("jfk"), heard.text) <= 0.2


@pytest.mark.parametrize("length", [1, 100, 2000])
def test_very_short_audio_can_be_decoded(networks: Networks, length: int) -> None:
    """Even a single sample does not make the networks fail."""
    assert 0 <= networks.engine.decode(audio("jfk")[:length], 8000).confidence <= 1


def test_decoding_cannot_go_on_for_ever(networks: Networks) -> None:
    """A sound repeated makes the decoder repeat itself, but not past 6.5 tokens a second."""
    stutter = np.tile(audio("mfa_spont_25s")[4000:6000], 12)

    assert networks.quick_engine is not None
    assert 0 < len(networks.quick_engine.decode(stutter, 8000).text.split()) <= 3 * 6.5 + 2
    assert len(networks.engine.decode(stutter, 8000).text.split()) <= 3 * 6.5 + 2


def test_notes_are_not_words(networks: Networks) -> None:
    """What the engine writes when it hears noise or music is left out."""
    noise = np.random.default_rng(1).normal(0, 0.01, 6 * 8_000).astype(np.float32)

    assert networks.engine.decode(noise, 8000).text == ""


@pytest.mark.parametrize(
    ("tokens", "kept"),
    [
        ([], 0),
        ([1, 2, 3], 3),
        ([1, *[7] * 5], 6),  # "no, no, no, no, no" is what people say
        ([1, *[7] * 6], 3),
        ([1, *[7, 8] * 6], 5),
        ([1, *[7, 8, 9] * 3], 10),
        ([1, *[7, 8, 9] * 4], 7),
        ([*range(12)] * 4, 24),
    ],
)
def test_a_loop_is_cut_down_to_two_rounds(tokens: list[int], kept: int) -> None:
    """A word or a phrase that goes round and round is the model's own, not the speaker's."""
    assert unlooped(tokens) == kept
