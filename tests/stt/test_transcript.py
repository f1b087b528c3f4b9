"""What results add up to, in every shape that engines send them."""

from dataclasses import replace
from typing import Any

import pytest

from service.calls.inputs import WordsHeard
from service.stt.ring import Span
from service.stt.timing import LAG_MS
from service.wire.stt import HeardWord, SttResult
from tests.stt.builders import plan
from tests.stt.talk import FINAL, PARTIAL, Talk


def test_a_partial_replaces_the_partial_before_it() -> None:
    """Only the last one is pending; the final takes its place."""
    talk = Talk()
    talk.speak(1000)

    assert talk.add("hel", **PARTIAL) == [("hel", False)]
    assert talk.add("hello", **PARTIAL) == [("hello", False)]
    assert talk.add("Hello.", **FINAL) == [("Hello.", True)]
    assert talk.transcript.finalize_pending() == []


def test_a_final_without_speech_final_is_a_final() -> None:
    """Deepgram sends several finals before the end of speech; each is final text."""
    talk = Talk()
    talk.speak(2000)

    assert talk.add("I'd like", **FINAL, speech_final=False) == [("I'd like", True)]
    assert talk.add("to go.", **FINAL, speech_final=True) == [("to go.", True)]
    assert talk.add("Now.", speech_final=True) == [("Now.", True)]


@pytest.mark.parametrize("text", ["", "   ", None])
def test_an_empty_result_finalizes_nothing(text: str | None) -> None:
    """Deepgram responds to silence with empty finals; a partial before it still stands."""
    talk = Talk()
    talk.speak(500)
    talk.add("yes", **PARTIAL)

    assert talk.add(text, **FINAL) == []
    assert talk.add(text) == []
    assert [item.text for item in talk.transcript.finalize_pending()] == ["yes"]


def test_an_utterance_end_finalizes_a_partial_that_got_no_final() -> None:
    """It is a boundary: what is still pending will get no better text."""
    talk = Talk()
    talk.speak(500)
    talk.add("yes", **PARTIAL)

    assert talk.add("", **FINAL, utterance_end=True) == [("yes", True)]
    assert talk.add("", **FINAL, utterance_end=True) == []


def test_texts_without_is_final_count_as_partials_and_none_is_lost() -> None:
    """Another state of the same text replaces it; a text that goes on finalizes it."""
    talk = Talk()
    talk.speak(1000)

    assert talk.add("good") == [("good", False)]
    assert talk.add("good morning") == [("good morning", False)]
    assert talk.add("how are you") == [("good morning", True), ("how are you", False)]
    assert [item.text for item in talk.transcript.finalize_pending()] == ["how are you"]


def test_the_same_text_without_is_final_is_new_if_somebody_spoke_again() -> None:
    """Two real "yes" in a row both survive; one sent twice does not become two."""
    talk = Talk()
    talk.speak(300)
    talk.add("yes")
    assert talk.add("yes") == [("yes", False)]

    talk.speak(300)

    assert talk.add("yes") == [("yes", True), ("yes", False)]


def test_two_real_finals_alike_both_survive() -> None:
    """Without times nobody can tell a copy from a repeat: doubled beats lost."""
    talk = Talk()
    talk.speak(300)
    assert talk.add("Yes.", **FINAL) == [("Yes.", True)]
    talk.speak(300)
    assert talk.add("Yes.", **FINAL) == [("Yes.", True)]


def test_a_copy_of_a_final_is_dropped_where_the_times_prove_it() -> None:
    """The same text at the same place of the audio was not said twice."""
    talk = Talk()
    talk.speak(1000)
    times = {"start_time": 0.1, "duration": 0.4}

    assert talk.add("Yes.", **FINAL, **times) == [("Yes.", True)]
    assert talk.add("Yes.", **FINAL, **times) == []
    assert talk.add("Yes.", **FINAL, start_time=0.6, duration=0.3) == [("Yes.", True)]


@pytest.mark.parametrize(
    ("value", "final", "emitted"),
    [
        (0.98, True, 0.98),
        (0.0, True, 0.0),
        (0.0, False, None),
        (None, True, None),
        (7.0, True, None),
    ],
)
def test_a_confidence_is_emitted_only_if_it_is_one(
    value: float | None, *, final: bool, emitted: float | None
) -> None:
    """Telnyx sends 0.0 with partials and null with some engines."""
    talk = Talk()
    talk.speak(500)

    (heard,) = talk.add_whole(SttResult(transcript="x", is_final=final, confidence=value))

    assert heard.confidence == emitted


