"""The call's own audio: what is asked for, and when it is told that it is there."""

from dataclasses import replace

from service.calls.commands import RecordStream
from service.calls.events import RecordingSaved
from service.calls.inputs import RecordingWritten
from tests.calls.harness import (
    MEDIA,
    STREAM,
    T0,
    A,
    finished,
    hung_up,
    media_started,
    media_stopped,
    talking,
)

RECORDED = replace(MEDIA, record="audio")


def written(duration_ms: int, at: float) -> RecordingWritten:
    """So much of the call's audio is on the disk."""
    return RecordingWritten(
        leg_id=A, stream_id=STREAM, at=at, duration_ms=duration_ms, size_bytes=16 * duration_ms
    )


def test_a_stream_is_recorded_from_its_place_on_the_call_clock() -> None:
    """Only where the route asks for it."""
    assert talking(RECORDED).asked(RecordStream) == [
        RecordStream(leg_id=A, stream_id=STREAM, offset_ms=200)
    ]
    assert talking(MEDIA).asked(RecordStream) == []


def test_a_recording_is_told_of_when_the_call_is_over() -> None:
    """While people talk there is more to come."""
    call = talking(RECORDED)
    call.receive(media_stopped(T0 + 5), now=T0 + 5)
    call.receive(written(4000, T0 + 5.1), now=T0 + 5.1)
    assert call.events(RecordingSaved) == []

    call.receive(finished("inbound"), finished("outbound"), now=T0 + 6)
    call.receive(hung_up(T0 + 7), now=T0 + 7)
    call.run_until(T0 + 60)

    assert [event.duration_ms for event in call.events(RecordingSaved)] == [4000]
    assert call.types[-2:] == ["recording.saved", "transcript.completed"]


def test_a_recording_that_is_written_late_is_told_of_all_the_same() -> None:
    """The disk may be slower than the last word."""
    call = talking(RECORDED)
    call.receive(hung_up(T0 + 7), now=T0 + 7)
    call.receive(finished("inbound"), finished("outbound"), now=T0 + 8)
    call.run_until(T0 + 60)
    call.receive(written(6000, T0 + 61), now=T0 + 61)

    assert call.types[-2:] == ["transcript.completed", "recording.saved"]


def test_a_second_stream_goes_on_with_the_recording() -> None:
    """Its audio lies later on the call clock, in the same file."""
    call = talking(RECORDED)
    call.receive(media_started(T0 + 10), now=T0 + 10)

    assert [command.offset_ms for command in call.asked(RecordStream)] == [200, 9000]
