"""Calls of our own: dialled once, heard from the first word on, and over if nobody answers."""

from dataclasses import replace

import msgspec
import pytest

from service.calls.carrier_answers import CommandDone, CommandFailed
from service.calls.commands import (
    Answer,
    Dial,
    FetchMissed,
    HangUp,
    OpenRecognition,
    Reply,
    Speak,
    StartStreaming,
    StartTranscription,
    StopStreaming,
)
from service.calls.connecting import CALL as CALL_KEY
from service.calls.connecting import DIAL, call_of
from service.calls.dial_wish import DialAsked
from service.calls.events import CallAnswered, CallEnded, CallStarted, CallUnanswered
from service.calls.inputs import EraseAsked, LegInitiated
from service.calls.inputs import MediaTurnedAway as TurnedAway
from service.calls.outgoing import is_ours, new_call_id
from service.calls.requests import EFFECT_S
from service.calls.routes import Route
from service.calls.state import Phase
from service.ids import CallId, LegId
from tests.calls.connections import bridged, bridges, ended, spoken
from tests.calls.harness import (
    CALL,
    T0,
    A,
    B,
    Driver,
    answered,
    hung_up,
    initiated,
    media_started,
    said,
)

NONE = LegId("")
OUT = {"direction": "outgoing", "connection_id": "17"}
MEDIA = Route(source="media", match=OUT, metadata={"queue": "out"})
IN_CALL = Route(source="in_call", engine="Telnyx", match=OUT)
ASKED = DialAsked(at=T0, from_number="+15550100", to_number="+15550142", metadata={"ticket": 7})
AGENT = "+15550177"


def shown(at: float, *, leg: LegId = A, of: LegId = NONE) -> LegInitiated:
    """The leg that we had Telnyx dial shows itself."""
    mark = {CALL_KEY: CALL, DIAL: of}
    return msgspec.structs.replace(initiated(at, leg=leg, incoming=False), client_state=mark)


def dialled(route: Route, *, telnyx_answers: bool = True) -> Driver:
    """Return a call that was asked for."""
    driver = Driver(route, telnyx_answers=telnyx_answers)
    driver.makes = A
    asked = replace(ASKED, connection_id="17")
    driver.receive(asked, now=T0)
    return driver


def test_a_call_that_is_asked_for_is_dialled_with_its_words() -> None:
    """On media, with a fork for the leg that is not there yet; the event has what was asked."""
    driver = dialled(MEDIA)

    (dial,) = driver.asked(Dial)
    assert (dial.leg_id, dial.to, dial.from_, dial.connection_id) == (
        NONE,
        "+15550142",
        "+15550100",
        "17",
    )
    assert isinstance(dial.begins, StartStreaming)
    assert driver.replies == [Reply(changed=True)]
    (started,) = driver.events(CallStarted)
    assert (started.direction, started.from_, started.to) == ("outgoing", "+15550100", "+15550142")
    assert driver.facts[0].metadata == {"queue": "out", "ticket": 7}


def test_it_is_heard_from_its_answer_on_without_another_command() -> None:
    """The socket may be faster than the webhook of the answer."""
    driver = dialled(MEDIA)
    driver.receive(shown(T0 + 1), now=T0 + 1)
    driver.receive(media_started(T0 + 5), now=T0 + 5)
    driver.receive(answered(T0 + 4.9), now=T0 + 6)
    driver.run_until(T0 + 30)

    assert len(driver.asked(OpenRecognition)) == 2
    assert driver.asked(StartStreaming) == []
    assert driver.asked(Answer) == []
    assert len(driver.events(CallAnswered)) == 1


def test_a_fork_that_does_not_come_is_asked_for() -> None:
    """As any other one that came to nothing."""
    driver = dialled(MEDIA)
    driver.receive(shown(T0 + 1), now=T0 + 1)
    driver.receive(answered(T0 + 5), now=T0 + 5)
    driver.receive(TurnedAway(leg_id=NONE, at=T0 + 5), now=T0 + 5)
    driver.run_until(T0 + 5 + EFFECT_S["start_streaming"] + 5)

    assert driver.asked(StopStreaming)
    assert [one.leg_id for one in driver.asked(StartStreaming)] == [A]


def test_words_given_in_the_call_come_with_the_dial() -> None:
    """Nothing is asked for after the answer."""
    driver = dialled(IN_CALL)
    (dial,) = driver.asked(Dial)
    assert isinstance(dial.begins, StartTranscription)
    assert dial.begins.tracks == "both"

    driver.receive(answered(T0 + 5), now=T0 + 5)
    driver.receive(said("hello", T0 + 6), now=T0 + 6)
    driver.run_until(T0 + 7)
    assert driver.asked(StartTranscription) == []
    assert [final.role for final in driver.finals] == ["customer"]


def test_asking_again_is_no_news() -> None:
    """But for another number: that is another call."""
    driver = dialled(MEDIA)
    driver.receive(ASKED, now=T0 + 1)
    driver.receive(replace(ASKED, to_number="+15550143"), now=T0 + 1)

    assert driver.replies[1:] == [Reply(), Reply(refused="another")]
    assert len(driver.asked(Dial)) == 1


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        (replace(ASKED, route="sales"), "no_route"),
        (replace(ASKED, connection_id="18"), "no_route"),
        (replace(ASKED, route="any"), "no_connection"),
    ],
)
def test_a_call_that_nothing_is_for_is_refused(asked: DialAsked, refused: str) -> None:
    """And nothing of it is kept."""
    driver = Driver(MEDIA, Route(name="any", match={"direction": "in*", "connection_id": "1*"}))
    driver.receive(asked, now=T0)

    assert driver.replies == [Reply(refused=refused)]
    assert not driver.outcome.durable
    assert driver.session.state.phase is Phase.UNKNOWN


