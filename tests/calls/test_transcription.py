"""Streams and commands: what is asked for, what comes of it, what is told when it fails."""

from dataclasses import replace

import pytest

from service.calls.commands import (
    FinishRecognitions,
    HastenRecognitions,
    OpenRecognition,
    StartStreaming,
    StartTranscription,
    StopStreaming,
)
from service.calls.ending import FINISH_S
from service.calls.events import (
    EngineRef,
    TranscriptCompleted,
    TranscriptGap,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionRecovered,
    TranscriptionStarted,
    TranscriptionStopped,
)
from service.calls.inputs import (
    CommandDone,
    MediaRefused,
    ServiceStopping,
    StreamingFailed,
)
from service.calls.media import STABLE_MS
from service.calls.requests import DELAYS_S
from service.ids import InputId, StreamId
from tests.calls.harness import (
    CALL,
    IN_CALL,
    MEDIA,
    STREAM,
    T0,
    A,
    B,
    Driver,
    answered,
    finished,
    heard,
    hung_up,
    initiated,
    media_started,
    media_stopped,
    said,
    talking,
)
from tests.calls.test_controls import asked

SECOND = StreamId("stream-2")


def failed_streaming(at: float) -> StreamingFailed:
    """Telnyx could not connect to us."""
    return StreamingFailed(
        input_id=InputId(f"failed {at}"), call_id=CALL, leg_id=A, occurred_at=at, reason="no route"
    )


def test_both_tracks_of_a_stream_get_a_recognition() -> None:
    """They are opened as soon as the socket says `start`, before any frame."""
    call = talking(MEDIA)

    assert call.asked(StartStreaming) == [StartStreaming(leg_id=A, tracks="both")]
    assert [command.ref.track for command in call.asked(OpenRecognition)] == ["inbound", "outbound"]
    assert call.events(TranscriptionStarted)[0].start_ms == 200


def test_the_fork_is_asked_for_in_the_codec_of_the_route() -> None:
    """For a phone whose wide band is wanted, say."""
    call = talking(replace(MEDIA, stream_codec="AMR-WB"))

    assert [command.codec for command in call.asked(StartStreaming)] == ["AMR-WB"]


def test_the_tail_is_waited_for_and_then_the_call_is_complete() -> None:
    """Stop, hang-up, last words, the end: nothing is cut off."""
    call = talking(MEDIA)
    call.receive(media_stopped(T0 + 9), now=T0 + 9)
    call.receive(hung_up(T0 + 9.1), now=T0 + 9.1)
    call.receive(heard("bye", 7000, 7500), now=T0 + 9.5)
    call.receive(finished("inbound"), finished("outbound"), now=T0 + 10)

    assert call.types[3:] == [
        "call.ended",
        "transcript.final",
        "transcription.stopped",
        "transcript.completed",
    ]


def test_a_recogniser_that_never_finishes_cannot_keep_a_call_open() -> None:
    """The tail has a deadline."""
    call = talking(MEDIA)
    call.receive(hung_up(T0 + 9), now=T0 + 9)
    call.run_until(T0 + 9.3 + FINISH_S)

    assert call.types[-1] == "transcript.completed"


def test_once_a_call_is_over_its_last_words_are_to_come_soon() -> None:
    """Those of streams that ended before as well, if any are still waited for."""
    stopped, over, done = talking(MEDIA), talking(MEDIA), talking(MEDIA)
    for call in (over, done):
        call.receive(media_stopped(T0 + 5), now=T0 + 5)
    done.receive(finished("inbound"), finished("outbound"), now=T0 + 6)
    for call in (over, done):
        assert call.asked(HastenRecognitions) == []
        call.receive(hung_up(T0 + 9), now=T0 + 9)
        call.run_until(T0 + 9.5)
    stopped.receive(ServiceStopping(at=T0 + 7), now=T0 + 7)

    assert stopped.asked(HastenRecognitions) == over.asked(HastenRecognitions)
    assert over.asked(HastenRecognitions) == [HastenRecognitions(leg_id=A)]
    assert done.asked(HastenRecognitions) == []


def test_a_stream_that_stops_before_the_hang_up_is_told_as_stopped() -> None:
    """Somebody stopped the fork while the call goes on."""
    call = talking(MEDIA)
    call.receive(media_stopped(T0 + 5), media_stopped(T0 + 5), now=T0 + 5)
    call.receive(finished("inbound"), finished("outbound"), finished("outbound"), now=T0 + 6)

    assert len(call.asked(FinishRecognitions)) == 1
    assert [event.reason for event in call.events(TranscriptionStopped)] == ["media_stopped"]