def test_the_times_of_words_are_put_on_the_stream() -> None:
    """An engine counts from its own session's first byte."""
    talk = Talk()
    talk.speak(20_000)
    talk.renew(10_000)
    words = (HeardWord("hello", 1.0, 1.4, 0.9), HeardWord("world", 1.5, 1.9))

    (heard,) = talk.add_whole(SttResult(transcript="Hello world.", is_final=True, words=words))

    assert (heard.start_ms, heard.end_ms) == (11_000, 11_900)
    assert [(word.text, word.start_ms) for word in heard.words or ()] == [
        ("hello", 11_000),
        ("world", 11_500),
    ]


def test_hostile_times_stay_within_the_audio() -> None:
    """Negative, absurd, or the wrong way round: nothing raises, nothing leaves the stream."""
    talk = Talk()
    talk.speak(1000)
    words = (HeardWord("a", -1e308, 1e308), HeardWord("b", 5.0, -5.0))

    (heard,) = talk.add_whole(SttResult(transcript="a b", is_final=True, words=words))
    (other,) = talk.add_whole(
        SttResult(transcript="c", is_final=True, start_time=-1e308, duration=1e308)
    )

    for item in (heard, other):
        assert 0 <= item.start_ms <= item.end_ms <= talk.position_ms


def test_a_language_is_passed_on_if_it_can_be_one() -> None:
    """A code has at most 35 letters (BCP 47)."""
    talk = Talk()
    talk.speak(500)

    (heard,) = talk.add_whole(SttResult(transcript="x", is_final=True, language="e" * 1000))

    assert heard.language == "e" * 35


def test_a_replay_tells_only_what_is_new() -> None:
    """By text where there are no times: the old words go, the new ones stay."""
    talk = Talk()
    talk.speak(2000)
    talk.add("Good morning this is", **FINAL)

    talk.renew(0)

    assert talk.add("good morning", **PARTIAL) == []
    assert talk.add("Good morning, this is Claire.", **FINAL) == [("Claire.", True)]
    assert talk.add("Good morning.", **FINAL) == [("Good morning.", True)]


def test_a_replay_has_new_words_after_the_old_ones() -> None:
    """What was emitted keeps its time; what is new lies in the speech that follows it."""
    talk = Talk()
    talk.speak(1000)
    talk.add("Good morning.", **FINAL)
    talk.speak(1500)
    talk.renew(0)

    result = SttResult(transcript="Good morning. This is Claire.", is_final=True)
    (heard,) = talk.transcript.add(talk.arrival(result, LAG_MS + 3000))

    assert heard.text == "This is Claire."
    assert heard.start_ms == 1400
    assert 2400 <= heard.end_ms <= 2900


def test_a_replay_with_word_times_is_cut_by_them() -> None:
    """A word counts as emitted if its middle lies before the last final's end."""
    talk = Talk()
    talk.speak(3000)
    first = (HeardWord("one", 0.1, 0.5), HeardWord("two", 0.6, 1.0))
    talk.add("one two", **FINAL, words=first)

    talk.renew(700)
    again = (HeardWord("oo", 0.0, 0.28), HeardWord("two", 0.35, 0.7))

    assert talk.transcript.resume_from(talk.position_ms, quiet_ms=None) == 700
    assert talk.add("oo two", **FINAL, words=again) == [("two", True)]


def test_a_replay_with_spans_is_cut_by_them() -> None:
    """A segment that ends before the overlap's end was emitted, one that begins after it is new."""
    talk = Talk()
    talk.speak(1000)
    talk.speak(1000)
    talk.add("One two.", **FINAL, start_time=0.0, duration=1.0)

    talk.renew(0)

    assert talk.add("won too", **FINAL, start_time=0.0, duration=1.05) == []
    assert talk.add("One two.", **FINAL, start_time=1.4, duration=1.0) == [("One two.", True)]


def test_a_segment_across_the_overlaps_end_is_cut_by_its_text() -> None:
    """Where one session saw one segment and the other two, the emitted words go."""
    talk = Talk()
    talk.speak(3000)
    talk.add("One two.", **FINAL, start_time=0.0, duration=1.0)

    talk.renew(0)

    assert talk.add("One two three.", **FINAL, start_time=0.0, duration=2.0) == [("three.", True)]


