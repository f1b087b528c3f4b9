"""A route that connects: a notice, a dial, a bridge, and hang-ups that follow."""

from dataclasses import replace

import pytest

from service.calls.carrier_answers import CommandDone, CommandFailed
from service.calls.commands import (
    Answer,
    AskStatus,
    Bridge,
    Dial,
    HangUp,
    Speak,
    StartTranscription,
)
from service.calls.connecting import BRIDGE_S, DIAL, FOLLOW_S
from service.calls.connecting import CALL as CALL_KEY
from service.calls.events import CallEnded, CallUnanswered, TranscriptGap
from service.calls.inputs import ControlAsked
from service.calls.routes import Route
from service.calls.state import Phase
from service.ids import LegId
from tests.calls.connections import (
    AGENT,
    IN_CALL,
    MEDIA,
    NOTICE,
    bridges,
    connected,
    dialled,
    ended,
    ringing,
    spoken,
    unreachable,
)
from tests.calls.harness import (
    CALL,
    T0,
    A,
    B,
    answered,
    hung_up,
    refused,
    said,
)


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
def test_the_caller_is_answered_and_connected(route: Route) -> None:
    """One dial, by the number that was called; it bridges by itself, and that is told once."""
    driver = connected(route)

    assert len(driver.asked(Answer)) == 1
    (dial,) = driver.asked(Dial)
    assert (dial.leg_id, dial.to, dial.from_, dial.connection_id) == (A, AGENT, "+15550111", "17")
    assert dial.mark == {CALL_KEY: CALL, DIAL: A}
    assert driver.asked(Bridge) == []
    assert bridges(driver) == [(A, B)]
    assert driver.asked(HangUp) == []


def test_the_notice_is_said_before_anybody_is_dialled() -> None:
    """In the route's voice; the dial follows when it was said."""
    driver = ringing(NOTICE)
    assert driver.asked(Dial) == []
    (speak,) = driver.asked(Speak)
    assert (speak.leg_id, speak.text) == (A, "This call is transcribed.")

    driver.receive(spoken(T0 + 3), now=T0 + 3)
    driver.run_until(T0 + 3.5)

    assert len(driver.asked(Dial)) == 1
    assert len(driver.asked(Speak)) == 1


def test_a_notice_whose_end_is_not_told_holds_nobody_up_for_long() -> None:
    """It was taken; how long it takes to say is known."""
    driver = ringing(NOTICE)
    driver.run_until(T0 + 15)

    assert len(driver.asked(Dial)) == 1


def test_a_notice_that_could_not_be_asked_for_is_asked_for_again() -> None:
    """And nobody is connected before."""
    driver = ringing(NOTICE, telnyx_answers=False)
    driver.receive(unreachable("speak", at=T0 + 5), now=T0 + 5)
    driver.receive(refused("speak", "10015", at=T0 + 6), now=T0 + 6)
    driver.run_until(T0 + 25)

    assert [speak.generation for speak in driver.asked(Speak)] == [0, 0, 1]
    assert driver.asked(Dial) == []


def test_words_given_in_the_call_begin_after_the_notice() -> None:
    """Telnyx says nothing while it transcribes; what nobody could hear is no gap."""
    driver = ringing(replace(IN_CALL, announce="This call is transcribed."))
    assert driver.asked(StartTranscription) == []

    driver.receive(spoken(T0 + 3), now=T0 + 3)
    driver.run_until(T0 + 3.5)
    assert [start.leg_id for start in driver.asked(StartTranscription)] == [A]

    driver.receive(said("hello", T0 + 5, track=None), now=T0 + 5)
    driver.run_until(T0 + 6)
    assert driver.events(TranscriptGap) == []


def test_a_bridge_that_the_dial_did_not_make_is_asked_for() -> None:
    """Whoever answered is not left alone; a lost webhook of it costs the event nothing."""
    driver = ringing(MEDIA)
    driver.receive(answered(T0 + 4, leg=B), now=T0 + 4)
    driver.run_until(T0 + 4 + BRIDGE_S + 0.1)
    assert [(one.leg_id, one.other) for one in driver.asked(Bridge)] == [(A, B)]

    driver.run_until(T0 + 12)
    assert len(bridges(driver)) == 1
    assert len(driver.asked(Bridge)) == 1


