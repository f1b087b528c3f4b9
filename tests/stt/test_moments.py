"""Finals that come in the same moment, from an engine that gives neither times nor partials."""

from collections.abc import Callable
from typing import Any

import pytest

from service.calls.inputs import WordsHeard
from service.wire.stt import SttResult
from tests.stt.talk import Talk

SHORT, LONG = "yes please", "I would like to change the flight that I booked last week"


def spoken() -> Talk:
    """Return a talk in which a short text was said, and a long one behind a pause."""
    talk = Talk()
    talk.speak(700, pause_ms=1200)
    talk.speak(3700, pause_ms=200)
    return talk


def say(talk: Talk, text: str, **how: Any) -> list[WordsHeard]:  # noqa: ANN401 - of `Arrival`
    """Have a late engine give a final; return what is emitted."""
    known = {"has_partials": False, "lag_ms": 8000, **how}
    result = SttResult(transcript=text, is_final=True)
    return talk.transcript.add(talk.arrival(result)._replace(**known))


def test_two_that_come_together_are_put_where_both_fit() -> None:
    """The one that came first was said last: it alone would seem to be what was said first."""
    talk = spoken()

    assert say(talk, LONG) == []
    first, second = say(talk, SHORT)

    assert [(first.text, first.start_ms, first.end_ms), (second.text, second.start_ms)] == [
        (SHORT, 0, 700),
        (LONG, 1900),
    ]
    assert talk.transcript.take_doubt() == first.end_ms


def test_two_that_fit_either_way_stay_in_their_order() -> None:
    """Engines keep it, as a rule."""
    talk = Talk()
    for _ in range(2):
        talk.speak(1500, pause_ms=1000)
    texts = ["I would like to have", "and that is what it is"]

    emitted = [final for text in texts for final in say(talk, text)]

    assert [final.text for final in emitted] == texts
    assert [final.start_ms for final in emitted] == [0, 2500]


def _another(talk: Talk) -> list[WordsHeard]:
    talk.speak(100)
    return say(talk, "and so on")


@pytest.mark.parametrize(
    "end",
    [lambda talk: talk.transcript.end_moment(), lambda talk: talk.transcript.close(), _another],
)
def test_one_that_nothing_comes_with_is_told_as_soon_as_that_is_known(
    end: Callable[[Talk], list[WordsHeard]],
) -> None:
    """More audio was sent, the session is over, or another result came."""
    talk = spoken()
    assert say(talk, SHORT) == []
    assert talk.transcript.is_in_moment

    emitted = end(talk)

    assert emitted[0].text == SHORT
    assert not talk.transcript.is_in_moment


@pytest.mark.parametrize(
    "how", [{"has_partials": True}, {"queue_ms": 2000}], ids=["partials", "sent at once"]
)
def test_nothing_waits_where_something_tells_the_order(how: dict[str, Any]) -> None:
    """Nor does the last one of all that was said."""
    assert say(spoken(), SHORT, **how)
    talk = Talk()
    talk.speak(3000)
    assert say(talk, LONG)


def test_one_that_is_given_twice_is_one() -> None:
    """It is no other text that was said before or behind it."""
    talk = spoken()

    assert [final.text for _ in range(2) for final in say(talk, LONG)] == [LONG]