def test_words_that_the_text_spells_otherwise_replace_it() -> None:
    """Cut by its words, a text whose words cannot be counted off is made of them."""
    talk = Talk()
    talk.speak(3000)
    talk.add("one", **FINAL, words=(HeardWord("one", 0.0, 0.4),))

    talk.renew(0)
    again = (HeardWord("one", 0.0, 0.4), HeardWord("20", 0.5, 0.9), HeardWord("3", 1.0, 1.4))

    assert talk.add("1 23", **FINAL, words=again) == [("20 3", True)]


def test_a_partial_whose_audio_is_gone_is_finalized_before_the_replay() -> None:
    """Nobody will say it again."""
    talk = Talk()
    talk.speak(5000)
    talk.add("a very long sentence", **PARTIAL)

    emitted = talk.renew(4000)

    assert [(item.text, item.is_final) for item in emitted] == [("a very long sentence", True)]


def test_a_partial_survives_a_replay_that_only_repeats() -> None:
    """A final of old words finalizes nothing of what was pending."""
    talk = Talk()
    talk.speak(1000)
    talk.add("Good morning.", **FINAL)
    talk.speak(1000)
    talk.add("i would", **PARTIAL)

    talk.renew(0)
    assert talk.add("Good morning.", **FINAL) == []

    assert [item.text for item in talk.transcript.finalize_pending()] == ["i would"]


def test_an_utterance_end_in_a_replay_finalizes_nothing_of_the_session_before() -> None:
    """It is about an utterance that was emitted long ago."""
    talk = Talk()
    talk.speak(1000)
    talk.add("Good morning.", **FINAL)
    talk.speak(1000)
    talk.add("i would", **PARTIAL)

    talk.renew(0)

    assert talk.add("Good morning.", **FINAL) == []
    assert talk.add("", **FINAL, utterance_end=True) == []
    assert talk.add("how are you") == [("how are you", False)]


def test_speech_after_the_last_final_is_owed() -> None:
    """A click is not, and a partial always is."""
    talk = Talk()
    assert not talk.transcript.is_owed(0)
    talk.speak(1000)
    assert talk.transcript.is_owed(talk.position_ms)
    talk.add("Good morning.", **FINAL)
    assert not talk.transcript.is_owed(talk.position_ms)
    assert talk.transcript.may_be_owed(talk.position_ms)
    talk.add("more", **PARTIAL)
    assert talk.transcript.is_owed(talk.position_ms)


def test_what_is_answered_ends_where_something_is_owed() -> None:
    """Silence counts as far as it was sent; speech and partials are not."""
    talk = Talk()
    talk.speak(1000, pause_ms=3000)
    talk.add("Good morning.", **FINAL)
    assert talk.transcript.answered_until(4000) == 4000
    talk.speak(1000)
    assert talk.transcript.answered_until(5400) == 4000
    talk.add("and", **PARTIAL)
    assert talk.transcript.answered_until(5400) == 4000


def test_a_final_is_emitted_as_the_route_has_it() -> None:
    """Leg, stream and track are those of the plan."""
    talk = Talk()
    talk.speak(500)

    (heard,) = talk.add_whole(SttResult(transcript="x", is_final=True))

    assert replace(heard, text="", start_ms=0, end_ms=0) == WordsHeard(
        ref=plan().ref,
        text="",
        is_final=True,
        start_ms=0,
        end_ms=0,
    )


def test_a_partial_whose_audio_is_gone_answers_nothing_of_what_was_said_behind_it() -> None:
    """It was heard as it was spoken; the engine went deaf, and the rest is no slow end of it."""
    talk = Talk()
    talk.speak(2000, pause_ms=0)
    result = SttResult(transcript="a very long sentence of mine, is it", is_final=False)
    talk.transcript.add(talk.arrival(result)._replace(prompt_ms=500))
    talk.speak(2000)

    (final,) = talk.transcript.keep_from(4400)

    assert final.end_ms == 2000
    assert [*talk.transcript.progress.unanswered(4400)] == [Span(2000, 4000)]


@pytest.mark.parametrize(
    ("how", "is_marked"),
    [
        ({"has_partials": False}, True),
        ({}, False),
        ({"has_partials": False, "queue_ms": 2000}, False),
    ],
)
def test_of_two_finals_in_one_moment_nobody_knows_which_was_said_first(
    how: dict[str, Any], *, is_marked: bool
) -> None:
    """From an engine without times or partials; unless it was sent both at once."""
    talk = Talk()
    talk.speak(1000, pause_ms=1000)
    talk.speak(1000)
    for text in ("good morning to you", "and what is it now"):
        result = SttResult(transcript=text, is_final=True)
        talk.transcript.add(talk.arrival(result)._replace(**how))

    assert (talk.transcript.take_doubt() is not None) is is_marked
