"""Whether a leg still lives: asked where nothing says so; a no stands for the hang-up."""

import pytest

from service.calls.carrier_answers import CommandDone, LegStatus
from service.calls.commands import AskStatus, FetchMissed, FinishRecognitions
from service.calls.ending import GRACE_S
from service.calls.events import CallEnded, TranscriptionFailed
from service.calls.inputs import ServiceRestarted
from service.calls.media import ORDERLY_S
from service.calls.ordering import FETCH_S, NEVER_SEEN, REORDER_S
from service.calls.routes import Route
from service.calls.vitals import IDLE_S, MAX_IDLE_S, STATUS_S, UNKNOWN_S
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    T0,
    A,
    B,
    Driver,
    answered,
    heard,
    hung_up,
    initiated,
    media_stopped,
    refused,
    said,
    talking,
)


def status(*, alive: bool | None) -> LegStatus:
    """What Telnyx says."""
    return LegStatus(leg_id=A, at=T0, alive=alive)


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
def test_a_leg_of_which_nothing_comes_is_asked_about_ever_less_often(route: Route) -> None:
    """Sooner where only words say that it lives; a socket that is open says it as well."""
    call = talking(route)
    call.receive(said("hi", T0 + 3) if route is IN_CALL else heard("hi", 0, 400), now=T0 + 3)
    idle_s = IDLE_S[route.source]
    call.run_until(T0 + 3 + idle_s - 0.1)
    assert call.asked(AskStatus) == []
    call.run_until(T0 + 3 + REORDER_S + idle_s)
    assert call.asked(AskStatus) == [AskStatus(leg_id=A)]
    call.run_until(T0 + 3 + 24 * 3600)

    assert 24 * 6 - 5 < len(call.asked(AskStatus)) < 24 * 6 + 5
    assert MAX_IDLE_S == 600
    assert call.events(CallEnded) == []


def test_a_leg_that_is_gone_hangs_up_after_what_telnyx_kept_was_fetched() -> None:
    """The call ends when the leg did, by Telnyx's word."""
    call = talking(IN_CALL)
    call.gone[A] = T0 + 20
    call.run_until(T0 + 1 + IDLE_S["in_call"])
    assert call.asked(FetchMissed) == [FetchMissed(since=T0)]
    call.run_until(call.now + FETCH_S + REORDER_S)

    (ended,) = call.events(CallEnded)
    assert (ended.cause, ended.duration_ms) == (NEVER_SEEN, 19_000)
    call.run_until(call.now + GRACE_S)
    assert call.types[-1] == "transcript.completed"


def test_the_hang_up_that_was_fetched_is_the_better_one() -> None:
    """It knows why, and who."""
    call = talking(IN_CALL)
    call.gone[A] = T0 + 20
    call.run_until(T0 + 1 + IDLE_S["in_call"])
    call.receive(hung_up(T0 + 20), now=call.now + 1)
    call.run_until(call.now + 60)

    assert [event.cause for event in call.events(CallEnded)] == ["normal_clearing"]


def test_it_is_waited_for_whatever_else_comes_meanwhile() -> None:
    """The call ends when the leg did, and not when that was found out."""
    call = talking(MEDIA)
    call.receive(status(alive=False), now=T0 + 22)
    for seconds in (22.5, 23.0):
        call.receive(heard("hi", 0, 400), now=T0 + seconds)
    call.receive(hung_up(T0 + 20), now=T0 + 23.2)
    call.run_until(T0 + 60)

    (ended,) = call.events(CallEnded)
    assert (ended.cause, ended.duration_ms) == ("normal_clearing", 19_000)


def test_words_that_were_fetched_are_in_the_transcript() -> None:
    """What Telnyx could not deliver goes before the hang-up it could not deliver."""
    call = talking(IN_CALL)
    call.gone[A] = T0 + 20
    call.run_until(T0 + 1 + IDLE_S["in_call"])
    call.receive(said("goodbye", T0 + 19), now=call.now + 1)
    call.run_until(call.now + 60)

    assert call.types.index("transcript.final") < call.types.index("call.ended")


def test_words_that_telnyx_could_not_deliver_are_fetched_when_the_call_ends() -> None:
    """In the call, words are webhooks, and one that was lost is missed by nobody else."""
    call = talking(IN_CALL)
    call.receive(hung_up(T0 + 20), now=T0 + 20)
    call.run_until(T0 + 21)
    assert call.asked(FetchMissed) == [FetchMissed(since=T0)]
    call.receive(said("lost", T0 + 9), now=T0 + 22)
    call.run_until(T0 + 60)

    assert [(final.text, final.end_ms) for final in call.finals] == [("lost", 8000)]
    assert call.types[-1] == "transcript.completed"


