"""Start, stop, pause and resume: no word of a pause is kept, on either source."""

from dataclasses import replace

import pytest

from service.calls.commands import (
    FinishRecognitions,
    OpenRecognition,
    PauseStream,
    Reply,
    StartStreaming,
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.calls.events import (
    Coverage,
    TranscriptCompleted,
    TranscriptGap,
    TranscriptionPaused,
    TranscriptionResumed,
    TranscriptionStarted,
    TranscriptionStopped,
)
from service.calls.inputs import (
    AudioLost,
    ControlAsked,
    ControlName,
    Word,
)
from service.calls.routes import Route
from service.ids import StreamId
from tests.calls.harness import (
    IN_CALL,
    INBOUND,
    MEDIA,
    STREAM,
    T0,
    A,
    Driver,
    answered,
    finished,
    heard,
    hung_up,
    initiated,
    media_started,
    media_stopped,
    refused,
    said,
    talking,
)

SECOND = StreamId("stream-2")
AGAIN = StreamId("stream-1#3")
"""What the first stream is called after a pause."""


def asked(action: ControlName, at: float) -> ControlAsked:
    """Somebody asks for it."""
    return ControlAsked(action=action, at=at, reason="card_payment")


def paused(
    route: Route,
    *,
    since: float = T0 + 5,
    until: float | None = None,
    telnyx_answers: bool = True,
) -> Driver:
    """Return a call that talks, was paused, and resumed if `until` says when.

    `telnyx_answers` is of what it is asked from the pause on.
    """
    call = talking(route)
    if not telnyx_answers:
        call.silence()
    call.receive(asked("pause", since), now=since)
    if until is not None:
        call.receive(asked("resume", until), now=until)
    return call


def last_reply(call: Driver) -> Reply:
    """Return what was answered last."""
    return call.replies[-1]


def coverage(call: Driver) -> dict[str, Coverage]:
    """Return the books of a call that is complete."""
    return dict(call.events(TranscriptCompleted)[-1].coverage or {})


def test_a_pause_of_media_keeps_the_fork_and_ends_what_hears_it() -> None:
    """The journal says so at once; what was said before is settled after it."""
    call = paused(MEDIA)
    call.receive(heard("before", 3000, 3700), now=T0 + 5.4)

    assert call.asked(PauseStream) == [PauseStream(leg_id=A, stream_id=STREAM)]
    assert call.asked(StopStreaming) == []
    assert call.types[-2:] == ["transcription.paused", "transcript.final"]
    assert call.events(TranscriptionPaused)[0].start_ms == 4000
    assert call.events(TranscriptionPaused)[0].reason == "card_payment"
    assert last_reply(call) == Reply(changed=True, transcription="paused", at_ms=4000)


def test_words_of_media_end_where_the_pause_begins() -> None:
    """Partials on their way are not shown; what an engine places later is cut or dropped."""
    call = paused(MEDIA)
    crossing = replace(
        heard("one two", 3500, 4300),
        words=(Word(text="one", start_ms=3500, end_ms=3700),
               Word(text="two", start_ms=3900, end_ms=4300)),
    )  # fmt: skip
    call.receive(heard("sec", 3500, 3900, final=False), crossing, now=T0 + 5.1)
    call.receive(heard("secret", 3800, 4300), now=T0 + 5.2)

    assert call.partials == []
    assert [(final.start_ms, final.end_ms) for final in call.finals] == [(3700, 4000)]
    assert [(w.start_ms, w.end_ms) for w in call.finals[0].words or ()] == [
        (3700, 3900),
        (4000, 4000),
    ]


def test_media_is_heard_anew_from_the_resumption_on() -> None:
    """The same WebSocket, a new stretch of the call clock, and nobody asks Telnyx for anything."""
    call = paused(MEDIA, until=T0 + 8)
    call.receive(heard("back", 500, 900, stream=AGAIN), now=T0 + 9.5)

    opened = call.asked(OpenRecognition)[2:]
    assert [(one.ref.stream_id, one.socket_id) for one in opened] == [(AGAIN, STREAM)] * 2
    assert call.events(TranscriptionResumed)[0].start_ms == 7000
    assert call.events(TranscriptionResumed)[0].paused_since_ms == 4000
    assert call.finals[0].start_ms == 7500
    assert len(call.asked(StartStreaming)) == 1
    assert len(call.events(TranscriptionStarted)) == 1


def test_the_tail_of_before_may_come_after_the_resumption() -> None:
    """A recogniser that is slow to settle loses nothing by it."""
    call = paused(MEDIA, until=T0 + 5.5)
    call.receive(heard("before", 3000, 3700), finished("inbound"), now=T0 + 6)
    call.receive(heard("after", 0, 400, stream=AGAIN), now=T0 + 6.5)

    assert [(final.text, final.start_ms) for final in call.finals] == [
        ("before", 3200),
        ("after", 4500),
    ]


def test_the_books_tell_what_was_paused_and_there_is_no_gap() -> None:
    """Transcribed, silence, paused and lost sum to the length of the call."""
    call = paused(MEDIA, until=T0 + 8)
    call.receive(heard("back", 500, 900, stream=AGAIN), now=T0 + 9.5)
    call.receive(hung_up(T0 + 11), now=T0 + 11)
    call.run_until(T0 + 60)

    assert call.events(TranscriptGap) == []
    assert coverage(call)["inbound"] == Coverage(
        transcribed_ms=400, silence_ms=6600, paused_ms=3000, lost_ms=0
    )


def test_what_is_lost_in_a_pause_is_not_lost() -> None:
    """Only the parts that somebody was to hear are told as a gap."""
    call = paused(MEDIA, until=T0 + 8)
    again = replace(INBOUND, stream_id=AGAIN)
    lost = AudioLost(ref=again, start_ms=0, end_ms=600, reason="buffer_full")
    call.receive(replace(lost, ref=INBOUND, end_ms=9000), lost, now=T0 + 9)

    spans = [(gap.start_ms, gap.end_ms) for gap in call.events(TranscriptGap)]
    assert spans == [(200, 4000), (7000, 9200), (7000, 7600)]


def test_a_pause_of_in_call_words_goes_by_when_they_were_said() -> None:
    """Telnyx takes its time to stop: what it reports of the pause is dropped, interims too."""
    call = paused(IN_CALL)
    call.receive(said("before", T0 + 4.9), said("during", T0 + 5), now=T0 + 5.1)
    call.receive(said("dur", T0 + 5.2, final=False), now=T0 + 5.2)
    call.receive(said("bef", T0 + 4.8, final=False), now=T0 + 5.3)
    call.run_until(T0 + 7)

    assert call.asked(StopTranscription) == [StopTranscription(leg_id=A)]
    assert [final.text for final in call.finals] == ["before"]
    assert call.partials == []
    assert call.session.state.waiting == []


def test_words_that_wait_for_their_turn_are_judged_again() -> None:
    """They were here before the pause was asked for, but said after it by Telnyx's clock."""
    call = talking(IN_CALL)
    call.receive(said("ahead", T0 + 5.1), asked("pause", T0 + 5), now=T0 + 5)
    call.run_until(T0 + 7)

    assert call.finals == []


def test_in_call_words_come_again_once_telnyx_says_so() -> None:
    """A new command, not a repeat of the first; words begin no sooner than the resumption."""
    call = paused(IN_CALL, until=T0 + 8)
    call.receive(said("and here we are again", T0 + 9), now=T0 + 9)
    call.run_until(T0 + 10)

    assert [command.generation for command in call.asked(StartTranscription)] == [0, 1]
    assert [(final.start_ms, final.end_ms) for final in call.finals] == [(7000, 8000)]


def test_until_telnyx_transcribes_again_its_words_are_of_the_pause() -> None:
    """What it sends before it took the command was said before."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(asked("pause", T0 + 5), now=T0 + 5)
    call.receive(asked("resume", T0 + 6), now=T0 + 6)
    assert last_reply(call).at_ms == 5000
    call.receive(said("late", T0 + 6.5), now=T0 + 6.5)
    call.receive(asked("pause", T0 + 7), now=T0 + 7)
    call.run_until(T0 + 9)

    assert call.finals == []
    assert [span.until for span in call.session.state.pauses] == [T0 + 7, None]


@pytest.mark.parametrize("code", ["90054", "10015"])
def test_a_resumption_that_telnyx_refuses_ends_the_pause(code: str) -> None:
    """If it transcribes all the same its words count; if not, the failure is told."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(asked("pause", T0 + 5), asked("resume", T0 + 6), now=T0 + 6)
    call.receive(refused("start_transcription", code, at=T0 + 6.2), now=T0 + 6.2)
    call.receive(said("heard", T0 + 7), now=T0 + 7)
    call.run_until(T0 + 8)

    assert [final.text for final in call.finals] == ["heard"]


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
def test_what_holds_already_is_answered_and_not_told_again(route: Route) -> None:
    """Asking twice is asking once."""
    call = talking(route)
    actions: tuple[ControlName, ...] = (
        "start",
        "pause",
        "pause",
        "resume",
        "resume",
        "stop",
        "stop",
    )
    for at, action in enumerate(actions):
        call.receive(asked(action, T0 + 5 + at), now=T0 + 5 + at)
    call.receive(asked("start", T0 + 20), asked("start", T0 + 21), now=T0 + 21)

    assert [reply.transcription for reply in call.replies] == [
        "on", "paused", "paused", "on", "on", "off", "off", "on", "on",
    ]  # fmt: skip
    assert [reply.changed for reply in call.replies] == [
        False, True, False, True, False, True, False, True, False,
    ]  # fmt: skip
    assert [kind.split(".")[1] for kind in call.types if kind.startswith("transcription")][1:4] == [
        "paused", "resumed", *(["started"] if route is IN_CALL else ["stopped"]),
    ]  # fmt: skip


def test_what_the_state_of_the_call_does_not_allow_is_refused() -> None:
    """Before the answer, after the hang-up, for nobody's call, and what makes no sense."""
    unwanted, ringing, over = Driver(), Driver(MEDIA), talking(MEDIA)
    unwanted.receive(initiated(), asked("pause", T0), now=T0)
    ringing.receive(initiated(), asked("pause", T0), now=T0)
    over.receive(asked("stop", T0 + 2), asked("pause", T0 + 2), asked("resume", T0 + 2), now=T0 + 2)
    over.receive(hung_up(T0 + 3), now=T0 + 3)
    over.run_until(T0 + 4)
    over.receive(asked("start", T0 + 4), now=T0 + 4)
    held = paused(MEDIA)
    held.receive(asked("start", T0 + 6), now=T0 + 6)

    assert [last_reply(call).refused for call in (unwanted, ringing, over, held)] == [
        "unknown", "not_answered", "call_over", "paused",
    ]  # fmt: skip
    assert [reply.refused for reply in over.replies[1:3]] == ["off", "off"]


def test_a_stop_ends_the_fork_and_a_start_begins_another() -> None:
    """The time between is nobody's to hear: it is booked as paused, without a gap."""
    call = talking(MEDIA)
    call.receive(heard("lo", 3400, 3700, final=False), asked("stop", T0 + 5), now=T0 + 5)
    call.receive(heard("hello", 3000, 3700), now=T0 + 5.3)
    call.receive(media_stopped(T0 + 5.4), finished("inbound"), finished("outbound"), now=T0 + 5.4)
    call.receive(asked("start", T0 + 8), now=T0 + 8)
    call.receive(media_started(T0 + 8.3, stream=SECOND), now=T0 + 8.3)
    call.receive(hung_up(T0 + 11), now=T0 + 11)
    call.run_until(T0 + 60)

    assert call.asked(StopStreaming) == [StopStreaming(leg_id=A)]
    assert len(call.asked(StartStreaming)) == 2
    assert call.events(TranscriptionStopped)[0].reason == "card_payment"
    assert call.events(TranscriptGap) == []
    assert coverage(call)["inbound"] == Coverage(
        transcribed_ms=700, silence_ms=6300, paused_ms=3000, lost_ms=0
    )


def test_a_stop_of_in_call_words_is_a_command_to_telnyx() -> None:
    """Also when it was paused before: then Telnyx was told already."""
    call = talking(IN_CALL)
    call.receive(asked("stop", T0 + 5), now=T0 + 5)
    both = paused(IN_CALL)
    both.receive(asked("stop", T0 + 6), said("still", T0 + 7), now=T0 + 7)

    assert len(call.asked(StopTranscription)) == len(both.asked(StopTranscription)) == 1
    assert both.events(TranscriptionStopped)[0].leg == A
    assert both.session.state.waiting == []


def test_a_paused_call_may_be_stopped() -> None:
    """The fork that nobody hears is ended; a socket that comes all the same is not wanted."""
    call = paused(MEDIA)
    call.receive(asked("stop", T0 + 6), now=T0 + 6)
    call.receive(media_started(T0 + 7, stream=SECOND), now=T0 + 7)

    assert len(call.asked(StopStreaming)) == 1
    assert [command.stream_id for command in call.asked(FinishRecognitions)] == [STREAM]
    assert len(call.asked(OpenRecognition)) == 2


def test_a_fork_that_failed_can_be_started_again() -> None:
    """Somebody put right what was wrong; the new command is none that Telnyx knows."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(refused("start_transcription", "10015"), now=T0 + 2)
    call.receive(asked("start", T0 + 5), now=T0 + 5)
    media = Driver(MEDIA, telnyx_answers=False)
    media.receive(initiated(), answered(), now=T0 + 1)
    media.receive(refused("start_streaming", "10015"), asked("start", T0 + 5), now=T0 + 5)

    assert [command.generation for command in call.asked(StartTranscription)] == [0, 1]
    assert len(media.asked(StartStreaming)) == 2


@pytest.mark.parametrize("route", [MEDIA, IN_CALL])
def test_what_fails_can_be_paused_since_it_is_tried_again(route: Route) -> None:
    """Nobody is to hear a card number only because the words came again in that moment."""
    call = Driver(route, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    for failure in (refused("start_streaming", "10015"), refused("start_transcription", "10015")):
        call.receive(failure, now=T0 + 2)
    call.receive(asked("pause", T0 + 5), now=T0 + 5)
    assert last_reply(call).changed
    call.receive(asked("pause", T0 + 6), asked("resume", T0 + 7), now=T0 + 7)

    assert call.types[-2:] == ["transcription.paused", "transcription.resumed"]


def test_a_fork_that_failed_can_be_stopped_for_good() -> None:
    """It is not asked for again, not even on another leg."""
    call = Driver(MEDIA)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(refused("start_streaming", "10015"), asked("stop", T0 + 5), now=T0 + 5)

    assert last_reply(call).changed
    assert call.asked(StopStreaming) == []
