"""Word error rate."""

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.demo.wer import Score, score_words, word_errors, words_of

WORDS = st.lists(st.sampled_from(["a", "b", "c", "yes", "no"]), max_size=12)


@given(said=WORDS.filter(bool), heard=WORDS)
def test_errors_are_those_that_jiwer_counts(said: list[str], heard: list[str]) -> None:
    """An independent implementation finds the same number of errors."""
    theirs = jiwer.process_words(" ".join(said), " ".join(heard))

    ours = word_errors(said, heard)

    assert ours == theirs.substitutions + theirs.deletions + theirs.insertions
    assert Score(ours, len(said)).rate == pytest.approx(theirs.wer)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mr. Dashwood, I'm OK!", ["mister", "dashwood", "i'm", "okay"]),
        ("cold-hearted \u2018selfish\u2019 don\u2019t", ["cold", "hearted", "selfish", "don't"]),
        (" \u2026 - ' ", []),
        ("\uff28\uff45\uff4c\uff4c\uff4f Stra\u00dfe", ["hello", "strasse"]),
    ],
)
def test_spelling_that_nobody_can_hear_does_not_count(text: str, words: list[str]) -> None:
    """Case, punctuation, hyphens, typographic forms and the usual abbreviations are the same."""
    assert words_of(text) == words


def test_a_word_heard_of_the_wrong_speaker_is_two_errors() -> None:
    """One is missing where it was said, and one is too many where it was not."""
    right = score_words({"agent": "yes", "customer": "no"}, {"agent": "Yes.", "customer": "No."})
    wrong = score_words({"agent": "yes", "customer": "no"}, {"customer": "yes no"})

    assert right == Score(0, 2)
    assert wrong == Score(2, 2)


def test_words_made_up_of_silence_are_errors() -> None:
    """There is no rate without words, but there is right and wrong."""
    assert score_words({}, {"agent": "you"}).rate == 1.0
    assert score_words({}, {}).rate == 0.0
