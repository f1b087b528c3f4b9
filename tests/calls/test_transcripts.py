"""Words to utterances: ids, revisions, places, and what is never lost or doubled."""

from dataclasses import replace

import pytest

from service.calls import ordering
from service.calls.commands import StartTranscription
from service.calls.events import (
    CallAnswered,
    EngineRef,
    TranscriptCompleted,
    TranscriptGap,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionRecovered,
)
from service.calls.inputs import (
    AudioLost,
    AudioSettled,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionRecovered,
    ServiceRestarted,
    Word,
)
from service.calls.utterances import MAX_INTERIMS, REVISIONS_A_LIFE
from service.ids import StreamId
from tests.calls.harness import (
    IN_CALL,
    INBOUND,
    MEDIA,
    T0,
    A,
    B,
    Driver,
    answered,
    finished,
    heard,
    hung_up,
    initiated,
    said,
    talking,
)


def test_revisions_of_another_life_go_on_far_above_those_of_the_last() -> None:
    """What was shown and not committed is forgotten by a crash; its revisions stay used."""
    call = talking(IN_CALL)
    call.session.state.life = 2
    call.receive(said("i'd", T0 + 3, final=False), now=T0 + 3)
    call.receive(said("I'd like to.", T0 + 4), now=T0 + 4)
    call.run_until(T0 + 5)

    assert [partial.revision for partial in call.partials] == [2 * REVISIONS_A_LIFE + 1]
    assert call.finals[0].revision == 2 * REVISIONS_A_LIFE + 2


def test_partials_and_their_final_share_an_utterance_and_count_revisions() -> None:
    """In the call, interims are shown at once and the final settles them."""
    call = talking(IN_CALL)
    call.receive(said("i'd", T0 + 3, final=False), now=T0 + 3)
    call.receive(said("i'd like", T0 + 3.5, final=False), now=T0 + 3.5)
    call.receive(said("I'd like to.", T0 + 4), now=T0 + 4)
    call.run_until(T0 + 5)

    final = call.finals[0]
    assert [partial.revision for partial in call.partials] == [1, 2]
    assert {partial.utterance_id for partial in call.partials} == {final.utterance_id}
    assert final.revision == 3
    assert (final.role, final.time_source, final.end_ms) == ("customer", "estimated", 3000)


def test_two_real_yes_in_a_row_both_survive() -> None:
    """The same word twice is two utterances; only a redelivered webhook is one."""
    call = talking(IN_CALL)
    call.receive(said("yes", T0 + 3), said("yes", T0 + 3), said("yes", T0 + 4), now=T0 + 4)
    call.run_until(T0 + 5)

    assert [final.text for final in call.finals] == ["yes", "yes"]
    assert len({final.utterance_id for final in call.finals}) == 2


def test_an_interim_older_than_what_was_shown_is_not_shown() -> None:
    """Text must not jump back on a screen."""
    call = talking(IN_CALL)
    call.receive(said("new", T0 + 4, final=False), now=T0 + 4)
    call.receive(said("old", T0 + 3, final=False), now=T0 + 4)

    assert [partial.text for partial in call.partials] == ["new"]


def test_an_interim_that_its_waiting_final_overtook_is_not_shown() -> None:
    """The final is here already, and only waits for its turn."""
    call = talking(IN_CALL)
    call.receive(said("Hello.", T0 + 4), said("hell", T0 + 3.9, final=False), now=T0 + 4.1)

    assert call.partials == []


def test_an_interim_after_a_waiting_final_belongs_to_the_next_utterance() -> None:
    """Its id is the one its own final will bear, although the first is not settled yet."""
    call = talking(IN_CALL)
    call.receive(said("One.", T0 + 4), said("tw", T0 + 4.1, final=False), now=T0 + 4.1)
    call.receive(said("Two.", T0 + 5), now=T0 + 5)
    call.run_until(T0 + 6)

    assert call.partials[0].utterance_id == call.finals[1].utterance_id
    assert call.partials[0].revision == 1


