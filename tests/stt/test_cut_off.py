"""Texts that a session was lost in for good: what of them is told, and what is in doubt."""

from msgspec.structs import replace

from service.calls.inputs import Input, RecognitionDegraded, WordsHeard
from service.stt.ring import Span
from service.stt.track import Track
from service.wire.stt import HeardWord, SttResult
from tests.stt.builders import silence, tone
from tests.stt.talk import PARTIAL, Talk
from tests.stt.test_track import MULAW, begun, lost, opened, sent


def words(*ends_s: float) -> tuple[HeardWord, ...]:
    """Return words of which each begins where the one before ends, from 0 on."""
    starts_s = (0.0, *ends_s)
    return tuple(
        HeardWord(word=f"word{nth}", start=start_s, end=end_s)
        for nth, (start_s, end_s) in enumerate(zip(starts_s, ends_s, strict=False))
    )


def partial_of(*ends_s: float) -> SttResult:
    """Return a partial of such words."""
    heard = words(*ends_s)
    text = " ".join(word.word for word in heard)
    return SttResult(transcript=text, is_final=False, words=heard)


def marks(inputs: list[Input]) -> list[int | None]:
    """Return where it is told that words may be missing."""
    return [
        item.start_ms
        for item in inputs
        if isinstance(item, RecognitionDegraded) and item.reason == "seam_uncertain"
    ]


def cut_off(track: Track, result: SttResult, said_ms: int) -> list[Input]:
    """Let somebody speak, the engine give a partial of it, and be lost until that is not kept."""
    stint = begun(track)
    track.push(tone(1, said_ms))
    sent(track, stint)
    track.receive(stint, result, 8.0)
    inputs = track.lose()
    track.push(silence(10_000))
    return [*inputs, *track.release(), *track.finish("not_answered")]


def ends(inputs: list[Input]) -> list[int]:
    """Return where the finals end."""
    return [item.end_ms for item in inputs if isinstance(item, WordsHeard) and item.is_final]


def test_where_a_text_without_times_ends_is_in_doubt_and_told_to_be() -> None:
    """It may be all that was said, or half."""
    text = SttResult(transcript="good morning this is all", is_final=False)

    inputs = cut_off(opened(keep_ms=3000), text, 1800)

    assert marks(inputs) == ends(inputs) != []


def test_where_a_text_with_times_ends_is_known_and_the_rest_is_lost() -> None:
    """It is no breath behind a last word: more was to come."""
    inputs = cut_off(opened(keep_ms=3000), partial_of(0.6, 1.2), 1400)

    assert ends(inputs) == [1200]
    assert marks(inputs) == []
    assert lost(inputs) == [(1200, 1400, "buffer_full")]


def test_a_partial_is_final_once_half_of_its_first_word_is_not_kept() -> None:
    """The next session would not hear that word."""
    talk = Talk()
    talk.speak(5000)
    talk.add_whole(SttResult(transcript="word0", is_final=False, words=words(0.4)))

    assert talk.transcript.keep_from(200) == []
    assert [final.text for final in talk.transcript.keep_from(210)] == ["word0"]


def test_so_is_one_without_times_by_the_length_of_that_word() -> None:
    """As far as it can be told."""
    talk = Talk()
    talk.speak(5000)
    talk.add("hi there", **PARTIAL)

    assert talk.transcript.keep_from(65) == []
    assert [final.text for final in talk.transcript.keep_from(66)] == ["hi there"]


def test_what_a_partial_says_is_not_told_as_lost_while_it_may_be_said_again() -> None:
    """Its first piece is not kept any more; only what was said before it is lost for that."""
    track = opened(keep_ms=3000)
    stint = begun(track)
    track.push(tone(1, 2000))
    sent(track, stint)
    result = SttResult(transcript="word0", is_final=False, words=(HeardWord("word0", 0.5, 1.2),))
    track.receive(stint, result, 2.0)
    track.push(silence(1700))

    assert lost(track.lose()) == []
    track.push(silence(3000))
    inputs = [*track.release(), *track.finish("not_answered")]

    assert ends(inputs) == [1200]
    assert all(end_ms <= 500 or start_ms >= 1200 for start_ms, end_ms, _ in lost(inputs))


def test_a_text_answers_all_it_says_though_the_next_session_was_sent_less() -> None:
    """That one was lost before it had caught up."""
    talk = Talk()
    talk.speak(3000, pause_ms=0)
    talk.add_whole(partial_of(1.0, 2.9))
    talk.renew(0)
    talk.clock.position_ms = 500

    finals = talk.transcript.finalize_pending()

    assert [final.end_ms for final in finals] == [2900]
    assert [*talk.transcript.progress.unanswered(3000)] in ([], [Span(2900, 3000)])


def test_the_last_text_of_a_session_that_was_over_for_its_age_is_in_doubt() -> None:
    """It may be half of what was said; no other session heard it again."""
    track = opened()
    stint = begun(track)
    track.push(tone(1, 1800) + silence(5000))
    sent(track, stint)
    track.receive(stint, SttResult(transcript="good morning this is all", is_final=True), 8.0)
    track.end()

    assert track.doubt_last(stint)
    inputs = track.lose()
    assert marks(inputs) == []
    assert marks(track.finish("not_answered")) == [1800]


def test_no_doubt_is_left_of_a_text_that_is_heard_again() -> None:
    """Nor is there one where the engine gave times."""
    track = opened()
    stint = begun(track)
    track.push(tone(1, 1800) + silence(5000))
    sent(track, stint)
    whole = SttResult(transcript="good morning this is all", is_final=True)
    track.receive(stint, whole, 8.0)
    track.end()
    track.doubt_last(stint)
    track.lose()
    again, _ = track.begin(MULAW, 9.0, start_ms=0, habits=stint.habits)
    sent(track, again, 9.0)
    track.receive(again, whole, 16.0)

    assert marks(track.finish("not_answered")) == []

    timed = opened()
    stint = begun(timed)
    timed.push(tone(1, 1800) + silence(5000))
    sent(timed, stint)
    timed.receive(stint, replace(partial_of(0.6, 1.7), is_final=True), 8.0)
    assert not timed.doubt_last(stint)


def test_a_piece_of_what_was_emitted_is_not_said_again_where_its_session_is_cut_off() -> None:
    """The seam would have known it by the rest, for which there was no time."""
    talk = Talk()
    for text in ("good morning this is claire", "i would like to change my booking"):
        talk.speak(1800)
        talk.add(text, is_final=True)
    talk.renew(0)
    talk.add("change", **PARTIAL)

    assert talk.transcript.close(is_cut_off=True) == []
