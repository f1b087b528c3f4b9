"""Pauses that a phrase begins: in sound and in words, on both sources and both tracks."""

from dataclasses import replace

import pytest

from service.calls.commands import (
    JudgeSound,
    OpenRecognition,
    PauseStream,
    StartTranscription,
    StopTranscription,
)
from service.calls.events import TranscriptGap, TranscriptionPaused, TranscriptionResumed
from service.calls.inputs import ControlAsked, TrackRef, Word, WordsHeard
from service.calls.phrase_pauses import PHRASE, RESUME_PHRASE, TIME_LIMIT
from service.calls.routes import Route
from service.calls.transcripts import NOT_CUT
from service.ids import LegId, StreamId, Track
from service.runtime.codec import decode_state, encode_state
from tests.calls.connections import IN_CALL as CONNECTED
from tests.calls.connections import connected
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    STREAM,
    T0,
    A,
    B,
    Driver,
    finished,
    heard,
    hung_up,
    media_started,
    media_stopped,
    said,
    talking,
)

PAUSING = replace(MEDIA, record="audio", pause_on=("card number",), pause_limit_s=30.0)
LISTENING = replace(PAUSING, resume_on=("thank you",))
PAUSING_IN_CALL = replace(IN_CALL, pause_on=("card number",), pause_limit_s=30.0)
LISTENING_IN_CALL = replace(PAUSING_IN_CALL, resume_on=("thank you",))
ASKING = "may I have your card number"


def worded(
    text: str, start_ms: int, *, final: bool = True, track: Track = "outbound"
) -> WordsHeard:
    """Words with their times, 500 ms each."""
    words = tuple(
        Word(text=one, start_ms=start_ms + at * 500, end_ms=start_ms + at * 500 + 500)
        for at, one in enumerate(text.split())
    )
    return WordsHeard(
        ref=TrackRef(A, STREAM, track),
        text=text,
        is_final=final,
        start_ms=start_ms,
        end_ms=words[-1].end_ms,
        words=words,
    )


def paused(route: Route = PAUSING) -> Driver:
    """Return a call that the partial of a phrase paused: it ends at 3,200 ms of the call clock."""
    call = talking(route)
    call.receive(worded(f"{ASKING} four", 0, final=False), now=T0 + 5)
    return call


def listening(call: Driver) -> StreamId:
    """Return the stream that the newest recognitions hear."""
    return call.asked(OpenRecognition)[-1].ref.stream_id


def test_a_pause_begins_when_its_phrase_is_first_heard() -> None:
    """In a partial, at the place where the phrase ends, and not when it was understood."""
    call = paused()

    assert [one.text for one in call.partials] == [ASKING]
    assert call.events(TranscriptionPaused) == [
        TranscriptionPaused(leg=A, source="media", reason=PHRASE, start_ms=3_200)
    ]
    assert call.asked(PauseStream) == [PauseStream(leg_id=A, stream_id=STREAM)]
    assert len(call.asked(OpenRecognition)) == 2


def test_what_was_heard_after_the_phrase_is_not_kept() -> None:
    """The recognitions had heard more by then, of both tracks."""
    call = paused()
    call.receive(worded(f"{ASKING} four two", 0), now=T0 + 6)
    call.receive(worded("sure four two four two", 2_000, track="inbound"), now=T0 + 6)
    call.receive(worded("four two", 3_000, track="inbound"), now=T0 + 6)
    call.receive(worded("more", 4_000, final=False), now=T0 + 6)

    assert [one.text for one in call.finals] == [ASKING, "sure four"]
    assert [one.end_ms for one in call.finals] == [3_200, 3_200]
    assert len(call.partials) == 1


def test_the_sound_after_the_phrase_is_silent_on_both_tracks() -> None:
    """As far as it came before the pause; a route that hides nothing else is judged, too."""
    call = paused()
    hidden = [(one.ref.track, one.hidden[0].start_ms) for one in call.asked(JudgeSound)]

    assert hidden == [("inbound", 3_000), ("outbound", 3_000)]


def test_words_without_times_are_cut_at_the_phrase_or_told_as_lost() -> None:
    """Of the other track nobody knows what was said before."""
    call = talking(PAUSING)
    call.receive(heard(f"{ASKING} four two", 0, 3_000, track="outbound", final=False), now=T0 + 5)
    call.receive(heard("sure it is", 1_000, 3_500), now=T0 + 6)
    call.receive(heard(f"{ASKING} four two", 0, 3_600, track="outbound"), now=T0 + 6)

    assert [one.text for one in call.finals] == [ASKING]
    gaps = [(one.track, one.start_ms, one.end_ms, one.reason) for one in call.events(TranscriptGap)]
    assert gaps == [("inbound", 1_200, 3_200, NOT_CUT)]


