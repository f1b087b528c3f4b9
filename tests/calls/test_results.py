"""What became of commands: taken, refused, or sent to a leg nobody knows."""

from dataclasses import replace

import pytest

from service.calls.carrier_answers import CommandDone
from service.calls.commands import (
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.calls.events import (
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionStarted,
)
from service.calls.inputs import MediaRefused
from service.calls.requests import REFUSED_DELAYS_S
from service.calls.results import NOT_RUNNING
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    STREAM,
    T0,
    A,
    B,
    Driver,
    answered,
    initiated,
    refused,
    talking,
)
from tests.calls.test_controls import asked


@pytest.mark.parametrize("command", ["stop_transcription", "stop_streaming"])
def test_a_stop_that_is_refused_is_as_good_as_done(command: str) -> None:
    """Whatever was to be stopped is not there any more."""
    call = talking(IN_CALL)
    before = call.types
    call.receive(refused(command, "90018"), now=T0 + 2)  # type: ignore[arg-type]  # both are names

    assert call.types == before


@pytest.mark.parametrize("code", sorted(NOT_RUNNING["stop_streaming"] | {"90018", "10005"}))
def test_a_stop_is_asked_once_where_nothing_runs(code: str) -> None:
    """A stream nobody here can decode was closed by us, and Telnyx has it no more."""
    call = talking(MEDIA)
    call.silence()
    wrong = MediaRefused(leg_id=A, stream_id=STREAM, at=T0 + 2, encoding="G729")
    call.receive(wrong, now=T0 + 2)
    call.receive(refused("stop_streaming", code), now=T0 + 3)
    call.run_until(T0 + 300)

    assert len(call.asked(StopStreaming)) == 1


def test_a_stop_that_is_refused_for_another_reason_is_asked_again_slowly() -> None:
    """90055: a recording holds the transcription. A repeat by the same id would be ignored."""
    call = talking(IN_CALL)
    call.silence()
    call.receive(asked("pause", T0 + 2), now=T0 + 2)
    call.receive(refused("stop_transcription", "90055"), now=T0 + 2)
    call.run_until(T0 + 2 + REFUSED_DELAYS_S[0] - 1)
    assert len(call.asked(StopTranscription)) == 1
    call.run_until(T0 + 2 + REFUSED_DELAYS_S[0])

    assert [command.generation for command in call.asked(StopTranscription)] == [0, 1]


def test_a_start_that_finds_the_call_over_is_no_failure() -> None:
    """90018: the hang-up is on its way, and will say all there is to say."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(refused("start_transcription", "90018"), now=T0 + 2)

    assert call.types == ["call.started", "call.answered"]


def test_a_refused_start_is_told_with_telnyx_s_code() -> None:
    """Only whoever wrote the settings can put it right; it is asked for again all the same."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(refused("start_transcription", "90057"), now=T0 + 2)

    failure = call.events(TranscriptionFailed)[0]
    assert (failure.reason, failure.code) == ("start_transcription_refused", "90057")
    call.run_until(T0 + 20)
    assert [command.generation for command in call.asked(StartTranscription)] == [0, 1]


def test_a_leg_that_is_transcribed_already_is_taken_as_it_is() -> None:
    """90054: the words come by somebody else's settings, and that is said."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(refused("start_transcription", "90054"), now=T0 + 2)

    assert [event.reason for event in call.events(TranscriptionDegraded)] == [
        "already_transcribing"
    ]
    assert len(call.events(TranscriptionStarted)) == 1


def test_results_for_legs_nobody_knows_are_passed_over() -> None:
    """A result that outlived its leg in memory."""
    call = Driver(IN_CALL)
    call.receive(initiated(leg=B), now=T0)
    before = call.types
    call.receive(refused("answer", "90018"), now=T0 + 1)
    done = CommandDone(leg_id=A, command="start_transcription", at=T0)
    call.receive(done, now=T0 + 1)

    assert call.types == before


def test_a_configuration_that_telnyx_finds_fault_with_is_said_in_its_other_shape_once() -> None:
    """Sources disagree on the shape: nobody is told of a trouble before both were refused."""
    call = Driver(replace(IN_CALL, engine="Deepgram", model="nova-3"), telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(refused("start_transcription", "10015"), now=T0 + 1)

    nested, flat = call.asked(StartTranscription)
    assert (nested.model, nested.config["transcription_model"]) == (None, "deepgram/nova-3")
    assert (flat.engine, flat.model) == ("Deepgram", "nova-3")
    assert not {"transcription_model", "transcription_engine"} & set(flat.config)
    assert flat.generation > nested.generation
    assert call.types == ["call.started", "call.answered"]

    call.receive(refused("start_transcription", "10015"), now=T0 + 2)
    assert call.types[-1] == "transcription.failed"
    call.run_until(T0 + 60)
    assert {again.model for again in call.asked(StartTranscription)[2:]} == {None}
