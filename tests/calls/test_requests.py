"""What is asked of Telnyx is asked until it is so: later each time, as long as the leg lives."""

from dataclasses import replace

import pytest

from service.calls.carrier_answers import CommandDone, CommandFailed, CommandName, LegStatus
from service.calls.commands import (
    Answer,
    AskStatus,
    StartStreaming,
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.calls.events import (
    CallAnswered,
    TranscriptGap,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionRecovered,
    TranscriptionStarted,
)
from service.calls.inputs import MediaTurnedAway, ServiceRestarted
from service.calls.requests import DELAYS_S, EFFECT_S, REFUSED_DELAYS_S, REPLY_S, SETTLE_S
from service.calls.results import REDIAL_S
from service.calls.routes import Route
from service.ids import StreamId
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    STREAM,
    T0,
    A,
    B,
    Driver,
    answered,
    heard,
    hung_up,
    initiated,
    media_started,
    media_stopped,
    refused,
    said,
    talking,
)
from tests.calls.test_controls import asked

SECOND = StreamId("stream-2")


def unreachable(command: CommandName, at: float) -> CommandFailed:
    """Nobody answered a command, although it was tried for a while."""
    return CommandFailed(leg_id=A, command=command, at=at, code="", reason="unreachable")


def done(command: CommandName, at: float) -> CommandDone:
    """Telnyx took a command."""
    return CommandDone(leg_id=A, command=command, at=at)


def test_an_answer_that_a_dead_process_asked_for_is_asked_for_by_the_next() -> None:
    """By the same command id: whether the first one reached Telnyx, nobody knows."""
    call = Driver(MEDIA, telnyx_answers=False)
    call.receive(initiated(), now=T0)
    call.receive(ServiceRestarted(at=T0 + 1), now=T0 + 1)

    assert call.asked(Answer) == [Answer(leg_id=A), Answer(leg_id=A)]


def test_a_command_whose_fate_nobody_knows_is_given_again() -> None:
    """Its result should have come long ago: whoever sent it is gone."""
    call = Driver(MEDIA, telnyx_answers=False)
    call.receive(initiated(), now=T0)
    call.run_until(T0 + REPLY_S)

    assert call.asked(Answer) == [Answer(leg_id=A), Answer(leg_id=A)]


def test_only_the_leg_that_the_route_wants_is_answered() -> None:
    """Another incoming leg of the call is somebody else's to answer, and so is an outgoing one."""
    call, outgoing = Driver(MEDIA), Driver(MEDIA)
    call.receive(initiated(), initiated(leg=B), now=T0)
    outgoing.receive(initiated(incoming=False), now=T0)

    assert [command.leg_id for command in call.asked(Answer)] == [A]
    assert outgoing.asked(Answer) == []


def test_a_call_whose_answer_was_told_to_nobody_is_answered() -> None:
    """Telnyx took the command, and the leg lives: `call.answered` was lost."""
    call = Driver(MEDIA)
    call.receive(initiated(), now=T0)
    call.run_until(T0 + EFFECT_S["answer"] + 1)

    assert len(call.asked(Answer)) == 1
    assert [record.occurred_at for record in call.records if record.seq == 2] == [T0]
    assert len(call.events(CallAnswered)) == len(call.asked(StartStreaming)) == 1
    assert len(call.asked(AskStatus)) == 1


def test_a_call_is_answered_when_telnyx_took_that_though_it_is_told_later() -> None:
    """The journal was away meanwhile, and took nothing."""
    call = Driver(MEDIA, telnyx_answers=False)
    call.receive(initiated(), now=T0)
    call.receive(unreachable("answer", T0), now=T0)
    call.run_until(T0 + DELAYS_S[0])
    call.receive(done("answer", T0 + 2), now=T0 + 9)
    call.receive(LegStatus(leg_id=A, at=T0 + 13, alive=True), now=T0 + 13)

    answers = [one for one in call.records if isinstance(one.event, CallAnswered)]
    assert [record.occurred_at for record in answers] == [T0 + 2]


