"""What answers add up to, in every shape that engines send them."""

from dataclasses import replace

import pytest

from service.calls.inputs import WordsHeard
from service.stt.clock import SessionClock
from service.stt.speech import Speech
from service.stt.timing import LAG_MS
from service.stt.transcript import Transcript
from service.wire.stt import Answer, HeardWord
from tests.stt.harness import plan
from tests.stt.test_speech import sound

PARTIAL, FINAL = {"is_final": False}, {"is_final": True}


class Track:
    """A transcript whose audio a test speaks, and the session it is in."""

    def __init__(self) -> None:
        self.speech = Speech(8000)
        self.transcript = Transcript(plan(), self.speech)
        self.position_ms = 0
        self.renew(0)

    def renew(self, start_ms: int) -> list[WordsHeard]:
        """Begin a new session there, sent all there is."""
        self.clock = SessionClock(start_ms)
        told = self.transcript.begin(self.clock)
        self.clock.sent(start_ms, self.position_ms)
        return told

    def speak(self, duration_ms: int, pause_ms: int = 400) -> None:
        """Let somebody speak, then pause; all of it is sent."""
        audio = sound(2000, duration_ms) + bytes(16 * pause_ms)
        for offset in range(0, len(audio), 1600):
            piece = audio[offset : offset + 1600]
            self.speech.hear(piece, self.position_ms)
            self.clock.sent(self.position_ms, self.position_ms + len(piece) // 16)
            self.position_ms += len(piece) // 16

    def take(self, text: str | None, **answer: object) -> list[tuple[str, bool]]:
        """Take an answer; return the texts told and whether they are final."""
        told = self.take_whole(Answer(transcript=text, **answer))  # type: ignore[arg-type]  # its fields
        return [(item.text, item.is_final) for item in told]

    def take_whole(self, answer: Answer) -> list[WordsHeard]:
        """Take an answer; return what is told of it."""
        return self.transcript.take(answer, lag_ms=LAG_MS)


def test_a_partial_replaces_the_partial_before_it() -> None:
    """Only the last one is pending; the final takes its place."""
    track = Track()
    track.speak(1000)

    assert track.take("hel", **PARTIAL) == [("hel", False)]
    assert track.take("hello", **PARTIAL) == [("hello", False)]
    assert track.take("Hello.", **FINAL) == [("Hello.", True)]
    assert track.transcript.settle_pending() == []


def test_a_final_without_speech_final_is_a_final() -> None:
    """Deepgram sends several finals before the end of speech; each is settled text."""
    track = Track()
    track.speak(2000)

    assert track.take("I'd like", **FINAL, speech_final=False) == [("I'd like", True)]
    assert track.take("to go.", **FINAL, speech_final=True) == [("to go.", True)]
    assert track.take("Now.", speech_final=True) == [("Now.", True)]


@pytest.mark.parametrize("text", ["", "   ", None])
def test_an_empty_answer_settles_nothing(text: str | None) -> None:
    """Deepgram answers silence with empty finals; a partial before it still stands."""
    track = Track()
    track.speak(500)
    track.take("yes", **PARTIAL)

    assert track.take(text, **FINAL) == []
    assert track.take(text) == []
    assert [item.text for item in track.transcript.settle_pending()] == ["yes"]


def test_an_utterance_end_settles_a_partial_that_got_no_final() -> None:
    """It is a boundary: what is still pending will get no better text."""
    track = Track()
    track.speak(500)
    track.take("yes", **PARTIAL)

    assert track.take("", **FINAL, utterance_end=True) == [("yes", True)]
    assert track.take("", **FINAL, utterance_end=True) == []


def test_texts_without_is_final_count_as_partials_and_none_is_lost() -> None:
    """Another state of the same text replaces it; a text that goes on settles it."""
    track = Track()
    track.speak(1000)

    assert track.take("good") == [("good", False)]
    assert track.take("good morning") == [("good morning", False)]
    assert track.take("how are you") == [("good morning", True), ("how are you", False)]
    assert [item.text for item in track.transcript.settle_pending()] == ["how are you"]


def test_the_same_text_without_is_final_is_new_if_somebody_spoke_again() -> None:
    """Two real "yes" in a row both survive; one sent twice does not become two."""
    track = Track()
    track.speak(300)
    track.take("yes")
    assert track.take("yes") == [("yes", False)]

    track.speak(300)

    assert track.take("yes") == [("yes", True), ("yes", False)]


def test_two_real_finals_alike_both_survive() -> None:
    """Without times nobody can tell a copy from a repeat: doubled beats lost."""
    track = Track()
    track.speak(300)
    assert track.take("Yes.", **FINAL) == [("Yes.", True)]
    track.speak(300)
    assert track.take("Yes.", **FINAL) == [("Yes.", True)]


def test_a_copy_of_a_final_is_dropped_where_the_times_prove_it() -> None:
    """The same text at the same place of the audio was not said twice."""
    track = Track()
    track.speak(1000)
    times = {"start_time": 0.1, "duration": 0.4}

    assert track.take("Yes.", **FINAL, **times) == [("Yes.", True)]
    assert track.take("Yes.", **FINAL, **times) == []
    assert track.take("Yes.", **FINAL, start_time=0.6, duration=0.3) == [("Yes.", True)]


@pytest.mark.parametrize(
    ("value", "final", "told"),
    [
        (0.98, True, 0.98),
        (0.0, True, 0.0),
        (0.0, False, None),
        (None, True, None),
        (7.0, True, None),
    ],
)
def test_a_confidence_is_told_only_if_it_is_one(
    value: float | None, *, final: bool, told: float | None
) -> None:
    """Telnyx sends 0.0 with partials and null with some engines."""
    track = Track()
    track.speak(500)

    (heard,) = track.take_whole(Answer(transcript="x", is_final=final, confidence=value))

    assert heard.confidence == told


def test_the_times_of_words_are_put_on_the_stream() -> None:
    """An engine counts from its own session's first byte."""
    track = Track()
    track.speak(20_000)
    track.renew(10_000)
    words = (HeardWord("hello", 1.0, 1.4, 0.9), HeardWord("world", 1.5, 1.9))

    (heard,) = track.take_whole(Answer(transcript="Hello world.", is_final=True, words=words))

    assert (heard.start_ms, heard.end_ms) == (11_000, 11_900)
    assert [(word.text, word.start_ms) for word in heard.words or ()] == [
        ("hello", 11_000),
        ("world", 11_500),
    ]


def test_hostile_times_stay_within_the_audio() -> None:
    """Negative, absurd, or the wrong way round: nothing raises, nothing leaves the stream."""
    track = Track()
    track.speak(1000)
    words = (HeardWord("a", -1e308, 1e308), HeardWord("b", 5.0, -5.0))

    (heard,) = track.take_whole(Answer(transcript="a b", is_final=True, words=words))
    (other,) = track.take_whole(
        Answer(transcript="c", is_final=True, start_time=-1e308, duration=1e308)
    )

    for item in (heard, other):
        assert 0 <= item.start_ms <= item.end_ms <= track.position_ms


def test_a_language_is_passed_on_if_it_can_be_one() -> None:
    """A code has at most 35 letters (BCP 47)."""
    track = Track()
    track.speak(500)

    (heard,) = track.take_whole(Answer(transcript="x", is_final=True, language="e" * 1000))

    assert heard.language == "e" * 35


def test_a_replay_tells_only_what_is_new() -> None:
    """By text where there are no times: the old words go, the new ones stay."""
    track = Track()
    track.speak(2000)
    track.take("Good morning this is", **FINAL)

    track.renew(0)

    assert track.take("good morning", **PARTIAL) == []
    assert track.take("Good morning, this is Claire.", **FINAL) == [("Claire.", True)]
    assert track.take("Good morning.", **FINAL) == [("Good morning.", True)]


def test_a_replay_places_new_words_after_the_old_ones() -> None:
    """What was told keeps its place; what is new lies in the speech that follows it."""
    track = Track()
    track.speak(1000)
    track.take("Good morning.", **FINAL)
    track.speak(1500)
    track.renew(0)

    answer = Answer(transcript="Good morning. This is Claire.", is_final=True)
    (heard,) = track.transcript.take(answer, lag_ms=LAG_MS + 3000)

    assert heard.text == "This is Claire."
    assert heard.start_ms == 1400
    assert 2400 <= heard.end_ms <= 2900


def test_a_replay_with_word_times_is_cut_by_them() -> None:
    """A word counts as told if its middle lies before the last final's end."""
    track = Track()
    track.speak(3000)
    first = (HeardWord("one", 0.1, 0.5), HeardWord("two", 0.6, 1.0))
    track.take("one two", **FINAL, words=first)

    track.renew(700)
    again = (HeardWord("oo", 0.0, 0.28), HeardWord("two", 0.35, 0.7))

    assert track.transcript.replay_from() == 700
    assert track.take("oo two", **FINAL, words=again) == [("two", True)]


def test_a_replay_with_spans_is_cut_by_them() -> None:
    """A segment that ends before the seam was told, one that begins after it was not."""
    track = Track()
    track.speak(1000)
    track.speak(1000)
    track.take("One two.", **FINAL, start_time=0.0, duration=1.0)

    track.renew(0)

    assert track.take("won too", **FINAL, start_time=0.0, duration=1.05) == []
    assert track.take("One two.", **FINAL, start_time=1.4, duration=1.0) == [("One two.", True)]


def test_a_segment_across_the_seam_is_cut_by_its_text() -> None:
    """Where one session saw one segment and the other two, the told words go."""
    track = Track()
    track.speak(3000)
    track.take("One two.", **FINAL, start_time=0.0, duration=1.0)

    track.renew(0)

    assert track.take("One two three.", **FINAL, start_time=0.0, duration=2.0) == [("three.", True)]


def test_words_that_the_text_spells_otherwise_replace_it() -> None:
    """Cut by its words, a text whose words cannot be counted off is made of them."""
    track = Track()
    track.speak(3000)
    track.take("one", **FINAL, words=(HeardWord("one", 0.0, 0.4),))

    track.renew(0)
    again = (HeardWord("one", 0.0, 0.4), HeardWord("20", 0.5, 0.9), HeardWord("3", 1.0, 1.4))

    assert track.take("1 23", **FINAL, words=again) == [("20 3", True)]


def test_a_partial_whose_audio_is_gone_is_settled_before_the_replay() -> None:
    """Nobody will say it again."""
    track = Track()
    track.speak(5000)
    track.take("a very long sentence", **PARTIAL)

    told = track.renew(4000)

    assert [(item.text, item.is_final) for item in told] == [("a very long sentence", True)]


def test_a_partial_survives_a_replay_that_only_repeats() -> None:
    """A final of old words settles nothing of what was pending."""
    track = Track()
    track.speak(1000)
    track.take("Good morning.", **FINAL)
    track.speak(1000)
    track.take("i would", **PARTIAL)

    track.renew(0)
    assert track.take("Good morning.", **FINAL) == []

    assert [item.text for item in track.transcript.settle_pending()] == ["i would"]


def test_an_utterance_end_in_a_replay_settles_nothing_of_the_session_before() -> None:
    """It is about an utterance that was told long ago."""
    track = Track()
    track.speak(1000)
    track.take("Good morning.", **FINAL)
    track.speak(1000)
    track.take("i would", **PARTIAL)

    track.renew(0)

    assert track.take("Good morning.", **FINAL) == []
    assert track.take("", **FINAL, utterance_end=True) == []
    assert track.take("how are you") == [("how are you", False)]


def test_speech_after_the_last_final_is_owed() -> None:
    """A click is not, and a partial always is."""
    track = Track()
    assert not track.transcript.owed(0)
    track.speak(1000)
    assert track.transcript.owed(track.position_ms)
    track.take("Good morning.", **FINAL)
    assert not track.transcript.owed(track.position_ms)
    assert track.transcript.may_be_owed(track.position_ms)
    track.take("more", **PARTIAL)
    assert track.transcript.owed(track.position_ms)


def test_what_is_settled_ends_where_something_is_owed() -> None:
    """Quiet is settled as far as it was sent; speech and partials are not."""
    track = Track()
    track.speak(1000, pause_ms=3000)
    track.take("Good morning.", **FINAL)
    assert track.transcript.settled_ms(4000) == 4000
    track.speak(1000)
    assert track.transcript.settled_ms(5400) == 4000
    track.take("and", **PARTIAL)
    assert track.transcript.settled_ms(5400) == 4000


def test_a_final_is_told_as_the_route_has_it() -> None:
    """Leg, stream and track are those of the plan."""
    track = Track()
    track.speak(500)

    (heard,) = track.take_whole(Answer(transcript="x", is_final=True))

    assert replace(heard, text="", start_ms=0, end_ms=0) == WordsHeard(
        leg_id=plan().leg_id,
        stream_id=plan().stream_id,
        track="inbound",
        text="",
        is_final=True,
        start_ms=0,
        end_ms=0,
    )
