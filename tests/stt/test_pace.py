"""The pace of a speaker: by texts whose speech is known."""

from service.stt.pace import Pace
from service.stt.ring import Span


def test_who_speaks_fast_is_known_by_what_was_said_alone() -> None:
    """The middle of the last few: one that went wrong does not count."""
    pace = Pace()
    assert (pace.factor, pace.slack) == (1.0, 0.5)

    pace.learn(2000, [Span(0, 600), Span(700, 1100)])
    assert pace.factor == 0.5
    assert pace.slack < 0.5

    pace.learn(2000, [Span(5000, 9000)])
    pace.learn(2000, [Span(10_000, 11_000)])
    assert pace.factor == 0.5


def test_how_far_a_text_may_be_off_is_known_better_with_every_text() -> None:
    """One alone may have been said in haste."""
    pace = Pace()
    slacks = []
    for _ in range(4):
        slacks.append(pace.slack)
        pace.learn(1000, [Span(0, 1000)])

    assert slacks == [0.5, 0.35, 0.25, 0.15]
    assert pace.slack == 0.15


def test_speech_that_may_be_of_two_texts_says_nothing() -> None:
    """Nor does a text that is all but nothing, nor one without any speech."""
    pace = Pace()
    pace.learn(2000, [Span(0, 1000), Span(3000, 4000)])
    pace.learn(100, [Span(0, 1000)])
    pace.learn(2000, [])

    assert pace.factor == 1.0


def test_nobody_speaks_ten_times_as_fast() -> None:
    """What looks like it was something else."""
    pace = Pace()
    pace.learn(10_000, [Span(0, 100)])

    assert pace.factor == 0.4