def test_a_refused_bridge_is_asked_for_again() -> None:
    """As long as both are there."""
    driver = ringing(MEDIA)
    driver.silence()
    driver.receive(answered(T0 + 4, leg=B), now=T0 + 4)
    driver.run_until(T0 + 6)
    driver.receive(refused("bridge", "90034", at=T0 + 6), now=T0 + 6)
    driver.run_until(T0 + 20)

    assert [one.generation for one in driver.asked(Bridge)] == [0, 1]


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("user_busy", "busy"),
        ("no_answer", "no_answer"),
        ("timeout", "no_answer"),
        ("call_rejected", "rejected"),
        ("not_found", "not_found"),
        ("unspecified", "failed"),
    ],
)
def test_that_nobody_is_reached_is_told_and_ends_the_call(cause: str, reason: str) -> None:
    """The caller is not left in silence."""
    driver = ringing(MEDIA)
    driver.receive(dialled(T0 + 1.1), now=T0 + 1.1)
    driver.receive(ended(T0 + 9, cause), now=T0 + 9)
    driver.run_until(T0 + 9.5)

    assert driver.events(CallUnanswered) == [CallUnanswered(leg=A, reason=reason, code="486")]
    assert [one.leg_id for one in driver.asked(HangUp)] == [A]
    driver.receive(hung_up(T0 + 10), now=T0 + 10)
    driver.run_until(T0 + 11)
    assert len(driver.events(CallEnded)) == 1
    assert driver.asked(Dial) == driver.asked(Dial)[:1]


def test_a_dial_that_telnyx_refuses_is_told() -> None:
    """It will not be taken the next time either."""
    driver = ringing(MEDIA, telnyx_answers=False)
    driver.receive(refused("dial", "90041", at=T0 + 2), now=T0 + 2)

    assert driver.events(CallUnanswered) == [CallUnanswered(leg=A, reason="refused", code="90041")]
    assert [one.leg_id for one in driver.asked(HangUp)] == [A]


def test_a_fault_found_in_a_dial_may_be_that_of_the_words_it_asked_for() -> None:
    """So it is said without them, once."""
    driver = ringing(IN_CALL, telnyx_answers=False)
    driver.receive(refused("dial", "10015", at=T0 + 2), now=T0 + 2)
    first, second = driver.asked(Dial)
    assert isinstance(first.begins, StartTranscription)
    assert (second.begins, second.generation) == (None, 1)

    driver.receive(refused("dial", "10015", at=T0 + 3), now=T0 + 3)
    assert [one.reason for one in driver.events(CallUnanswered)] == ["refused"]


def test_a_dial_is_repeated_while_telnyx_would_know_it_again_and_no_longer() -> None:
    """The same command: it may have been taken."""
    driver = ringing(MEDIA, telnyx_answers=False)
    for at in (16.0, 32.0, 48.0):
        driver.receive(unreachable("dial", at=T0 + at), now=T0 + at)
        driver.run_until(T0 + at + 1)

    assert {dial.generation for dial in driver.asked(Dial)} == {0}
    assert len(driver.asked(Dial)) == 2
    assert [one.reason for one in driver.events(CallUnanswered)] == ["unreachable"]


def test_what_comes_of_a_dial_that_was_given_up_is_nothing_new() -> None:
    """Of a command that was overtaken."""
    driver = ringing(MEDIA)
    driver.receive(unreachable("dial", at=T0 + 2), now=T0 + 2)
    driver.receive(CommandDone(leg_id=A, command="dial", at=T0 + 2, made=B), now=T0 + 2)
    driver.receive(CommandDone(leg_id=A, command="speak", at=T0 + 2), now=T0 + 2)
    driver.receive(
        CommandDone(leg_id=B, command="dial", at=T0 + 2), refused("speak", "1"), now=T0 + 2
    )
    unknown = CommandFailed(leg_id=B, command="dial", at=T0 + 2, code="", reason="refused")
    driver.receive(unknown, now=T0 + 2)

    assert len(driver.asked(Dial)) == 1
    assert driver.events(CallUnanswered) == []


@pytest.mark.parametrize(("first", "other"), [(A, B), (B, A)])
def test_when_one_hangs_up_telnyx_ends_the_other(first: LegId, other: LegId) -> None:
    """Nothing is asked of it unless it takes too long."""
    driver = connected(MEDIA)
    driver.receive(hung_up(T0 + 20, leg=first), now=T0 + 20)
    driver.receive(hung_up(T0 + 20.2, leg=other), now=T0 + 20.2)
    driver.run_until(T0 + 30)

    assert driver.asked(HangUp) == []
    assert len(driver.events(CallEnded)) == 1
    assert driver.session.state.phase is Phase.COMPLETE


@pytest.mark.parametrize(("first", "other"), [(A, B), (B, A)])
def test_when_telnyx_does_not_end_the_other_it_is_told_to(first: LegId, other: LegId) -> None:
    """Until it is known to be over."""
    driver = connected(MEDIA)
    driver.receive(hung_up(T0 + 20, leg=first), now=T0 + 20)
    driver.run_until(T0 + 20 + FOLLOW_S + 0.4)
    assert [one.leg_id for one in driver.asked(HangUp)] == [other]

    driver.gone[other] = T0 + 22
    driver.run_until(T0 + 40)
    assert len(driver.events(CallEnded)) == 1