def test_telnyx_is_asked_ever_less_often_whether_an_answer_took_effect() -> None:
    """It does not say whether the leg lives; and it is not asked about what others answer."""
    call, others = Driver(MEDIA), Driver(replace(MEDIA, answer=False))
    for one in (call, others):
        one.receive(initiated(), now=T0)
    call.silence()
    asked_at = []
    while call.now < T0 + 300:
        before = len(call.asked(AskStatus))
        assert call.session.wake_at is not None
        call.run_until(call.session.wake_at)
        if len(call.asked(AskStatus)) > before:
            asked_at.append(call.now - T0)
            call.receive(LegStatus(leg_id=A, at=call.now, alive=None), now=call.now)
    others.run_until(T0 + 29)

    assert asked_at[:2] == [3.0, 9.0]
    assert len(asked_at) < 20
    assert others.asked(AskStatus) == []


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
def test_a_telephone_api_that_is_away_costs_no_more_than_its_absence(route: Route) -> None:
    """Tried on, more slowly; told as degraded once, as failed once, and as recovered once."""
    name: CommandName = "start_streaming" if route is MEDIA else "start_transcription"
    kind: type[StartStreaming | StartTranscription] = (
        StartStreaming if route is MEDIA else StartTranscription
    )
    call = Driver(route, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    while call.now < T0 + 300:
        before = len(call.asked(kind))
        call.receive(unreachable(name, call.now), now=call.now)
        while len(call.asked(kind)) == before:
            assert call.session.wake_at is not None
            call.run_until(call.session.wake_at)
    ended_at = call.now
    call.receive(done(name, ended_at), now=ended_at)
    if route is MEDIA:
        call.receive(media_started(ended_at), now=ended_at)

    assert len(call.asked(kind)) == len(DELAYS_S) + 4
    assert {command.generation for command in call.asked(kind)} == {0}
    assert [event.reason for event in call.events(TranscriptionDegraded)] == [f"{name}_unreachable"]
    assert [event.reason for event in call.events(TranscriptionFailed)] == [f"{name}_unreachable"]
    assert len(call.events(TranscriptionRecovered)) == len(call.events(TranscriptionStarted)) == 1
    assert {(gap.start_ms, gap.end_ms) for gap in call.events(TranscriptGap)} == {
        (0, round((ended_at - T0 - 1) * 1000))
    }


def test_a_stream_that_was_taken_and_never_came_is_ended_and_asked_for_anew() -> None:
    """As another command: the first one was carried out, for all Telnyx knows."""
    call = Driver(MEDIA)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.run_until(T0 + 1 + EFFECT_S["start_streaming"] + SETTLE_S)

    assert call.asked(StopStreaming) == [StopStreaming(leg_id=A, generation=1)]
    assert [command.generation for command in call.asked(StartStreaming)] == [0, 1]


def test_a_stream_that_telnyx_still_holds_is_dialled_again_or_ended() -> None:
    """90045: at first Telnyx has the time to dial it again by itself."""
    call = talking(MEDIA)
    call.silence()
    call.receive(media_stopped(T0 + 5, orderly=False), now=T0 + 5)
    for at in (5.1, 6.3):
        call.receive(refused("start_streaming", "90045", at=T0 + at), now=T0 + at)
        assert len(call.asked(StopStreaming)) == int(at > 6)
        call.run_until(T0 + at + REDIAL_S)

    assert [command.generation for command in call.asked(StartStreaming)] == [0, 1, 2, 3]
    assert call.events(TranscriptionFailed) == []


def test_a_stream_that_telnyx_dialled_again_is_not_asked_for() -> None:
    """The new socket is all that was wanted."""
    call = talking(MEDIA)
    call.silence()
    call.receive(media_stopped(T0 + 5, orderly=False), now=T0 + 5)
    call.receive(refused("start_streaming", "90045", at=T0 + 5.1), now=T0 + 5.1)
    call.receive(media_started(T0 + 5.5, stream=SECOND), now=T0 + 5.5)
    call.run_until(T0 + 30)

    assert len(call.asked(StartStreaming)) == 2
    assert call.asked(StopStreaming) == []


def test_a_start_before_the_leg_is_answered_is_given_again_soon() -> None:
    """90034: Telnyx's left hand did not know yet what the right one told us."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    for _ in range(2):
        call.receive(refused("start_transcription", "90034"), now=call.now)
        call.run_until(call.now + DELAYS_S[1])

    assert [command.generation for command in call.asked(StartTranscription)] == [0, 1, 2]
    assert call.events(TranscriptionFailed) == []


def test_a_refusal_is_asked_about_less_often() -> None:
    """Telnyx seldom changes its mind."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(refused("start_transcription", "90057"), now=T0 + 2)
    call.run_until(T0 + 2 + REFUSED_DELAYS_S[0] - 0.1)
    assert len(call.asked(StartTranscription)) == 1
    call.run_until(T0 + 2 + REFUSED_DELAYS_S[0])

    assert len(call.asked(StartTranscription)) == 2


def test_a_result_of_a_command_that_was_overtaken_means_nothing() -> None:
    """The words were there before Telnyx's no; a stop's result comes after its start."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(said("hello", T0 + 2), now=T0 + 2)
    call.run_until(T0 + 3)
    before = call.types
    call.receive(
        unreachable("start_transcription", T0 + 3),
        done("stop_transcription", T0 + 3),
        unreachable("stop_transcription", T0 + 3),
        done("answer", T0 + 3),
        done("start_streaming", T0 + 3),
        now=T0 + 3,
    )
    call.run_until(T0 + 20)

    assert call.types == before
    assert len(call.asked(StartTranscription)) == 1


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
def test_a_stop_is_given_until_telnyx_takes_it(route: Route) -> None:
    """Whoever wants nobody to hear is not content with having said so."""
    name: CommandName = "stop_streaming" if route is MEDIA else "stop_transcription"
    kind = StopStreaming if route is MEDIA else StopTranscription
    call = talking(route)
    call.silence()
    call.receive(asked("stop", T0 + 5), now=T0 + 5)
    call.receive(unreachable(name, T0 + 8), now=T0 + 8)
    call.run_until(T0 + 8 + REPLY_S)
    assert len(call.asked(kind)) == 3
    call.receive(done(name, T0 + 70), now=T0 + 70)
    call.run_until(T0 + 600)

    assert len(call.asked(kind)) == 3


@pytest.mark.parametrize("code", ["90018", "90015", "10005"])
def test_what_is_gone_need_not_be_stopped(code: str) -> None:
    """There is no such leg any more."""
    call = talking(IN_CALL)
    call.silence()
    call.receive(asked("stop", T0 + 5), now=T0 + 5)
    call.receive(refused("stop_transcription", code), now=T0 + 6)
    call.run_until(T0 + 5 + 2 * REPLY_S)

    assert len(call.asked(StopTranscription)) == 1


def test_a_stream_that_ended_in_order_is_asked_for_again_if_the_call_goes_on() -> None:
    """Somebody else ended it; the hang-up has the time to come first."""
    ended, goes_on = talking(MEDIA), talking(MEDIA)
    for call in (ended, goes_on):
        call.receive(media_stopped(T0 + 5), now=T0 + 5)
    ended.receive(hung_up(T0 + 5), now=T0 + 5.5)
    for call in (ended, goes_on):
        call.run_until(T0 + 8)

    assert len(ended.asked(StartStreaming)) == 1
    assert [command.generation for command in goes_on.asked(StartStreaming)] == [0, 1]


def test_a_stream_that_held_makes_trying_quick_again() -> None:
    """The delays are for what fails at once."""
    call = talking(MEDIA)
    call.receive(heard("one", 0, 400), now=T0 + 40)
    call.receive(media_stopped(T0 + 40, orderly=False), now=T0 + 40)

    assert len(call.asked(StartStreaming)) == 2
    assert call.session.state.legs[A].streaming.failures == 1
    assert STREAM in call.session.state.streams


def test_a_stream_that_we_turned_away_is_asked_for_at_once() -> None:
    """The journal was away; nobody else would say so for a while."""
    call = Driver(MEDIA)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(MediaTurnedAway(leg_id=A, at=T0 + 3), now=T0 + 3)

    assert [command.generation for command in call.asked(StartStreaming)] == [0, 1]
    (told,) = call.events(TranscriptionDegraded)
    assert told.reason == "journal_unavailable"


def test_somebody_may_have_what_failed_tried_at_once() -> None:
    """Nothing was paused, so there is no pause to end."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(refused("start_transcription", "90057"), now=T0 + 2)
    call.receive(asked("start", T0 + 3), now=T0 + 3)

    assert len(call.asked(StartTranscription)) == 2
    assert call.session.state.pauses == []
