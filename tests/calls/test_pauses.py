"""A pause through whatever else happens: streams that come and go, transfers, restarts."""

import pytest

from service.calls.carrier_answers import CommandDone, CommandFailed, CommandName
from service.calls.commands import (
    FinishRecognitions,
    OpenRecognition,
    PauseStream,
    StartStreaming,
    StartTranscription,
    StopTranscription,
)
from service.calls.events import (
    TranscriptGap,
    TranscriptionDegraded,
    TranscriptionRecovered,
    TranscriptionStarted,
)
from service.calls.inputs import Input, ServiceRestarted, ServiceStopping
from service.calls.routes import Route
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    STREAM,
    T0,
    A,
    B,
    Driver,
    answered,
    finished,
    hung_up,
    initiated,
    media_started,
    media_stopped,
    refused,
    said,
    talking,
)
from tests.calls.test_controls import SECOND, asked, coverage, last_reply, paused
from tests.calls.test_transcription import failed_streaming


def test_a_stream_that_drops_in_a_pause_is_asked_for_when_words_are_wanted() -> None:
    """Nothing is forked meanwhile; what the new stream is late by is told."""
    call = paused(MEDIA)
    call.receive(media_stopped(T0 + 6, orderly=False), now=T0 + 6)
    assert len(call.asked(StartStreaming)) == 1
    call.receive(asked("resume", T0 + 8), now=T0 + 8)
    call.receive(media_started(T0 + 9, stream=SECOND), now=T0 + 9)

    assert len(call.asked(StartStreaming)) == 2
    assert [(gap.start_ms, gap.end_ms) for gap in call.events(TranscriptGap)] == [(7000, 8000)] * 2


def test_a_second_start_in_a_pause_is_held_as_the_first_was() -> None:
    """It takes over the call clock, and is heard when the pause is over."""
    call = paused(MEDIA)
    call.receive(media_started(T0 + 6, stream=SECOND), now=T0 + 6)
    call.receive(asked("resume", T0 + 8), now=T0 + 8)

    assert [command.stream_id for command in call.asked(PauseStream)] == [STREAM, SECOND]
    assert [one.ref.stream_id for one in call.asked(OpenRecognition)[2:]] == [SECOND] * 2


def test_a_fork_that_was_asked_for_before_the_pause_comes_in_it() -> None:
    """It is heard, and told as started, from the resumption on."""
    call = Driver(MEDIA)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(asked("pause", T0 + 3), now=T0 + 3)
    call.receive(media_started(T0 + 4), now=T0 + 4)
    call.receive(asked("resume", T0 + 6), now=T0 + 6)

    assert call.types[2:] == [
        "transcription.paused", "transcription.resumed",
        "transcript.gap", "transcript.gap", "transcription.started",
    ]  # fmt: skip
    assert [(gap.start_ms, gap.end_ms) for gap in call.events(TranscriptGap)] == [(0, 2000)] * 2


@pytest.mark.parametrize("resumed_at", [T0 + 3.5, T0 + 6])
def test_a_fork_that_is_on_its_way_is_not_asked_for_twice(resumed_at: float) -> None:
    """A pause between the command and the socket changes nothing about them."""
    call = Driver(MEDIA)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(asked("pause", T0 + 3), now=T0 + 3)
    call.receive(asked("resume", resumed_at), now=resumed_at)

    assert len(call.asked(StartStreaming)) == 1


def test_a_fork_that_fails_in_a_pause_is_asked_for_after_it() -> None:
    """Nothing is told and nothing tried while nobody wants to hear."""
    late = Driver(MEDIA, telnyx_answers=False)
    failing, again = Driver(MEDIA), Driver(MEDIA)
    for call in (late, failing, again):
        call.receive(initiated(), answered(), now=T0 + 1)
    for at in (1.5, 2.9):
        again.receive(failed_streaming(T0 + at), now=T0 + at)
    for call in (late, failing, again):
        call.receive(asked("pause", T0 + 3), now=T0 + 3)
    late.receive(refused("start_streaming", "10015", at=T0 + 4), now=T0 + 4)
    failing.receive(failed_streaming(T0 + 4), now=T0 + 5)
    for call in (late, failing, again):
        call.run_until(T0 + 9)
        before = len(call.asked(StartStreaming))
        call.receive(asked("resume", T0 + 9), now=T0 + 9)
        assert len(call.asked(StartStreaming)) == before + 1