@pytest.mark.parametrize("code", ["90018", "90015", "10005"])
def test_a_refusal_that_says_the_leg_is_gone_is_looked_into_at_once(code: str) -> None:
    """It is no failure of the transcription."""
    call = Driver(MEDIA, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(refused("start_streaming", code), now=T0 + 2)
    assert call.asked(AskStatus) == [AskStatus(leg_id=A)]
    call.receive(status(alive=False), now=T0 + 2.1)
    call.run_until(T0 + 10)

    assert call.events(TranscriptionFailed) == []
    assert [event.cause for event in call.events(CallEnded)] == [NEVER_SEEN]


def test_audio_that_ended_in_order_without_a_hang_up_is_looked_into() -> None:
    """After the time that a hang-up may take."""
    call = talking(MEDIA)
    call.gone[A] = T0 + 5
    call.receive(media_stopped(T0 + 5), now=T0 + 5)
    call.run_until(T0 + 5 + ORDERLY_S + FETCH_S + REORDER_S)

    assert [event.duration_ms for event in call.events(CallEnded)] == [4000]
    assert len(call.asked(FinishRecognitions)) == 1


def test_a_restart_looks_into_what_it_cannot_hear() -> None:
    """The hang-up may have come while nobody was there; so may anything else."""
    call, ended = talking(IN_CALL), talking(IN_CALL)
    ended.gone[A] = T0 + 6
    for one in (call, ended):
        one.receive(ServiceRestarted(at=T0 + 9), now=T0 + 9)
        assert one.asked(AskStatus) == [AskStatus(leg_id=A)]
        assert FetchMissed(since=T0) in one.asked(FetchMissed)
        one.run_until(T0 + 20)

    assert call.events(CallEnded) == []
    assert [event.duration_ms for event in ended.events(CallEnded)] == [5000]


def test_where_nobody_can_tell_it_is_asked_again() -> None:
    """The telephone API is away, or Telnyx does not say."""
    call = talking(IN_CALL)
    call.silence()
    call.run_until(T0 + 1 + IDLE_S["in_call"])
    for n in range(3):
        call.receive(status(alive=None), now=call.now)
        call.run_until(call.now + UNKNOWN_S * 2**n)
        assert len(call.asked(AskStatus)) == n + 2
    call.run_until(call.now + STATUS_S)

    assert len(call.asked(AskStatus)) == 5
    assert call.events(CallEnded) == []


def test_what_rings_and_lives_may_have_been_answered_unheard() -> None:
    """Telnyx may have kept the webhook; ours to answer it is not, so nothing is presumed."""
    call = Driver(MEDIA)
    call.receive(initiated(incoming=False), now=T0)
    call.run_until(T0 + IDLE_S["in_call"] + REORDER_S)

    assert call.asked(FetchMissed) == [FetchMissed(since=T0)]
    assert call.types == ["call.started"]


def test_an_answer_about_a_leg_that_hung_up_or_is_unknown_means_nothing() -> None:
    """It was asked before."""
    call = talking(IN_CALL)
    call.receive(hung_up(T0 + 5), now=T0 + 5)
    call.run_until(T0 + 6)
    types, commands = call.types, list(call.commands)
    for leg in (A, B):
        call.receive(LegStatus(leg_id=leg, at=T0, alive=False), now=T0 + 6)

    assert call.types == types
    assert call.commands == commands


def test_one_leg_of_two_may_be_gone() -> None:
    """The call goes on with the other."""
    call = talking(IN_CALL)
    call.receive(initiated(T0 + 2, leg=B, incoming=False), answered(T0 + 3, leg=B), now=T0 + 3)
    call.gone[A] = T0 + 10
    call.run_until(T0 + 60)

    assert call.events(CallEnded) == []
    assert call.session.state.primary == B


def test_a_command_that_telnyx_took_says_that_the_leg_lives() -> None:
    """Nothing is asked that is known."""
    call = talking(IN_CALL)
    call.run_until(T0 + 25)
    done = CommandDone(leg_id=A, command="start_transcription", at=T0 + 25)
    call.receive(done, now=T0 + 25)
    call.run_until(T0 + 50)

    assert call.asked(AskStatus) == []