def test_a_caller_who_gives_up_has_the_ringing_ended() -> None:
    """At once; that nobody answered is then no news."""
    driver = ringing(MEDIA)
    driver.receive(dialled(T0 + 1.1), now=T0 + 1.1)
    driver.receive(hung_up(T0 + 5), now=T0 + 5)
    driver.run_until(T0 + 5.4)
    assert [one.leg_id for one in driver.asked(HangUp)] == [B]

    driver.receive(ended(T0 + 5.5, "originator_cancel"), now=T0 + 5.5)
    driver.run_until(T0 + 6)
    assert driver.events(CallUnanswered) == []
    assert len(driver.events(CallEnded)) == 1


def test_a_call_is_not_over_while_a_dial_may_have_made_a_leg() -> None:
    """The caller went while Telnyx was told: what came of it is waited for, and hung up."""
    driver = ringing(MEDIA, telnyx_answers=False)
    driver.receive(hung_up(T0 + 2), now=T0 + 2)
    driver.run_until(T0 + 3)
    assert driver.events(CallEnded) == []

    driver.receive(CommandDone(leg_id=A, command="dial", at=T0 + 4, made=B), now=T0 + 4)
    assert [one.leg_id for one in driver.asked(HangUp)] == [B]
    driver.receive(ended(T0 + 5, "originator_cancel"), now=T0 + 5)
    driver.run_until(T0 + 6)
    assert len(driver.events(CallEnded)) == 1


def test_a_dial_that_failed_ends_a_call_whose_caller_went() -> None:
    """And is not told: there was nobody to connect any more."""
    driver = ringing(MEDIA, telnyx_answers=False)
    driver.receive(hung_up(T0 + 2), now=T0 + 2)
    driver.run_until(T0 + 3)
    driver.receive(refused("dial", "90018", at=T0 + 4), now=T0 + 4)

    assert driver.events(CallUnanswered) == []
    assert len(driver.events(CallEnded)) == 1


def test_a_leg_that_shows_itself_after_the_end_is_hung_up() -> None:
    """Nothing is left over, however late it comes."""
    driver = ringing(MEDIA, telnyx_answers=False)
    driver.receive(hung_up(T0 + 2), now=T0 + 2)
    driver.run_until(T0 + 3)
    driver.restart(T0 + 4)
    driver.run_until(T0 + 6)
    assert len(driver.events(CallEnded)) == 1

    driver.receive(dialled(T0 + 3), now=T0 + 30)
    driver.run_until(T0 + 31)
    assert [one.leg_id for one in driver.asked(HangUp)] == [B]
    driver.receive(CommandDone(leg_id=B, command="hang_up", at=T0 + 31), now=T0 + 31)
    driver.receive(ended(T0 + 32, "originator_cancel"), now=T0 + 32)
    driver.run_until(T0 + 40)
    assert driver.session.wake_at is None


def test_a_leg_that_is_gone_need_not_be_hung_up() -> None:
    """Telnyx says so; it is asked, and the call ends."""
    driver = connected(MEDIA)
    driver.silence()
    driver.receive(hung_up(T0 + 20), now=T0 + 20)
    driver.run_until(T0 + 22)
    gone = CommandFailed(leg_id=B, command="hang_up", at=T0 + 22, code="90018", reason="refused")
    driver.receive(gone, now=T0 + 22)

    assert driver.asked(AskStatus)[-1].leg_id == B
    assert len(driver.asked(HangUp)) == 1


def test_a_hang_up_that_could_not_be_told_is_told_again() -> None:
    """Ever more slowly."""
    driver = connected(MEDIA)
    driver.silence()
    driver.receive(hung_up(T0 + 20), now=T0 + 20)
    driver.run_until(T0 + 22)
    lost = CommandFailed(leg_id=B, command="hang_up", at=T0 + 22, code="", reason="unreachable")
    driver.receive(lost, now=T0 + 22)
    driver.receive(lost, now=T0 + 22)
    driver.run_until(T0 + 23)

    assert [one.leg_id for one in driver.asked(HangUp)] == [B, B, B]


def test_words_that_somebody_stopped_are_not_asked_for_with_the_dial() -> None:
    """The agent is dialled all the same."""
    driver = ringing(replace(IN_CALL, announce="This call is transcribed."))
    driver.receive(ControlAsked(action="stop", at=T0 + 2), now=T0 + 2)
    driver.receive(spoken(T0 + 3), now=T0 + 3)
    driver.run_until(T0 + 4)

    assert [dial.begins for dial in driver.asked(Dial)] == [None]