def test_a_socket_that_drops_is_asked_for_again_and_the_hole_is_told() -> None:
    """The second stream continues the same clock, and the gap says what nobody heard."""
    call = talking(MEDIA)
    call.receive(media_stopped(T0 + 5, orderly=False), now=T0 + 5)
    call.receive(media_started(T0 + 7, stream=SECOND), now=T0 + 7)
    call.receive(heard("again", 100, 600, stream=SECOND), now=T0 + 8)

    assert len(call.asked(StartStreaming)) == 2
    assert [(gap.track, gap.start_ms, gap.end_ms) for gap in call.events(TranscriptGap)] == [
        ("inbound", 4000, 6000),
        ("outbound", 4000, 6000),
    ]
    assert call.finals[0].start_ms == 6100


def test_a_socket_that_drops_with_the_hang_up_is_not_asked_for_again() -> None:
    """A hang-up that still waits for its turn is known all the same."""
    call = talking(MEDIA)
    call.receive(hung_up(T0 + 5), media_stopped(T0 + 5, orderly=False), now=T0 + 5)

    assert len(call.asked(StartStreaming)) == 1


def test_a_fork_that_keeps_failing_is_asked_for_as_long_as_the_call_lives() -> None:
    """Each time later; the trouble is told once, the failure once, and once that it is over."""
    call = Driver(MEDIA)
    call.receive(initiated(), answered(), now=T0 + 1)
    for attempt in range(20):
        at = T0 + 2 + attempt * 70
        call.receive(failed_streaming(at), now=at)
    call.receive(media_started(T0 + 1500), now=T0 + 1500)

    generations = [command.generation for command in call.asked(StartStreaming)]
    assert len(generations) > 20
    assert generations == list(range(len(generations)))
    assert [event.reason for event in call.events(TranscriptionDegraded)] == ["streaming_failed"]
    assert [event.reason for event in call.events(TranscriptionFailed)] == ["streaming_failed"]
    assert [event.start_ms for event in call.events(TranscriptionRecovered)] == [1_499_000]


def test_a_fork_that_fails_at_once_is_asked_for_later_and_later() -> None:
    """The first time at once, then with growing delays, so that nobody is hammered."""
    call = talking(MEDIA)
    call.receive(media_stopped(T0 + 5, orderly=False), now=T0 + 5)
    call.receive(media_started(T0 + 5.1, stream=SECOND), now=T0 + 5.1)
    call.receive(media_stopped(T0 + 5.2, orderly=False, stream=SECOND), now=T0 + 5.2)
    assert len(call.asked(StartStreaming)) == 2

    call.run_until(T0 + 5.2 + DELAYS_S[1])

    assert len(call.asked(StartStreaming)) == 3


def test_a_stream_that_held_for_a_while_begins_the_delays_anew() -> None:
    """An hour's call may lose its socket now and then without being given up."""
    call = talking(MEDIA)
    at = T0 + 1.2
    for number in range(10):
        stream = StreamId(f"held {number}")
        call.receive(media_started(at, stream=stream), now=at)
        at += STABLE_MS / 1000 + 1
        call.receive(media_stopped(at, orderly=False, stream=stream), now=at)

    assert len(call.asked(StartStreaming)) == 11
    assert call.events(TranscriptionFailed) == []


def test_a_fork_whose_call_ends_before_its_time_is_not_asked_for() -> None:
    """The hang-up came while the next try was waited for."""
    call = talking(MEDIA)
    for number in range(2):
        stream = StreamId(f"short {number}")
        call.receive(media_started(T0 + 5, stream=stream), now=T0 + 5)
        call.receive(media_stopped(T0 + 5, orderly=False, stream=stream), now=T0 + 5)
    asked = len(call.asked(StartStreaming))
    call.receive(hung_up(T0 + 5.1), now=T0 + 5.1)
    call.run_until(T0 + 60)

    assert len(call.asked(StartStreaming)) == asked


def test_a_failed_stream_of_a_call_that_no_route_wants_is_nothing_to_us() -> None:
    """Somebody else's fork."""
    call = Driver()
    call.receive(initiated(), failed_streaming(T0 + 1), now=T0 + 1)
    call.run_until(T0 + 2)

    assert call.commands == []


def test_a_second_start_takes_over_from_the_first() -> None:
    """Telnyx opened another socket without closing the first: the clock goes on."""
    call = talking(MEDIA)
    call.receive(media_started(T0 + 4, stream=SECOND), now=T0 + 4)
    call.receive(finished("inbound"), finished("outbound"), now=T0 + 5)

    assert [command.stream_id for command in call.asked(FinishRecognitions)] == [STREAM]
    assert call.events(TranscriptionStopped) == []
    assert call.events(TranscriptGap) == []


def test_audio_for_a_call_that_is_over_opens_nothing() -> None:
    """A socket that comes after the hang-up, or for a leg nobody knows, is not heard."""
    over, unknown = talking(IN_CALL), Driver(MEDIA)
    over.receive(hung_up(T0 + 5), now=T0 + 5)
    over.run_until(T0 + 6)
    over.receive(media_started(T0 + 6), now=T0 + 6)
    unknown.receive(initiated(leg=B), media_started(), now=T0 + 2)

    assert over.asked(OpenRecognition) == []
    assert unknown.asked(OpenRecognition) == []