def test_tracks_and_other_legs_do_not_count_as_ahead() -> None:
    """Each track of each leg has utterances of its own."""
    call = talking(IN_CALL)
    call.receive(
        said("a", T0 + 4, track="outbound"), said("b", T0 + 4, leg=B), said("", T0 + 4), now=T0 + 4
    )
    call.receive(said("c", T0 + 4.1, final=False), now=T0 + 4.1)
    call.run_until(T0 + 6)

    assert call.partials[0].utterance_id.endswith("0i0")


def test_a_final_that_comes_late_begins_when_it_was_said() -> None:
    """Words that were said after it, and came before it, do not push it away."""
    call = talking(IN_CALL)
    call.receive(said("and this later", T0 + 12), now=T0 + 12)
    call.receive(said("this was first", T0 + 5), now=T0 + 16)
    call.run_until(T0 + 17)

    assert [(final.start_ms, final.end_ms) for final in call.finals] == [
        (9950, 11_000),
        (2950, 4000),
    ]


def test_interims_are_remembered_in_bounds() -> None:
    """An engine that never settles costs no memory without end."""
    call = talking(IN_CALL)
    for number in range(MAX_INTERIMS + 5):
        at = T0 + 2 + number / 100
        call.receive(said(f"w{number}", at, final=False), now=at)

    assert call.partials[-1].revision == MAX_INTERIMS


def test_words_without_finality_are_final_and_that_is_said_once() -> None:
    """`is_final` is missing: doubled beats lost, and nobody has to guess that we did."""
    call = talking(IN_CALL)
    call.receive(said("one", T0 + 3, final=None), said("two", T0 + 4, final=None), now=T0 + 4)
    call.run_until(T0 + 5)

    assert [final.text for final in call.finals] == ["one", "two"]
    assert [event.reason for event in call.events(TranscriptionDegraded)] == ["is_final_missing"]


@pytest.mark.parametrize("final", [True, False])
def test_empty_text_is_no_utterance(*, final: bool) -> None:
    """An utterance's end, or an engine's cough."""
    call = talking(IN_CALL)
    call.receive(said("  ", T0 + 3, final=final), now=T0 + 3)
    call.run_until(T0 + 5)

    assert call.finals == []
    assert call.partials == []


def test_a_track_telnyx_does_not_name_has_no_role() -> None:
    """With both tracks asked for, nobody can know; with one, it is that one."""
    both, one = talking(IN_CALL), talking(replace(IN_CALL, tracks="outbound"))
    for call in (both, one):
        call.receive(said("hm", T0 + 3, track=None), now=T0 + 3)
        call.run_until(T0 + 5)

    assert (both.finals[0].track, both.finals[0].role) == (None, "unknown")
    assert (one.finals[0].track, one.finals[0].role) == ("outbound", "agent")


def test_estimated_places_do_not_overlap() -> None:
    """A final starts no earlier than the one before it ended."""
    call = talking(IN_CALL)
    call.receive(said("one two three four", T0 + 3), said("five six", T0 + 3.2), now=T0 + 3.2)
    call.run_until(T0 + 5)

    assert [(f.start_ms, f.end_ms) for f in call.finals] == [(600, 2000), (2000, 2200)]


def test_words_prove_that_people_talk_where_the_answer_never_comes() -> None:
    """The answer is waited for once; then the call is answered when they were said."""
    call = Driver(IN_CALL)
    call.receive(initiated(), said("hello", T0 + 3), now=T0 + 3)
    call.receive(said("hel", T0 + 2.9, final=False), now=T0 + 3)
    call.run_until(T0 + 30)
    call.receive(said("again", T0 + 30), now=T0 + 30)
    call.run_until(T0 + 30 + ordering.REORDER_S)

    assert [(final.start_ms, final.end_ms) for final in call.finals] == [(0, 0), (26_650, 27_000)]
    assert call.events(CallAnswered)[0].leg == A
    assert len(call.asked(StartTranscription)) == 1
    assert call.partials == []


