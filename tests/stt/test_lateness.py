"""How late an engine is: how long its last answers may take, and when it is prompt again."""

import pytest

from service.stt.timing import LAG_MS
from tests.stt.test_stint import FINAL, PARTIAL, Talk


def test_what_is_left_at_the_end_is_due_sooner_than_a_stall() -> None:
    """Another session needs the time; but an engine that is slow may be as slow as it is."""
    talk = Talk()
    assert talk.stint.last_patience_s is None

    talk.speak(1000)
    talk.stint.arrived(FINAL, talk.now)
    assert talk.stint.last_patience_s == 3.0

    talk.speak(1000)
    talk.now += 5.0
    talk.stint.arrived(FINAL, talk.now)
    assert talk.stint.last_patience_s == 9.0


def test_the_rest_of_what_was_sent_at_once_is_waited_for_since_the_last_answer() -> None:
    """Nothing that was sent since is due; but as long as it may be at work there, it is."""
    talk = Talk()
    talk.is_burst = True
    for _ in range(2):
        talk.speak(2000)
        talk.pause(1000)
    assert talk.stint.stuck_s(talk.now + 9.0) == 0.0

    talk.now += 0.2
    talk.stint.arrived(FINAL, talk.now)
    talk.now += 2.0
    assert (talk.overdue_s(), talk.stint.stuck_s(talk.now)) == (0.0, 2.0)

    talk.stint.arrived(FINAL, talk.now)
    assert talk.stint.stuck_s(talk.now + 9.0) == 0.0


@pytest.mark.parametrize(("is_owed", "prompt_ms"), [(False, 500), (True, None)])
def test_an_engine_that_was_late_is_prompt_again_where_it_answers_what_begins_anew(
    *, is_owed: bool, prompt_ms: int | None
) -> None:
    """Several times, as a late one does so by chance; and not to what was said before."""
    talk = Talk()
    talk.speak(500)
    talk.stint.arrived(PARTIAL, talk.now)
    talk.speak(3000)
    assert talk.stint.arrived(FINAL, talk.now).prompt_ms is None

    answers = []
    for _ in range(3):
        talk.pause(2000)
        talk.speak(400)
        at = talk.stint.arrived(PARTIAL, talk.now, is_owed=lambda _: is_owed)
        answers.append(at.prompt_ms)

    assert answers == [None, None, prompt_ms]
    assert at.lag_ms > LAG_MS


def test_partials_that_come_late_are_late_by_nobody_knows_how_much() -> None:
    """Each is waited for only since the one before it; an engine without any gives no such sign."""
    talk = Talk()
    talk.speak(500)
    assert not talk.stint.arrived(FINAL, talk.now).gives_partials_late
    talk.speak(500)
    assert not talk.stint.arrived(PARTIAL, talk.now).gives_partials_late
    talk.speak(1700)

    assert talk.stint.arrived(PARTIAL, talk.now).gives_partials_late