def test_words_come_in_the_call_where_nobody_can_decode_the_audio() -> None:
    """The codec is named, so that the user knows what to ask Telnyx for."""
    call = Driver(MEDIA)
    call.receive(initiated(), answered(), now=T0 + 1)
    wrong = MediaRefused(leg_id=A, stream_id=STREAM, at=T0 + 2, encoding="AMR-WB")
    call.receive(wrong, now=T0 + 2)
    call.receive(hung_up(T0 + 3), now=T0 + 3)
    call.run_until(T0 + 4)
    call.receive(wrong, now=T0 + 4)

    (told,) = call.events(TranscriptionDegraded)
    assert (told.reason, told.code) == ("unsupported_codec", "AMR-WB")
    assert told.to == EngineRef(source="in_call", engine="Deepgram", model=None)
    assert [command.engine for command in call.asked(StartTranscription)] == ["Deepgram"]
    assert call.asked(StopStreaming) == [StopStreaming(leg_id=A)]


@pytest.mark.parametrize("end", ["hang_up", "stop"])
def test_audio_that_stopped_coming_while_the_socket_was_open_is_a_gap(end: str) -> None:
    """From the last frame to the hang-up, or to where nobody was to hear it any more."""
    call = talking(MEDIA)
    if end == "hang_up":
        call.receive(hung_up(T0 + 11), now=T0 + 11)
    else:
        call.receive(asked("stop", T0 + 11), now=T0 + 11)
    call.run_until(T0 + 11.5)
    call.receive(finished("inbound", audio_ms=5000), finished("outbound"), now=T0 + 12)

    assert [(g.track, g.start_ms, g.end_ms, g.reason) for g in call.events(TranscriptGap)] == [
        ("inbound", 5200, 10_000, "media_stalled")
    ]


def test_audio_that_came_faster_than_the_clock_runs_is_no_gap() -> None:
    """Nine seconds of audio came within three: what was heard is not told as lost."""
    call = talking(MEDIA)
    call.receive(media_stopped(T0 + 4), now=T0 + 4)
    call.receive(finished("inbound", audio_ms=9000), now=T0 + 5)
    call.receive(finished("outbound", audio_ms=5000), now=T0 + 5)
    call.receive(hung_up(T0 + 10.5), now=T0 + 10.5)
    call.run_until(T0 + 11)

    assert [(gap.track, gap.start_ms, gap.end_ms) for gap in call.events(TranscriptGap)] == [
        ("outbound", 5200, 9500)
    ]


def test_a_late_start_is_told_as_a_gap() -> None:
    """Three seconds of a call that nobody heard are not passed over in silence."""
    call = Driver(MEDIA)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(media_started(T0 + 4), now=T0 + 4)

    assert [(g.start_ms, g.end_ms, g.reason) for g in call.events(TranscriptGap)] == [
        (0, 3000, "media_started_late"),
        (0, 3000, "media_started_late"),
    ]


def test_audio_that_never_came_is_lost_from_the_answer_to_the_end() -> None:
    """The books of a call that was never heard say so, track by track."""
    call = Driver(MEDIA)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(hung_up(T0 + 11), now=T0 + 11)
    call.run_until(T0 + 60)

    coverage = call.events(TranscriptCompleted)[0].coverage
    assert coverage is not None
    assert {track: books.lost_ms for track, books in coverage.items()} == {
        "inbound": 10_000,
        "outbound": 10_000,
    }


def test_the_books_of_a_whole_call_sum_to_its_length() -> None:
    """Transcribed, silence and lost: every millisecond between answer and hang-up, once."""
    call = talking(MEDIA)
    call.receive(heard("one", 800, 1800), heard("two", 1500, 2800), now=T0 + 5)
    call.receive(media_stopped(T0 + 11), hung_up(T0 + 11), now=T0 + 11)
    call.receive(finished("inbound"), finished("outbound"), now=T0 + 12)

    coverage = call.events(TranscriptCompleted)[0].coverage
    assert coverage is not None
    assert coverage["inbound"].transcribed_ms == 2000
    for books in coverage.values():
        total = books.transcribed_ms + books.silence_ms + books.paused_ms + books.lost_ms
        assert total == 10_000


def test_transcription_that_was_asked_for_starts_with_its_first_words_at_the_latest() -> None:
    """Telnyx's yes was lost; its words are proof enough."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(said("hello", T0 + 2), now=T0 + 2)
    call.run_until(T0 + 3)
    call.receive(CommandDone(leg_id=A, command="start_transcription", at=T0 + 3), now=T0 + 3)

    assert call.types[2:] == ["transcription.started", "transcript.final"]