@pytest.mark.parametrize("done", [False, True])
def test_a_start_that_telnyx_answers_in_a_pause_begins_nothing(*, done: bool) -> None:
    """It is stopped again, or not asked for again, until somebody resumes."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), asked("pause", T0 + 3), now=T0 + 3)
    if done:
        result: Input = CommandDone(leg_id=A, command="start_transcription", at=T0 + 4)
    else:
        result = refused("start_transcription", "10015", at=T0 + 4)
    call.receive(result, now=T0 + 4)
    call.run_until(T0 + 30)

    assert call.events(TranscriptionStarted) == []
    assert len(call.asked(StartTranscription)) == 1
    assert len(call.asked(StopTranscription)) == int(done)
    assert call.session.state.pauses[0].until is None


def test_a_failed_stream_is_nobodys_after_a_stop() -> None:
    """The webhook of the fork that was ended comes late."""
    call = talking(MEDIA)
    call.receive(asked("stop", T0 + 5), failed_streaming(T0 + 5), now=T0 + 5)
    call.run_until(T0 + 9)

    assert len(call.asked(StartStreaming)) == 1


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
def test_a_call_that_is_handed_over_stays_paused(route: Route) -> None:
    """The other leg is not forked before somebody wants its words."""
    call = paused(route)
    call.receive(initiated(T0 + 6, leg=B, incoming=False), answered(T0 + 7, leg=B), now=T0 + 7)
    call.receive(hung_up(T0 + 8), media_stopped(T0 + 8), now=T0 + 8)
    call.run_until(T0 + 12)
    forked = call.asked(StartStreaming) + call.asked(StartTranscription)
    assert [command.leg_id for command in forked] == [A]
    call.receive(asked("resume", T0 + 13), now=T0 + 13)

    forked = call.asked(StartStreaming) + call.asked(StartTranscription)
    assert [command.leg_id for command in forked] == [A, B]


def test_a_leg_that_answers_in_a_pause_is_not_forked() -> None:
    """Nobody talked when the first one left, and nobody is to hear who talks now."""
    call = paused(IN_CALL)
    call.receive(initiated(T0 + 6, leg=B, incoming=False), now=T0 + 6)
    call.receive(hung_up(T0 + 7), now=T0 + 7)
    call.receive(asked("resume", T0 + 8), asked("pause", T0 + 9), now=T0 + 9)
    call.receive(answered(T0 + 10, leg=B), now=T0 + 10)
    call.run_until(T0 + 11)

    assert [command.leg_id for command in call.asked(StartTranscription)] == [A]
    assert last_reply(call).transcription == "paused"


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
def test_a_call_may_end_in_a_pause(route: Route) -> None:
    """The books close; nothing is waited for that nobody hears."""
    call = paused(route)
    call.receive(finished("inbound"), finished("outbound"), now=T0 + 6)
    call.receive(hung_up(T0 + 9), now=T0 + 9)
    call.run_until(T0 + 20)

    assert call.types[-3:] == ["transcription.paused", "call.ended", "transcript.completed"]
    if route is MEDIA:
        assert coverage(call)["outbound"].paused_ms == 4000


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
def test_a_pause_outlives_the_process(route: Route) -> None:
    """The next one forks nothing; a stop that nobody answered is told again, under the same id."""
    call = paused(route, telnyx_answers=False)
    call.receive(ServiceStopping(at=T0 + 6), now=T0 + 6)
    call.receive(ServiceRestarted(at=T0 + 7), said("secret", T0 + 7), now=T0 + 7)
    call.run_until(T0 + 9)
    assert call.finals == []
    assert len(call.asked(StartStreaming) + call.asked(StartTranscription)) == 1
    if route is IN_CALL:
        assert call.asked(StopTranscription) == [StopTranscription(leg_id=A)] * 2
        done = CommandDone(leg_id=A, command="stop_transcription", at=T0 + 9)
        call.receive(done, now=T0 + 9)
    call.receive(asked("resume", T0 + 10), now=T0 + 10)

    assert len(call.asked(StartStreaming) + call.asked(StartTranscription)) == 2


def test_a_call_that_was_stopped_is_left_so_by_a_restart() -> None:
    """Only what is wanted is asked for again."""
    call = talking(MEDIA)
    call.receive(asked("stop", T0 + 3), now=T0 + 3)
    call.receive(ServiceRestarted(at=T0 + 7), now=T0 + 7)

    assert len(call.asked(StartStreaming)) == 1


def test_the_next_process_asks_for_the_fork_after_a_pause_again() -> None:
    """What is heard after a pause is resumed as what was heard before it."""
    call = paused(MEDIA, until=T0 + 6)
    call.receive(ServiceStopping(at=T0 + 7), now=T0 + 7)
    call.receive(ServiceRestarted(at=T0 + 8), now=T0 + 8)

    assert [command.stream_id for command in call.asked(FinishRecognitions)] == [STREAM]
    assert len(call.asked(StartStreaming)) == 2


def test_the_words_of_a_leg_that_is_gone_are_nobodys_when_it_is_resumed() -> None:
    """The pause is over and nobody talks yet: the next leg that answers is heard."""
    call = paused(MEDIA)
    call.receive(initiated(T0 + 6, leg=B, incoming=False), now=T0 + 6)
    call.receive(hung_up(T0 + 7), media_stopped(T0 + 7), now=T0 + 7)
    call.run_until(T0 + 10)
    call.receive(asked("resume", T0 + 10), now=T0 + 10)
    call.receive(answered(T0 + 12, leg=B), now=T0 + 12)

    assert [command.leg_id for command in call.asked(StartStreaming)] == [A, B]


def test_what_could_not_be_stopped_for_a_pause_ends_before_words_are_kept_again() -> None:
    """It is in the midst of what was said in the pause. What it is late by is told."""
    call = talking(IN_CALL)
    call.receive(said("before", T0 + 2), now=T0 + 2)
    call.silence()
    call.receive(asked("pause", T0 + 3), now=T0 + 3)
    call.receive(unreachable("stop_transcription", T0 + 3), now=T0 + 3)
    call.receive(asked("resume", T0 + 3.2), now=T0 + 3.2)
    call.receive(said("four two", T0 + 3.6), now=T0 + 3.6)
    assert len(call.asked(StopTranscription)) == 2
    call.receive(unreachable("stop_transcription", T0 + 4), now=T0 + 4)
    call.run_until(T0 + 6)
    assert len(call.asked(StopTranscription)) == 3
    commands: tuple[CommandName, ...] = ("stop_transcription", "start_transcription")
    for command in commands:
        done = CommandDone(leg_id=A, command=command, at=T0 + 6)
        call.receive(done, now=T0 + 6)
    call.receive(said("after", T0 + 8), now=T0 + 8)
    call.run_until(T0 + 10)

    assert [final.text for final in call.finals] == ["before", "after"]
    reason = "stop_transcription_unreachable"
    assert [event.reason for event in call.events(TranscriptionDegraded)] == [reason]
    assert len(call.events(TranscriptionRecovered)) == 1
    gaps = [gap for gap in call.events(TranscriptGap) if gap.track == "inbound"]
    assert [(gap.start_ms, gap.end_ms) for gap in gaps] == [(2_200, 5_000)]


def test_what_telnyx_begins_late_after_a_pause_is_a_gap() -> None:
    """The pause is over when somebody says so, not when Telnyx transcribes again."""
    call = paused(IN_CALL)
    call.silence()
    call.receive(asked("resume", T0 + 8), now=T0 + 8)
    done = CommandDone(leg_id=A, command="start_transcription", at=T0 + 11)
    call.receive(done, said("after", T0 + 13), now=T0 + 13)
    call.run_until(T0 + 15)

    assert [(gap.start_ms, gap.end_ms) for gap in call.events(TranscriptGap)] == [
        (7_000, 10_000)
    ] * 2


def unreachable(command: CommandName, at: float) -> CommandFailed:
    """Have Telnyx not be there for a command."""
    return CommandFailed(leg_id=A, command=command, at=at, code="", reason="unreachable")
