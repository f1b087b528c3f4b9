"""Texts without `is_final`: where one ends and the next begins, in a session and over a seam."""

from service.calls.inputs import WordsHeard
from service.wire.stt import HeardWord, SttResult
from tests.stt.talk import FINAL, Talk

ALIKE = ("two one one yes", "no okay one yes")
"""One might be another state of the other, by their words."""


def timed(text: str, *starts_s: float) -> SttResult:
    """Return a text without `is_final` whose words take a quarter of a second each."""
    words = zip(text.split(), starts_s, strict=True)
    heard = tuple(HeardWord(word, start_s, start_s + 0.25) for word, start_s in words)
    return SttResult(transcript=text, words=heard)


def finals_of(emitted: list[WordsHeard]) -> list[str]:
    """Return the texts that are final."""
    return [item.text for item in emitted if item.is_final]


def test_two_texts_alike_are_two_where_their_times_say_so() -> None:
    """The one before is final with the next one, and not replaced by it."""
    talk = Talk()
    talk.speak(1000)
    talk.speak(1000)

    emitted = talk.add_whole(timed(ALIKE[0], 0.0, 0.25, 0.5, 0.75))
    emitted += talk.add_whole(timed(ALIKE[1], 1.4, 1.65, 1.9, 2.15))

    assert finals_of(emitted) == [ALIKE[0]]
    assert finals_of(talk.transcript.finalize_pending()) == [ALIKE[1]]


def test_a_text_that_grows_is_one_by_its_times_however_little_it_resembles_itself() -> None:
    """Its words are heard anew, at the same time."""
    talk = Talk()
    talk.speak(1000)

    emitted = talk.add_whole(timed("to go", 0.0, 0.3))
    emitted += talk.add_whole(timed("a window please", 0.05, 0.3, 0.6))

    assert finals_of(emitted) == []


def test_what_a_text_repeats_is_not_expected_again_once_it_is_over() -> None:
    """The next one is not taken for the same repeat, though few words are said again and again."""
    talk = Talk()
    first, second, third = "yes right okay no yes two no", "no two two okay", "okay no yes right no"
    for text in (first, second):
        talk.speak(2000, pause_ms=600)
        talk.add(text, **FINAL)
    talk.speak(2000, pause_ms=600)
    talk.renew(0)

    assert talk.add(first) == []
    assert talk.add(second) == []
    assert talk.add(third) == [(third, False)]


def test_a_text_that_came_before_the_replay_begins_repeats_nothing_of_it() -> None:
    """However late it was taken for whole: after a long silence."""
    talk = Talk()
    talk.speak(1500, pause_ms=500)
    talk.add("no two okay no")
    talk.speak(0, pause_ms=8000)
    assert finals_of(talk.transcript.wait_no_more(talk.position_ms, 4000)) == ["no two okay no"]
    talk.renew(8000)
    talk.speak(1500, pause_ms=500)

    assert talk.add("two okay yes no okay") == [("two okay yes no okay", False)]


def test_a_seam_that_a_text_does_not_decide_is_marked_once_the_text_is_over() -> None:
    """As it is with a final: at the end, with the next text, or with the next session."""
    for end in ("close", "go on", "renew"):
        talk = Talk()
        talk.speak(2000, pause_ms=600)
        talk.add("one one two one", **FINAL)
        talk.renew(0)
        talk.add("one one two one one")
        assert talk.transcript.take_doubt() is None

        if end == "close":
            talk.transcript.close()
        elif end == "go on":
            talk.speak(2000, pause_ms=600)
            talk.add("right yes okay no")
        else:
            talk.renew(talk.position_ms)

        assert talk.transcript.take_doubt() == 2000


def test_a_text_waits_for_a_better_one_over_a_hole() -> None:
    """While nothing is sent nothing is answered: a silence that the engine heard is what ends it.

    Else what it says next would be another text.
    """
    talk = Talk()
    talk.speak(1500, pause_ms=500)
    talk.add("no two okay no")
    talk.position_ms += 5000
    talk.speak(0, pause_ms=600)
    assert talk.transcript.wait_no_more(talk.position_ms, 4000) == []

    talk.speak(0, pause_ms=3000)
    assert finals_of(talk.transcript.wait_no_more(talk.position_ms, 4000)) == ["no two okay no"]
