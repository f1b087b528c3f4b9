"""Who gives the words: another source takes over where one does not, and offsets and ids go on."""

from dataclasses import replace

import msgspec
import pytest

from service.calls.carrier_answers import CommandFailed
from service.calls.commands import (
    FinishRecognitions,
    OpenRecognition,
    StartStreaming,
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.calls.ending import GRACE_S
from service.calls.events import (
    Coverage,
    EngineRef,
    TranscriptCompleted,
    TranscriptGap,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionRecovered,
    TranscriptionStarted,
)
from service.calls.in_call import NO_WORDS_S
from service.calls.inputs import (
    ControlName,
    EraseAsked,
    MediaRefused,
    RecognitionFailed,
    TrackRef,
    WordsReported,
)
from service.calls.routes import Fallback
from service.calls.troubles import FAILED_AFTER_S, NO_WORDS
from service.ids import LegId, Source
from tests.calls.harness import (
    IN_CALL,
    INBOUND,
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
    refused,
    said,
    talking,
)
from tests.calls.test_controls import asked

OUTBOUND = TrackRef(A, STREAM, "outbound")
TO_IN_CALL = replace(MEDIA, fallback=(Fallback(source="in_call", engine="Telnyx"),))
TO_MEDIA = replace(IN_CALL, fallback=(Fallback(source="media", engine="Deepgram", model="nova-3"),))


def failed(ref: TrackRef) -> RecognitionFailed:
    """No engine of this source gives words of a track."""
    return RecognitionFailed(ref=ref, reason="refused", code="401")


def test_a_route_has_a_stage_for_each_change_of_source() -> None:
    """What follows on the same way belongs to it."""
    route = replace(
        MEDIA,
        fallback=(
            Fallback(engine="Google"),
            Fallback(engine="Telnyx", source="in_call"),
            Fallback(engine="Azure"),
        ),
    )
    stages = [(s.source, s.engine, [f.engine for f in s.fallback]) for s in route.stages]

    assert stages == [
        ("media", "Deepgram", ["Google"]),
        ("in_call", "Telnyx", []),
        ("media", "Azure", []),
    ]
    assert route.carries_media
    assert not IN_CALL.carries_media


def test_in_call_words_take_over_where_no_engine_gives_any() -> None:
    """The fork is ended, what it owes may still come, and the time between is told."""
    call = talking(TO_IN_CALL)
    call.receive(heard("one", 0, 400), now=T0 + 2)
    call.receive(failed(INBOUND), failed(OUTBOUND), now=T0 + 5)
    call.receive(heard("two", 3000, 3700, track="outbound"), now=T0 + 5.5)
    call.receive(finished("inbound"), finished("outbound"), media_stopped(T0 + 6), now=T0 + 6)
    call.receive(said("three", T0 + 9), now=T0 + 9)
    call.receive(hung_up(T0 + 11), now=T0 + 11)
    call.run_until(T0 + 60)

    (told,) = call.events(TranscriptionDegraded)
    assert (told.reason, told.code, told.source) == ("refused", "401", "media")
    assert told.to == EngineRef(source="in_call", engine="Telnyx", model=None)
    assert [one.reason for one in call.asked(FinishRecognitions)] == ["source_replaced"]
    assert len(call.asked(StopStreaming)) == len(call.asked(StartTranscription)) == 1
    assert [(f.text, f.source, f.engine, f.utterance_id[-3:]) for f in call.finals] == [
        ("one", "media", "Deepgram", "0i0"),
        ("two", "media", "Deepgram", "0o0"),
        ("three", "in_call", "Telnyx", "0i1"),
    ]
    assert call.events(TranscriptionRecovered)[0].source == "in_call"
    assert [event.source for event in call.events(TranscriptionStarted)] == ["media"]
    assert call.events(TranscriptionFailed) == []
    coverage = dict(call.events(TranscriptCompleted)[0].coverage or {})
    assert coverage["inbound"] == Coverage(
        transcribed_ms=750, silence_ms=9250, paused_ms=0, lost_ms=0
    )


def test_what_nobody_gave_between_two_sources_is_a_gap() -> None:
    """Telnyx takes its time to begin."""
    call = talking(TO_IN_CALL)
    call.silence()
    call.receive(failed(INBOUND), now=T0 + 5)
    call.receive(finished("inbound"), finished("outbound"), now=T0 + 5)
    call.receive(said("three", T0 + 9), now=T0 + 9)
    call.run_until(T0 + 10)

    assert {(gap.start_ms, gap.end_ms, gap.reason) for gap in call.events(TranscriptGap)} == {
        (4000, 7650, "source_replaced")
    }


def test_the_last_source_is_told_as_failed_and_goes_on_trying() -> None:
    """There is nobody else."""
    call = talking(TO_IN_CALL)
    call.silence()
    call.receive(failed(INBOUND), now=T0 + 5)
    call.receive(refused("start_transcription", "90057", at=T0 + 6), now=T0 + 6)
    call.run_until(T0 + 60)

    assert [event.source for event in call.events(TranscriptionFailed)] == ["in_call"]
    assert len(call.asked(StartTranscription)) > 1


def test_a_track_that_fails_where_nobody_takes_over_is_told() -> None:
    """So is one whose stream is over anyway."""
    alone, ending = talking(MEDIA), talking(TO_IN_CALL)
    alone.receive(failed(INBOUND), now=T0 + 5)
    ending.receive(media_stopped(T0 + 5), failed(INBOUND), now=T0 + 5)

    for call in (alone, ending):
        assert [event.track for event in call.events(TranscriptionFailed)] == ["inbound"]
        assert call.asked(StartTranscription) == []


def test_media_takes_over_where_in_call_words_fail_to_come() -> None:
    """They are heard from then on; what Telnyx still says of before is kept, of after is not."""
    call = talking(TO_MEDIA)
    call.run_until(T0 + 1 + NO_WORDS_S)
    assert len(call.asked(StartStreaming)) == len(call.asked(StopTranscription)) == 1
    call.receive(said("late", T0 + 31.5), now=T0 + 31.6)
    call.run_until(T0 + 32)
    call.receive(media_started(T0 + 32), now=T0 + 32)
    call.receive(heard("one", 1000, 1400), said("one", T0 + 33.5), now=T0 + 33.6)
    call.receive(hung_up(T0 + 41), now=T0 + 41)
    call.run_until(T0 + 60)

    (told,) = call.events(TranscriptionDegraded)
    assert (told.reason, told.to) == (
        NO_WORDS,
        EngineRef(source="media", engine="Deepgram", model="nova-3"),
    )
    assert [(f.text, f.source, f.start_ms) for f in call.finals] == [
        ("late", "in_call", 30_150),
        ("one", "media", 32_000),
    ]
    assert {(gap.track, gap.start_ms, gap.end_ms) for gap in call.events(TranscriptGap)} == {
        ("inbound", 30_500, 31_000),
        ("outbound", 0, 31_000),
    }
    coverage = dict(call.events(TranscriptCompleted)[0].coverage or {})
    assert coverage["outbound"].lost_reasons == {NO_WORDS: 31_000}


def test_words_of_before_that_wait_beside_the_hang_up_are_kept() -> None:
    """Nothing is wanted of the leg any more when their turn comes."""
    call = talking(TO_MEDIA)
    call.run_until(T0 + 1 + NO_WORDS_S - 0.1)
    call.receive(said("late", T0 + 30.9), now=T0 + 30.95)
    call.receive(hung_up(T0 + 31.1), now=T0 + 31.05)
    call.run_until(T0 + 60)

    assert [(final.text, final.source) for final in call.finals] == [("late", "in_call")]


def test_a_source_that_keeps_failing_to_start_is_replaced() -> None:
    """After the time in which trouble is told as failed."""
    call = Driver(TO_MEDIA, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    while not call.asked(StartStreaming):
        failure = CommandFailed(
            leg_id=A, command="start_transcription", at=call.now, code="", reason="unreachable"
        )
        call.receive(failure, now=call.now + 1)

    assert FAILED_AFTER_S <= call.now - T0 - 1 < FAILED_AFTER_S + 15
    assert len(call.events(TranscriptionDegraded)) == 2
    assert call.events(TranscriptionFailed) == []


def test_no_words_are_missed_once_there_were_some() -> None:
    """Silence is not failure: only a transcription that never gave a word is suspect."""
    interim, final = talking(IN_CALL), talking(IN_CALL)
    interim.receive(said("hel", T0 + 3, final=False), now=T0 + 3)
    final.receive(said("hello", T0 + 3), now=T0 + 3)
    for call in (interim, final):
        call.run_until(T0 + 600)

        assert len(call.asked(StartTranscription)) == 1
        assert call.events(TranscriptionDegraded) == []


def test_telnyx_is_asked_again_for_words_that_never_come() -> None:
    """Told once; less and less often; and over with the first word, without a gap."""
    call = talking(IN_CALL)
    call.run_until(T0 + 1 + NO_WORDS_S * (1 + 2 + 4))
    assert [command.generation for command in call.asked(StartTranscription)] == [0, 1, 2, 3]
    call.receive(said("hello", call.now), now=call.now)
    call.run_until(call.now + 1)

    assert [event.reason for event in call.events(TranscriptionDegraded)] == [NO_WORDS]
    assert [event.reason for event in call.events(TranscriptionFailed)] == [NO_WORDS]
    assert len(call.events(TranscriptionRecovered)) == 1
    assert call.events(TranscriptGap) == []


def test_a_transcription_that_telnyx_has_already_is_only_made_sure_of() -> None:
    """90054: it runs; that nobody says anything is no news."""
    call = talking(IN_CALL)
    call.silence()
    call.run_until(T0 + 1 + NO_WORDS_S)
    call.receive(refused("start_transcription", "90054", at=call.now), now=call.now)
    call.run_until(call.now + 2 * NO_WORDS_S - 1)

    assert [event.reason for event in call.events(TranscriptionDegraded)] == [NO_WORDS]
    assert len(call.asked(StartTranscription)) == 2


def test_words_of_another_leg_are_taken_where_ours_gives_none() -> None:
    """Somebody else transcribes it; and what our leg owes stays owed."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), initiated(T0 + 2, leg=B, incoming=False), now=T0 + 2)
    call.receive(refused("start_transcription", "90057"), now=T0 + 2)
    call.receive(answered(T0 + 3, leg=B), said("hello", T0 + 4, leg=B), now=T0 + 4)
    call.run_until(T0 + 5)

    assert [final.leg for final in call.finals] == [B]
    assert call.events(TranscriptGap) == []
    assert call.session.state.open_gaps["outbound"].since_ms == 0


def test_words_are_not_missed_in_a_pause_or_of_a_leg_that_is_gone() -> None:
    """Nobody expects any."""
    paused, gone = talking(IN_CALL), talking(IN_CALL)
    paused.receive(asked("pause", T0 + 3), now=T0 + 3)
    gone.receive(initiated(T0 + 2, leg=B, incoming=False), hung_up(T0 + 5), now=T0 + 5)
    for call in (paused, gone):
        call.run_until(T0 + 1 + NO_WORDS_S)

        assert len(call.asked(StartTranscription)) == 1
        assert call.events(TranscriptionDegraded) == []


@pytest.mark.parametrize("action", ["pause", "stop"])
def test_what_gave_no_word_until_somebody_ended_it_is_a_gap(action: ControlName) -> None:
    """Told with the next words; not where Telnyx was heard, or had little time to be."""
    deaf, heard_late, brief, interim = (talking(IN_CALL) for _ in range(4))
    interim.receive(said("hel", T0 + 3, final=False), now=T0 + 3)
    brief.receive(asked(action, T0 + 4), now=T0 + 4)
    for call in (deaf, heard_late, interim):
        call.receive(asked(action, T0 + 9), now=T0 + 9)
    for call in (deaf, heard_late, brief, interim):
        call.receive(asked("start" if action == "stop" else "resume", T0 + 20), now=T0 + 20)
        assert call.events(TranscriptGap) == []
    heard_late.receive(said("late", T0 + 8), now=T0 + 21)
    for call in (deaf, heard_late, brief, interim):
        call.receive(said("hello", T0 + 22), now=T0 + 22)
        call.run_until(T0 + 24)

    assert [(g.track, g.start_ms, g.end_ms, g.reason) for g in deaf.events(TranscriptGap)] == [
        ("inbound", 0, 8_000, NO_WORDS),
        ("outbound", 0, 8_000, NO_WORDS),
    ]
    assert not any(call.events(TranscriptGap) for call in (heard_late, brief, interim))


def test_what_gave_no_word_after_a_pause_is_a_gap_too() -> None:
    """From when it was begun; what it heard before the pause stays as it was told."""
    call = talking(IN_CALL)
    call.receive(said("hello", T0 + 3), now=T0 + 3)
    call.receive(asked("pause", T0 + 5), now=T0 + 5)
    call.receive(asked("resume", T0 + 10), now=T0 + 10)
    call.receive(hung_up(T0 + 20), now=T0 + 20)
    call.run_until(T0 + 60)

    gaps = [gap for gap in call.events(TranscriptGap) if gap.track == "inbound"]
    assert [(gap.start_ms, gap.end_ms, gap.reason) for gap in gaps] == [(9_000, 19_000, NO_WORDS)]


def test_a_call_that_ends_before_words_are_missed_has_a_gap() -> None:
    """It is told once late words would have come; those of its last seconds are waited for."""
    deaf, late = talking(IN_CALL), talking(IN_CALL)
    for call in (deaf, late):
        call.receive(hung_up(T0 + 21), now=T0 + 21)
    late.receive(said("bye", T0 + 20), now=T0 + 23)
    for call in (deaf, late):
        call.run_until(T0 + 60)

    assert [(g.start_ms, g.end_ms, g.reason) for g in deaf.events(TranscriptGap)] == [
        (0, 20_000, NO_WORDS)
    ] * 2
    assert late.events(TranscriptGap) == []


def test_what_gave_no_word_stays_a_gap_when_another_source_takes_over() -> None:
    """From the first word that was missed on, but for the pause."""
    call = talking(TO_MEDIA)
    call.receive(asked("pause", T0 + 9), now=T0 + 9)
    call.receive(asked("resume", T0 + 20), now=T0 + 20)
    call.run_until(T0 + 20 + NO_WORDS_S)
    call.receive(media_started(T0 + 51), now=T0 + 51)

    gaps = [gap for gap in call.events(TranscriptGap) if gap.track == "inbound"]
    assert [(gap.start_ms, gap.end_ms) for gap in gaps] == [(0, 8_000), (19_000, 50_000)]


def test_audio_nobody_can_decode_is_no_reason_to_ask_for_it_again() -> None:
    """The route names nobody else: Telnyx's own engine gives the words, in the call."""
    call = Driver(replace(MEDIA, engine="local"))
    call.receive(initiated(), answered(), now=T0 + 1)
    wrong = MediaRefused(leg_id=A, stream_id=STREAM, at=T0 + 2, encoding="G729")
    call.receive(wrong, now=T0 + 2)
    call.receive(said("hello", T0 + 4), now=T0 + 4)
    call.receive(hung_up(T0 + 5), now=T0 + 5)
    call.run_until(T0 + 5 + 2 * GRACE_S)

    assert [command.engine for command in call.asked(StartTranscription)] == ["Telnyx"]
    assert [final.engine for final in call.finals] == ["Telnyx"]
    assert call.asked(OpenRecognition) == []
    assert len(call.asked(StartStreaming)) == 1
    coverage = dict(call.events(TranscriptCompleted)[-1].coverage or {})
    assert coverage["inbound"].lost_ms == 1000


@pytest.mark.parametrize("source", ["media", "in_call"])
def test_what_runs_is_ended_where_a_call_of_two_sources_is_erased(source: Source) -> None:
    """While one source is being ended, the other begun."""
    call = talking(TO_IN_CALL if source == "media" else TO_MEDIA)
    call.silence()
    if source == "media":
        call.receive(failed(INBOUND), now=T0 + 5)
    else:
        call.run_until(T0 + 1 + NO_WORDS_S)
    before = len(call.commands)
    call.receive(EraseAsked(at=call.now), now=call.now)

    assert {type(command) for command in call.commands[before:]} == {
        StopStreaming,
        StopTranscription,
    }


def test_words_that_name_no_leg_are_those_of_the_leg_that_is_transcribed() -> None:
    """A final that names its session alone is kept, whether its leg is known yet or not."""
    call = talking(IN_CALL)
    call.receive(legless(said("hello", T0 + 3)), now=T0 + 3)
    call.run_until(T0 + 5)

    assert [(final.text, final.leg) for final in call.finals] == [("hello", A)]
    early = Driver(IN_CALL)
    early.receive(legless(said("early", T0 + 1)), now=T0 + 1)
    early.receive(initiated(), answered(), now=T0 + 2)
    early.run_until(T0 + 20)
    assert [final.text for final in early.finals] == ["early"]


def legless(words: WordsReported) -> WordsReported:
    """Return words without the leg that they are of."""
    return msgspec.structs.replace(words, leg_id=LegId(""))
