from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from service.recogniser.audio.samples import Samples
from service.recogniser.models.graph_store import open_graphs
from service.recogniser.models.hearing import Hearing
from service.recogniser.models.moonshine import DecodedTokens, EncodedAudio, Moonshine
from service.recogniser.models.networks import Networks
from service.recogniser.models.weights import find_models
from service.recogniser.text.vocabulary import Vocabulary, read_tokens
from tests.recogniser.builders import audio, reference
from tests.recogniser.harness import word_error_rate

pytestmark = pytest.mark.speech

CLIP = "austen_0920"
LOOP = "press five to change press five to change"


class HardOfHearing(Moonshine):
    """A model that hears this the first times, and what is said after that."""

    def __init__(self, folder: Path, misheard: Sequence[Sequence[int]]) -> None:
        super().__init__(folder)
        self._misheard: Iterator[Sequence[int]] = iter(misheard)
        self.asked: list[bool] = []

    def decode(
        self, audio: EncodedAudio, drafted: Sequence[int] = (), *, must_speak: bool = False
    ) -> DecodedTokens:
        """Mishear, or hear."""
        self.asked.append(must_speak)
        right = super().decode(audio, drafted, must_speak=must_speak)
        ids = next(self._misheard, None)
        return right if ids is None else DecodedTokens([*ids], [-0.1 for _ in ids], right.queries)


def listen(*misheard: str, voiced_s: float | None) -> tuple[str, list[bool]]:
    """Return what is heard in the end, and for each time whether there had to be a word."""
    files = find_models("base").speech[0]
    vocabulary = Vocabulary(read_tokens(files.tokenizer.read_bytes()))
    with open_graphs(files) as folder:
        network = HardOfHearing(folder, [vocabulary.tokenize(text) for text in misheard])
    _, decoded = Hearing(network, vocabulary).hear(audio(CLIP), 8_000, (), voiced_s)
    return vocabulary.text(decoded.ids).strip(), network.asked


@pytest.mark.parametrize(
    ("misheard", "tries"),
    [
        ([], [False]),
        ([""], [False, False]),
        ([LOOP * 4], [False, False]),
        (["", ""], [False, False, True]),
    ],
)
def test_nothing_and_loops_are_listened_to_again(misheard: list[str], tries: list[bool]) -> None:
    """Without the noise; and where still nothing is heard, there must be a word."""
    text, asked = listen(*misheard, voiced_s=3.0)

    assert word_error_rate(reference(CLIP), text) <= 0.1
    assert asked == tries


def test_speech_that_goes_on_is_decoded_once() -> None:
    """The next partial comes soon enough."""
    assert listen("", voiced_s=None) == ("", [False])


def test_a_cough_need_not_be_a_word() -> None:
    """Less than a second of voice may well say nothing."""
    assert listen("", "", voiced_s=0.7) == ("", [False, False])


def test_of_two_loops_the_first_is_taken() -> None:
    """There is nothing better to be had."""
    text, asked = listen(LOOP * 4, LOOP * 5, voiced_s=3.0)

    assert (text, asked) == (LOOP * 4, [False, False])


@pytest.mark.parametrize("level", [0.002, 0.05])
def test_noise_has_no_words_however_often_it_is_heard(networks: Networks, level: float) -> None:
    """Not even where a voice is said to be in it; nor has a tone."""
    noise = np.random.default_rng(1).normal(0, level, 6 * 8_000).astype(np.float32)
    tone: Samples = (0.3 * np.sin(np.arange(6 * 8_000) * 0.3)).astype(np.float32)

    assert networks.engine.decode(noise, 8_000, voiced_s=6.0).text == ""
    assert networks.engine.decode(tone, 8_000, voiced_s=6.0).text == ""
