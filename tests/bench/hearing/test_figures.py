import numpy as np

from tests.bench.hearing.conditions import from_mulaw as heard
from tests.bench.hearing.conditions import over_a_bad_line, over_the_phone, to_mulaw
from tests.bench.hearing.figures import percentile
from tests.bench.hearing.followed import LEAD_S, Utterance, delays
from tests.bench.hearing.scoring import changed_words, errors
from tests.bench.hearing.work import Text


def test_how_a_word_is_written_is_no_error() -> None:
    """Case, punctuation, fillers, contractions and small numbers are the engine's own taste."""
    said = "Um, I'm one of 12. Alright?"

    assert errors(said, "i am 1 of twelve all right").errors == 0
    assert errors(said, "i am 1 of eleven all right").errors == 1


def test_words_shown_and_settled_otherwise_are_counted() -> None:
    """A partial is held against the beginning of its final: two of its five words have changed."""
    assert changed_words(["ask knot", "ask not whale"], "Ask not what your country") == (2, 5)
    assert changed_words(["ask not"], "Ask not what your country") == (0, 2)


def test_delays_count_from_the_voice() -> None:
    """Text from where the voice begins, finals from where it ends; no text is no answer."""
    utterance = Utterance(b"", end_s=LEAD_S + 2)
    texts = [
        Text(LEAD_S + 0.5, "", is_final=False),
        Text(LEAD_S + 0.75, "so", is_final=False),
        Text(LEAD_S + 3, "so be it", is_final=True),
    ]

    found = delays({0: texts}, [utterance])

    assert np.allclose([found.first_p50_s, found.final_p50_s, found.changed], [0.75, 1, 0])


def test_mulaw_is_put_into_the_nearest_byte() -> None:
    """Every value that a byte stands for comes back; 0 has two bytes."""
    every = bytes(range(256))

    assert heard(to_mulaw(heard(every))).tolist() == heard(every).tolist()


def test_a_bad_line_is_fifteen_decibels_of_noise_and_the_same_each_time() -> None:
    """What comes on top of the speech has a 30th of its power, and has not changed by tomorrow."""
    tone = np.sin(np.arange(32_000) * 2 * np.pi * 1000 / 16_000) / 4
    phone = over_the_phone(tone.astype(np.float32), 16_000)

    noisy = over_a_bad_line(phone, seed=1)
    noise = heard(noisy) - heard(phone)

    assert noisy == over_a_bad_line(phone, seed=1)
    assert abs(10 * np.log10(np.mean(heard(phone) ** 2) / np.mean(noise**2)) - 15) < 1


def test_percentiles_are_values_that_were_measured() -> None:
    """The median of one is that one; 95 % of twenty leaves one out; of nothing there is nothing."""
    assert percentile([3.0], 50) == 3
    assert percentile([float(n) for n in range(20)], 95) == 18
    assert percentile([], 50) == 0