def test_a_route_may_be_named_and_may_name_the_application() -> None:
    """It need not match."""
    driver = Driver(Route(name="sales", match={"direction": "incoming", "connection_id": "23"}))
    driver.receive(replace(ASKED, route="sales"), now=T0)

    assert [dial.connection_id for dial in driver.asked(Dial)] == ["23"]


def test_a_call_that_telnyx_does_not_dial_is_over() -> None:
    """Without a leg; why is told."""
    driver = dialled(IN_CALL, telnyx_answers=False)
    failed = CommandFailed(leg_id=NONE, command="dial", at=T0 + 1, code="10010", reason="refused")
    driver.receive(failed, now=T0 + 1)
    driver.run_until(T0 + 10)

    assert driver.events(CallUnanswered) == [
        CallUnanswered(leg=None, reason="refused", code="10010")
    ]
    assert [one.cause for one in driver.events(CallEnded)] == ["not_dialled"]
    assert driver.session.state.phase is Phase.COMPLETE
    assert driver.session.wake_at is None


def test_who_is_busy_is_told() -> None:
    """The call is over."""
    driver = dialled(MEDIA)
    driver.receive(shown(T0 + 1), now=T0 + 1)
    driver.receive(ended(T0 + 3, "user_busy", leg=A), now=T0 + 3)
    driver.run_until(T0 + 4)

    assert driver.events(CallUnanswered) == [CallUnanswered(leg=A, reason="busy", code="486")]
    assert len(driver.events(CallEnded)) == 1


def test_whoever_answers_is_connected() -> None:
    """The notice, an agent, a bridge, and one hang-up for both."""
    driver = dialled(replace(MEDIA, connect=AGENT, announce="This call is transcribed."))
    driver.receive(shown(T0 + 1), now=T0 + 1)
    driver.makes = B
    driver.receive(answered(T0 + 5), now=T0 + 5)
    assert len(driver.asked(Speak)) == 1
    driver.receive(spoken(T0 + 7), now=T0 + 7)
    driver.run_until(T0 + 7.5)
    _, second = driver.asked(Dial)
    assert (second.leg_id, second.to, second.from_) == (A, AGENT, "+15550100")
    driver.receive(answered(T0 + 9, leg=B), now=T0 + 9)
    driver.receive(bridged(T0 + 9), now=T0 + 9)
    driver.receive(hung_up(T0 + 20, leg=B), now=T0 + 20)
    driver.run_until(T0 + 21.5)

    assert bridges(driver) == [(A, B)]
    assert [one.leg_id for one in driver.asked(HangUp)] == [A]


def test_of_two_legs_each_is_transcribed_by_its_own_side() -> None:
    """Also the one that begins the call, by its dial."""
    driver = dialled(replace(IN_CALL, connect=AGENT))
    (dial,) = driver.asked(Dial)
    assert isinstance(dial.begins, StartTranscription)

    assert dial.begins.tracks == "inbound"


def test_before_a_notice_no_words_are_asked_for() -> None:
    """Telnyx would not say it."""
    driver = dialled(replace(IN_CALL, connect=AGENT, announce="This call is transcribed."))
    driver.receive(answered(T0 + 5), now=T0 + 5)
    assert [dial.begins for dial in driver.asked(Dial)] == [None]
    assert driver.asked(StartTranscription) == []

    driver.receive(spoken(T0 + 7), now=T0 + 7)
    driver.run_until(T0 + 8)
    assert [one.leg_id for one in driver.asked(StartTranscription)] == [A]
    assert driver.asked(Dial)[1].begins is not None


def test_after_a_restart_the_same_dial_is_said_again() -> None:
    """By the same id."""
    driver = dialled(MEDIA, telnyx_answers=False)
    driver.restart(T0 + 5)

    first, second = driver.asked(Dial)
    assert first == second
    assert driver.asked(FetchMissed)


def test_a_call_that_was_erased_is_not_made_again() -> None:
    """Whoever asks is told."""
    driver = dialled(MEDIA)
    driver.receive(EraseAsked(at=T0 + 1), now=T0 + 1)
    driver.receive(ASKED, now=T0 + 2)

    assert driver.replies[-1] == Reply(refused="unknown")


def test_an_answer_that_comes_twice_changes_nothing() -> None:
    """The first one counts."""
    driver = dialled(MEDIA)
    driver.receive(CommandDone(leg_id=NONE, command="dial", at=T0, made=B), now=T0 + 1)

    assert driver.session.state.dials[0].leg == A
    assert list(driver.session.state.legs) == [A]


def test_a_webhook_of_our_leg_names_our_call() -> None:
    """Others name their session, or nothing but their leg."""
    assert call_of(shown(T0)) == CALL
    assert call_of(initiated()) == CALL
    assert call_of(msgspec.structs.replace(initiated(), call_id=None)) == CallId(A)


def test_the_same_key_gives_the_same_id() -> None:
    """And it is seen to be ours."""
    assert new_call_id("a") == new_call_id("a") != new_call_id("b")
    assert is_ours(new_call_id("a"))
    assert not is_ours(CALL)


def test_a_dial_that_could_not_be_told_is_told_again() -> None:
    """The call is not over for that."""
    driver = dialled(MEDIA, telnyx_answers=False)
    lost = CommandFailed(leg_id=NONE, command="dial", at=T0 + 1, code="", reason="unreachable")
    driver.receive(lost, now=T0 + 1)
    driver.run_until(T0 + 2)

    assert len(driver.asked(Dial)) == 2
    assert driver.events(CallEnded) == []