def test_a_final_begins_a_pause_as_well() -> None:
    """Where the engine gives no partials; without it, what it says is kept."""
    call = talking(PAUSING)
    call.receive(worded("a number of cards", 0), now=T0 + 4)
    assert call.events(TranscriptionPaused) == []
    call.receive(worded("Your CARD, number: four", 3_000), now=T0 + 8)

    assert [one.text for one in call.finals] == ["a number of cards", "Your CARD, number:"]
    assert [one.start_ms for one in call.events(TranscriptionPaused)] == [4_700]


def test_a_limit_ends_the_pause() -> None:
    """Words are kept again of what is said from then on, and a phrase may begin another one."""
    call = paused()
    call.run_until(T0 + 34.9)
    assert call.events(TranscriptionResumed) == []

    call.run_until(T0 + 36)
    assert [
        (e.reason, e.start_ms, e.paused_since_ms) for e in call.events(TranscriptionResumed)
    ] == [(TIME_LIMIT, 34_000, 3_200)]
    stream = listening(call)
    call.receive(heard("where do you live", 500, 1_500, stream=stream), now=T0 + 38)
    assert call.finals[-1].start_ms == 34_500
    call.receive(heard("the card number", 2_000, 3_000, stream=stream), now=T0 + 40)
    assert len(call.events(TranscriptionPaused)) == 2


def test_in_a_pause_the_call_is_listened_to_for_the_phrase_that_ends_it() -> None:
    """Nothing that is heard meanwhile is kept, nor shown."""
    call = paused(LISTENING)
    opened = call.asked(OpenRecognition)
    assert [one.is_muted for one in opened] == [False, False, True, True]
    muted = listening(call)
    call.receive(heard("four two four two", 0, 2_000, stream=muted), now=T0 + 8)
    call.receive(heard("and thank", 2_500, 3_000, stream=muted, final=False), now=T0 + 9)
    assert call.finals == []
    assert len(call.partials) == 1

    call.receive(heard("and Thank you.", 2_500, 3_300, stream=muted, final=False), now=T0 + 10)
    assert [one.reason for one in call.events(TranscriptionResumed)] == [RESUME_PHRASE]
    call.receive(heard("and thank you sir", 2_500, 3_600, stream=muted), now=T0 + 10)
    assert call.finals == []
    stream = listening(call)
    assert not call.asked(OpenRecognition)[-1].is_muted
    call.receive(heard("where do you live", 500, 1_500, stream=stream), now=T0 + 12)
    assert [one.text for one in call.finals] == ["where do you live"]
    assert call.session.wake_at != T0 + 35


def test_people_may_end_the_pause_or_make_it_their_own() -> None:
    """Resumed by hand it is over; paused by hand no phrase and no limit ends it."""
    resumed, held = paused(LISTENING), paused(LISTENING)
    resumed.receive(ControlAsked(action="resume", at=T0 + 8), now=T0 + 8)
    muted = listening(held)
    held.receive(ControlAsked(action="pause", at=T0 + 8), now=T0 + 8)
    held.receive(heard("thank you", 0, 900, stream=muted), now=T0 + 9)
    resumed.run_until(T0 + 60)
    held.run_until(T0 + 60)

    assert [one.reason for one in resumed.events(TranscriptionResumed)] == ["asked"]
    assert [one.is_muted for one in resumed.asked(OpenRecognition)[-2:]] == [False, False]
    assert [one.reason for one in held.events(TranscriptionPaused)] == [PHRASE, "asked"]
    assert held.events(TranscriptionResumed) == []


def test_people_may_stop_a_call_in_such_a_pause() -> None:
    """It stays stopped."""
    call = paused(LISTENING)
    call.receive(ControlAsked(action="stop", at=T0 + 8), now=T0 + 8)
    call.run_until(T0 + 60)

    assert call.types[-1] == "transcription.stopped"


def test_a_call_may_end_in_such_a_pause() -> None:
    """It is completed, and what was not heard is no gap."""
    call = paused(LISTENING)
    muted = listening(call)
    call.receive(hung_up(T0 + 9), now=T0 + 9)
    call.receive(finished("inbound"), finished("outbound"), now=T0 + 10)
    call.receive(finished("inbound", stream=muted), finished("outbound", stream=muted), now=T0 + 10)
    call.run_until(T0 + 60)

    assert call.types[-1] == "transcript.completed"
    assert call.events(TranscriptGap) == []
    assert call.events(TranscriptionResumed) == []


def test_a_stream_that_drops_in_such_a_pause_is_no_trouble() -> None:
    """Nobody is to hear it; the limit ends the pause all the same."""
    call = paused(LISTENING)
    call.receive(media_stopped(T0 + 7, orderly=False), now=T0 + 7)
    call.receive(media_started(T0 + 8, stream=StreamId("stream-2")), now=T0 + 8)
    call.run_until(T0 + 40)

    assert "transcription.degraded" not in call.types
    assert [one.reason for one in call.events(TranscriptionResumed)] == [TIME_LIMIT]


def test_a_pause_survives_the_process() -> None:
    """What is remembered of it is in the call's state."""
    call = paused(LISTENING)
    state = decode_state(encode_state(call.session.state))

    assert state.pause_ends_at == T0 + 35
    assert state.listens