def test_words_of_a_call_that_was_over_before_they_came_have_no_place() -> None:
    """Neither an answer nor a clock is made up after the hang-up."""
    call = Driver(IN_CALL)
    call.receive(initiated(), hung_up(T0 + 5), said("hello", T0 + 6), now=T0 + 6)
    call.run_until(T0 + 30)

    assert [(final.start_ms, final.end_ms) for final in call.finals] == [(None, None)]
    assert call.types[-1] == "transcript.completed"


def test_interims_of_unknown_calls_and_legs_are_not_shown() -> None:
    """Before a route chose the call, or of a leg that has not begun, there is nothing to show."""
    unknown, other_leg = Driver(IN_CALL), talking(IN_CALL)
    unknown.receive(said("hm", T0 + 1, final=False), now=T0 + 1)
    other_leg.receive(said("hm", T0 + 3, final=False, leg=B), now=T0 + 3)

    assert unknown.partials == other_leg.partials == []


def test_in_call_words_of_a_media_call_are_somebody_else_s() -> None:
    """The same voices are heard on the fork already."""
    call = talking(MEDIA)
    call.receive(said("echo", T0 + 3), said("ech", T0 + 3, final=False), now=T0 + 3)
    call.run_until(T0 + 5)

    assert call.finals == []
    assert call.partials == []


def test_words_of_another_leg_count_once_nothing_else_is_heard() -> None:
    """The primary leg is gone and Telnyx still transcribes another: its words are kept."""
    call = talking(IN_CALL)
    call.receive(initiated(T0 + 2, leg=B, incoming=False), now=T0 + 2)
    call.receive(answered(T0 + 2.5, leg=B), hung_up(T0 + 3, leg=A), now=T0 + 3)
    call.receive(said("still here", T0 + 2.9, leg=B), now=T0 + 6)
    call.run_until(T0 + 9)

    assert [(final.text, final.role) for final in call.finals] == [("still here", "unknown")]


def test_heard_words_are_put_on_the_call_clock() -> None:
    """The stream began 200 ms after the answer, so everything in it is that much later."""
    call = talking(MEDIA)
    word = Word(text="hello", start_ms=1000, end_ms=1400)
    call.receive(heard("hel", 1000, 1200, final=False), now=T0 + 3)
    call.receive(replace(heard("hello", 1000, 1400), words=(word,)), now=T0 + 3)

    final = call.finals[0]
    assert (final.start_ms, final.end_ms, final.time_source) == (1200, 1600, "audio")
    assert final.words == (Word(text="hello", start_ms=1200, end_ms=1600),)
    assert final.utterance_id == call.partials[0].utterance_id
    assert (call.partials[0].revision, final.revision) == (1, 2)


def test_a_recognition_of_a_stream_that_was_given_up_is_not_heard() -> None:
    """Its words have no place on the clock any more, and a gap told of it."""
    call = talking(MEDIA)
    gone = StreamId("gone")
    before = call.types
    call.receive(
        heard("ghost", 0, 500, stream=gone),
        heard("", 0, 500),
        AudioLost(ref=replace(INBOUND, stream_id=gone), start_ms=0, end_ms=9, reason="buffer_full"),
        now=T0 + 3,
    )

    assert call.types == before


def test_lost_audio_is_a_gap_on_the_call_clock() -> None:
    """From when to when, and why."""
    call = talking(MEDIA)
    lost = AudioLost(ref=INBOUND, start_ms=500, end_ms=900, reason="buffer_full")
    call.receive(lost, now=T0 + 3)

    gap = call.events(TranscriptGap)[0]
    assert (gap.start_ms, gap.end_ms, gap.reason, gap.role) == (
        700,
        1100,
        "buffer_full",
        "customer",
    )


@pytest.mark.parametrize(
    ("reason", "length_ms", "told"),
    [("frames_lost", 499, 0), ("frames_lost", 500, 1), ("not_answered", 180, 1)],
)
def test_all_that_is_lost_is_booked_and_told_unless_it_is_some_frames(
    reason: str, length_ms: int, told: int
) -> None:
    """What came and nobody answered is owed, however short."""
    call = talking(MEDIA)
    lost = AudioLost(ref=INBOUND, start_ms=500, end_ms=500 + length_ms, reason=reason)
    call.receive(lost, hung_up(T0 + 5), finished("inbound", audio_ms=4000), now=T0 + 5)
    call.run_until(T0 + 60)

    assert len([gap for gap in call.events(TranscriptGap) if gap.reason == reason]) == told
    coverage = call.events(TranscriptCompleted)[0].coverage or {}
    assert coverage["inbound"].lost_reasons[reason] == length_ms


