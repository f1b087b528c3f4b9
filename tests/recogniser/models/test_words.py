import pytest

from service.recogniser.models.hypothesis import Hypothesis, Token, TokenTimes
from service.recogniser.models.networks import Networks
from service.recogniser.models.words import timed_words
from tests.recogniser.builders import audio

pytestmark = pytest.mark.speech


def test_words_are_where_they_are_said(networks: Networks) -> None:
    """By hand, to a tenth of a second: where some of them begin in the recording."""
    samples = audio("jfk")[: 8 * 8_000]

    heard = networks.engine.decode(samples, 8_000, words=True)
    words = timed_words(heard, samples, 8_000, 10.0)

    starts = {word.text.strip(",.").lower(): word.start_s - 10 for word in words}
    assert starts["and"] == pytest.approx(0.3, abs=0.15)
    assert starts["ask"] == pytest.approx(3.3, abs=0.15)
    assert [word.start_s for word in words] == sorted(word.start_s for word in words)


def test_who_does_not_ask_gets_no_times(networks: Networks) -> None:
    """They are not worked out either."""
    samples = audio("austen_0920")

    heard = networks.engine.decode(samples, 8_000)

    assert timed_words(heard, samples, 8_000, 0.0) == ()


def test_words_are_written_as_in_the_text() -> None:
    """Also where marks and capitals were put right."""
    tokens = tuple(Token(at, text, 0.9) for at, text in enumerate([" So", ".", " do", " it"]))
    times = TokenTimes([(0, 5), (5, 6), (6, 9), (9, 12)], 0.024)
    hypothesis = Hypothesis("So. Do it", 0.9, tokens, times)

    words = timed_words(hypothesis, audio("austen_0920"), 8_000, 0.0)

    assert [word.text for word in words] == ["So.", "Do", "it"]