@pytest.mark.parametrize("final", [True, False])
def test_in_call_words_begin_a_pause(final: bool) -> None:  # noqa: FBT001 - a parameter
    """What they have after the phrase is not kept, and Telnyx is told to stop."""
    call = talking(PAUSING_IN_CALL)
    call.receive(said(f"{ASKING} 42 42", T0 + 5, final=final), now=T0 + 5)
    call.receive(said(f"{ASKING} 42 42 42", T0 + 6), now=T0 + 6)
    call.receive(said("42 42", T0 + 7), now=T0 + 7)
    call.run_until(T0 + 20)

    assert [one.text for one in call.finals] == [ASKING]
    assert call.partials == []
    assert len(call.asked(StopTranscription)) == 1
    call.run_until(T0 + 40)
    assert [one.reason for one in call.events(TranscriptionResumed)] == [TIME_LIMIT]
    assert len(call.asked(StartTranscription)) == 2


def test_in_call_words_of_a_pause_are_listened_to() -> None:
    """Telnyx goes on, and begins anew with the words that are kept again."""
    call = talking(LISTENING_IN_CALL)
    call.receive(said(f"thank you {ASKING} 42", T0 + 5, final=False), now=T0 + 5)
    call.receive(said(f"thank you {ASKING} 42 42", T0 + 6, final=False), now=T0 + 6)
    assert call.asked(StopTranscription) == []
    assert call.events(TranscriptionResumed) == []

    call.receive(said("42 42 Thank you", T0 + 8, final=False), now=T0 + 8)
    assert [one.reason for one in call.events(TranscriptionResumed)] == [RESUME_PHRASE]
    assert len(call.asked(StopTranscription)) == 1
    call.receive(said("42 42 thank you, so", T0 + 8.1, final=False), now=T0 + 8.1)
    assert [one.text for one in call.partials] == ["so"]
    call.receive(said("42 42 thank you. So", T0 + 9), now=T0 + 9)
    call.run_until(T0 + 12)
    call.receive(said("where do you live", T0 + 14), now=T0 + 14)
    call.run_until(T0 + 20)

    assert [one.text for one in call.finals] == ["So", "where do you live"]


def test_in_call_words_that_began_in_a_pause_are_not_kept() -> None:
    """Of the other track: nobody knows what of them was said after it."""
    call = talking(LISTENING_IN_CALL)
    call.receive(said(ASKING, T0 + 5, track="outbound"), now=T0 + 5)
    call.receive(said("42", T0 + 5.5, final=False, track="inbound"), now=T0 + 5.5)
    call.receive(said("42 42", T0 + 6, track="inbound"), now=T0 + 6)
    call.receive(said("42", T0 + 7, final=False, track="inbound"), now=T0 + 7)
    call.receive(said("thank you", T0 + 8, track="outbound"), now=T0 + 8)
    call.receive(said("42 42", T0 + 10, track="inbound"), now=T0 + 10)
    call.receive(said("goodbye", T0 + 12, track="inbound"), now=T0 + 12)
    call.run_until(T0 + 20)

    assert [one.text for one in call.finals] == [ASKING, "goodbye"]


def test_without_partials_what_comes_first_after_a_pause_may_have_begun_in_it() -> None:
    """Of the other track; what comes after that is kept."""
    call = talking(replace(LISTENING_IN_CALL, interim_results=False))
    call.receive(said(ASKING, T0 + 5, track="outbound"), now=T0 + 5)
    call.receive(said("thank you. So", T0 + 8, track="outbound"), now=T0 + 8)
    call.receive(said("42 42", T0 + 9, track="inbound"), now=T0 + 9)
    call.receive(said("and now", T0 + 10, track="outbound"), now=T0 + 10)
    call.receive(said("goodbye", T0 + 12, track="inbound"), now=T0 + 12)
    call.run_until(T0 + 20)

    assert [one.text for one in call.finals] == [ASKING, "and now", "goodbye"]


@pytest.mark.parametrize("leg", [A, B])
def test_a_phrase_is_heard_on_either_leg_that_a_route_connects(leg: LegId) -> None:
    """In-call, where each is transcribed by its own side."""
    call = connected(replace(CONNECTED, pause_on=("card number",)))
    call.receive(said(ASKING, T0 + 6, leg=leg), now=T0 + 6)
    for one in (A, B):
        call.receive(said("42 42", T0 + 8, leg=one), now=T0 + 8)
    call.run_until(T0 + 20)

    assert [one.reason for one in call.events(TranscriptionPaused)] == [PHRASE]
    assert [one.text for one in call.finals] == [ASKING]


def test_a_route_without_phrases_is_left_alone() -> None:
    """Whatever is said."""
    call = talking(MEDIA)
    call.receive(worded(f"{ASKING} four", 0), now=T0 + 5)

    assert call.events(TranscriptionPaused) == []
    assert call.asked(JudgeSound) == []
