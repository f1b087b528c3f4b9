"""Holes in the audio: told as gaps where they are long, and booked as lost where a word fits in."""

from dataclasses import replace

import pytest

from service.calls.events import TranscriptCompleted, TranscriptGap
from service.calls.inputs import AudioLost, RecognitionFinished, TrackRef
from service.ids import StreamId, Track
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    STREAM,
    T0,
    A,
    Driver,
    answered,
    finished,
    hung_up,
    initiated,
    media_started,
    media_stopped,
    said,
    talking,
)


def test_words_in_the_call_that_begin_late_are_told_as_a_gap() -> None:
    """Telnyx was asked only once it was known that people talk."""
    others = replace(IN_CALL, answer=False)  # it would be known that Telnyx answered it for us
    call, silent = Driver(others), Driver(others)
    for one in (call, silent):
        one.receive(initiated(), now=T0)
        one.receive(answered(), now=T0 + 8)
    call.receive(said("hello", T0 + 8.1), now=T0 + 8.1)  # estimated to begin before Telnyx did
    call.run_until(T0 + 9)
    silent.receive(hung_up(T0 + 12), now=T0 + 12)
    silent.run_until(T0 + 60)

    assert silent.events(TranscriptGap) == call.events(TranscriptGap)
    assert [(g.track, g.start_ms, g.end_ms, g.reason) for g in call.events(TranscriptGap)] == [
        ("inbound", 0, 7000, "transcription_started_late"),
        ("outbound", 0, 7000, "transcription_started_late"),
    ]


def test_words_that_came_before_the_answer_was_known_had_begun_before_that() -> None:
    """Since when Telnyx transcribes is not known then, and nothing is said to be lost."""
    call = Driver(replace(IN_CALL, answer=False))
    call.receive(initiated(), now=T0)
    call.receive(answered(), said("hello", T0 + 4), now=T0 + 8)
    call.run_until(T0 + 9)

    assert call.events(TranscriptGap) == []


def test_a_stream_that_finishes_late_ends_where_it_ended_and_not_where_the_call_did() -> None:
    """Another one was heard meanwhile; what the first one's track lacks at its end is told.

    Together with what was lost until the other one came.
    """
    second = StreamId("stream-2")
    call = talking(MEDIA)
    call.receive(media_stopped(T0 + 5, orderly=False), now=T0 + 5)
    call.receive(media_started(T0 + 5.2, stream=second), now=T0 + 5.2)
    call.receive(hung_up(T0 + 8), now=T0 + 8)
    call.receive(finished("inbound", audio_ms=2800), now=T0 + 8.1)  # it was open for 3.8 s
    call.receive(finished("outbound", audio_ms=3800), now=T0 + 8.1)
    for track in ("inbound", "outbound"):
        ref = TrackRef(A, second, track)
        call.receive(RecognitionFinished(ref=ref, audio_ms=2800), now=T0 + 8.2)
    call.run_until(T0 + 60)

    gaps = [(g.track, g.start_ms, g.end_ms, g.reason) for g in call.events(TranscriptGap)]
    assert gaps == [("inbound", 3000, 4200, "media_stalled")]


@pytest.mark.parametrize(("late_ms", "lost_ms"), [(300, 0), (400, 400)])
def test_a_hole_that_is_no_event_is_booked_if_a_word_fits_in(late_ms: int, lost_ms: int) -> None:
    """Nobody is told of it, and it is no silence."""
    call = Driver(MEDIA)
    call.receive(initiated(), answered(), now=T0 + 1)
    began_at = T0 + 1 + late_ms / 1000
    call.receive(media_started(began_at), now=began_at)
    call.receive(hung_up(T0 + 6), now=T0 + 6)
    for track in ("inbound", "outbound"):
        call.receive(finished(track, audio_ms=5000 - late_ms), now=T0 + 6.5)
    call.run_until(T0 + 60)

    assert call.events(TranscriptGap) == []
    coverage = call.events(TranscriptCompleted)[0].coverage or {}
    assert [books.lost_ms for books in coverage.values()] == [lost_ms, lost_ms]


@pytest.mark.parametrize(("short_ms", "lost_ms"), [(300, 0), (400, 400)])
def test_a_tail_that_is_no_event_is_booked_if_a_word_fits_in(short_ms: int, lost_ms: int) -> None:
    """What a stream still owed at its end, or when a pause began, is no silence either."""
    call = talking(MEDIA)
    call.receive(hung_up(T0 + 6), now=T0 + 6)
    for track in ("inbound", "outbound"):
        call.receive(finished(track, audio_ms=4800 - short_ms), now=T0 + 6.5)
    call.run_until(T0 + 60)

    assert call.events(TranscriptGap) == []
    coverage = call.events(TranscriptCompleted)[0].coverage or {}
    assert [books.lost_ms for books in coverage.values()] == [lost_ms, lost_ms]


def lost(
    start_ms: int, end_ms: int, *, stream: StreamId = STREAM, track: Track = "inbound"
) -> AudioLost:
    """Return that frames of a stream never came."""
    ref = TrackRef(A, stream, track)
    return AudioLost(ref=ref, start_ms=start_ms, end_ms=end_ms, reason="frames_lost")


def test_holes_that_touch_are_one() -> None:
    """A stream stalls, drops and is replaced, and the other one has no audio for a while, too.

    None of them would be an event by itself.
    """
    second = StreamId("stream-2")
    call = talking(MEDIA)
    call.receive(media_stopped(T0 + 5, orderly=False), now=T0 + 5)
    call.receive(media_started(T0 + 5.25, stream=second), now=T0 + 5.25)
    call.receive(finished("inbound", audio_ms=3700), now=T0 + 5.3)  # 100 ms short
    call.receive(finished("outbound", audio_ms=3800), now=T0 + 5.3)
    tracks: tuple[Track, ...] = ("inbound", "outbound")
    for track in tracks:
        call.receive(lost(0, 230, stream=second, track=track), now=T0 + 6)
    call.receive(hung_up(T0 + 8), now=T0 + 8)
    for track in tracks:
        call.receive(finished(track, stream=second, audio_ms=2750), now=T0 + 8.1)
    call.run_until(T0 + 60)

    gaps = [(g.track, g.start_ms, g.end_ms) for g in call.events(TranscriptGap)]
    assert gaps == [("inbound", 3900, 4480)]
    books = (call.events(TranscriptCompleted)[0].coverage or {})["inbound"]
    assert books.lost_ms == 580


def test_a_hole_that_touches_what_is_told_is_told_as_well() -> None:
    """Silence for two seconds, a drop, and a stream that begins anew a little later."""
    second = StreamId("stream-2")
    call = talking(MEDIA)
    call.receive(media_stopped(T0 + 5, orderly=False), now=T0 + 5)
    for track in ("inbound", "outbound"):
        call.receive(finished(track, audio_ms=1800), now=T0 + 5.1)
    call.receive(media_started(T0 + 5.25, stream=second), now=T0 + 5.25)

    gaps = [(g.track, g.start_ms, g.end_ms, g.reason) for g in call.events(TranscriptGap)]
    assert [gap[1:] for gap in gaps if gap[0] == "inbound"] == [
        (2000, 4000, "media_stalled"),
        (4000, 4250, "media_dropped"),
    ]


def test_holes_with_audio_between_them_are_not_one() -> None:
    """However many frames are lost: what came between was heard."""
    call = talking(MEDIA)
    for at_ms in range(0, 2000, 40):
        call.receive(lost(at_ms, at_ms + 20), now=T0 + 3)

    assert call.events(TranscriptGap) == []