def test_a_recognition_in_trouble_is_told_with_its_track() -> None:
    """Degraded while it connects again, failed when it gives up; the code is the engine's."""
    call = talking(MEDIA)
    degraded = RecognitionDegraded(ref=INBOUND, reason="dropped")
    failed = RecognitionFailed(ref=INBOUND, reason="refused", code="40002")
    call.receive(degraded, failed, now=T0 + 3)

    (told,) = call.events(TranscriptionDegraded)
    assert (told.reason, told.engine, told.to) == ("dropped", MEDIA.engine, None)
    assert [event.code for event in call.events(TranscriptionFailed)] == ["40002"]


def test_who_takes_over_and_that_words_came_again_is_told() -> None:
    """From which engine to which, from when on the call clock, and what the new one lacks."""
    call = talking(MEDIA)
    degraded = RecognitionDegraded(
        ref=INBOUND,
        reason="connection_lost",
        engine="Deepgram",
        model="nova-3",
        to_engine="Google",
        start_ms=500,
        lost_capabilities=("keyterms",),
    )
    recovered = RecognitionRecovered(ref=INBOUND, engine="Google", start_ms=500)
    gone = replace(recovered, ref=replace(INBOUND, stream_id=StreamId("gone")))
    call.receive(degraded, recovered, gone, now=T0 + 3)

    (told,) = call.events(TranscriptionDegraded)
    assert told.to == EngineRef(source="media", engine="Google", model=None)
    assert (told.engine, told.start_ms, told.lost_capabilities) == ("Deepgram", 700, ("keyterms",))
    (again,) = call.events(TranscriptionRecovered)
    assert (again.engine, again.start_ms, again.track) == ("Google", 700, "inbound")


def test_a_final_says_who_heard_it() -> None:
    """The engine that took over, without the first choice's model."""
    call = talking(replace(MEDIA, engine="Deepgram", model="nova-3"))
    call.receive(heard("one", 0, 400), replace(heard("two", 500, 900), engine="Google"), now=T0 + 3)

    assert [(one.engine, one.model) for one in call.finals] == [
        ("Deepgram", "nova-3"),
        ("Google", None),
    ]


def test_what_is_settled_and_in_no_final_was_silence() -> None:
    """It is not lost with a process that dies later; the stream's own clock counts."""
    call = talking(MEDIA)
    call.receive(
        AudioSettled(ref=INBOUND, until_ms=2000),
        AudioSettled(ref=replace(INBOUND, stream_id=StreamId("gone")), until_ms=9000),
        now=T0 + 3,
    )
    assert not call.outcome.durable
    call.receive(ServiceRestarted(at=T0 + 4), now=T0 + 4)

    assert call.session.state.open_gaps["inbound"].since_ms == 2200


def test_what_was_lost_beyond_the_hang_up_counts_for_nothing() -> None:
    """By the audio's clock a gap may reach farther than the call; the reasons still sum up."""
    call = talking(MEDIA)
    for start_ms, end_ms, reason in ((0, 2000, "buffer_full"), (2000, 9000, "engine_silent")):
        lost = AudioLost(ref=INBOUND, start_ms=start_ms, end_ms=end_ms, reason=reason)
        call.receive(lost, now=T0 + 4)
    call.receive(hung_up(T0 + 5), now=T0 + 5)
    call.run_until(T0 + 60)

    (completed,) = call.events(TranscriptCompleted)
    assert completed.coverage is not None
    inbound = completed.coverage["inbound"]
    assert (inbound.lost_ms, inbound.silence_ms) == (4000, 0)
    assert inbound.lost_reasons == {"buffer_full": 2000, "engine_silent": 2000}
