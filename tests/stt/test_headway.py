"""Sessions that live too short a time for what they are sent: the words get on all the same."""

import pytest

from service.calls.inputs import Input, RecognitionDegraded, WordsHeard
from service.stt.headway import Headway
from service.stt.stint import Stint
from service.stt.track import Track
from service.wire.stt import HeardWord, SttResult
from tests.stt.builders import silence, speak
from tests.stt.test_track import begun, final, opened, sent

SLOW = final("Unfortunately international telecommunication breaks down every Wednesday")


def partial(text: str, **fields: object) -> SttResult:
    """Return a partial."""
    return SttResult(transcript=text, is_final=False, **fields)  # type: ignore[arg-type]  # its own


def finals(inputs: list[Input]) -> list[str]:
    """Return the texts of the finals."""
    return [i.text for i in inputs if isinstance(i, WordsHeard) and i.is_final]


def again(track: Track, *results: SttResult, is_pressed: bool = False) -> tuple[Stint, list[Input]]:
    """Run a session that is sent all there is, says something, and is lost."""
    stint = begun(track)
    sent(track, stint)
    inputs = [item for result in results for item in track.receive(stint, result, 1.0)]
    return stint, inputs + track.lose(is_pressed=is_pressed)


def test_several_sessions_over_the_same_audio_are_no_headway() -> None:
    """One may have had bad luck; one that begins elsewhere begins anew."""
    headway = Headway()
    headway.lost(1000)
    assert not headway.is_stuck(1000)

    headway.lost(1000)
    assert headway.is_stuck(1000)
    assert not headway.is_stuck(2000)

    headway.lost(1000)
    assert headway.is_hopeless(1000)
    assert not headway.is_hopeless(2000)

    headway.lost(2000)
    assert not headway.is_stuck(2000)
    assert headway.is_stuck(2000, is_pressed=True)


def test_words_that_are_settled_are_headway() -> None:
    """Were it the same audio again."""
    headway = Headway()
    headway.lost(1000)
    headway.moved()
    headway.lost(1000)

    assert not headway.is_stuck(1000)


def test_what_two_sessions_answered_alike_is_not_sent_to_a_third() -> None:
    """Nothing says that the text is all there was to say of it: that is told."""
    track = opened()
    track.push(speak((2, 500), (0, 3000), (2, 500))[0])
    first, _ = again(track, final("good morning"))
    second, inputs = again(track, final("good morning"))

    third = begun(track)

    assert abs(first.clock.start_ms - second.clock.start_ms) <= 200
    assert third.clock.start_ms > 3500
    assert [i.reason for i in inputs if isinstance(i, RecognitionDegraded)] == ["seam_uncertain"]


def test_what_begins_with_a_hole_is_not_sent_for_ever() -> None:
    """A session is sent all that stands for it, though it need not be."""
    track = opened()
    track.push(silence(2000))
    track.skip(1300, "frames_lost")
    track.push(speak((2, 500), (0, 3000), (2, 500))[0][4000:])
    starts_ms = [again(track, final("good morning"))[0].clock.start_ms for _ in range(4)]

    assert starts_ms[-1] > 4000


def test_nothing_is_sent_twice_that_seems_to_be_answered_where_there_is_no_time() -> None:
    """What is said behind it would not be heard at all."""
    track = opened()
    track.push(speak((2, 500), (0, 3000), (2, 500))[0])

    _, inputs = again(track, final("good morning"), is_pressed=True)

    assert begun(track).clock.start_ms > 3500
    assert [i.reason for i in inputs if isinstance(i, RecognitionDegraded)] == ["seam_uncertain"]


def test_a_partial_has_to_do_where_no_session_lives_long_enough_for_its_final() -> None:
    """Its words are heard once; the one that was cut off is heard by the next session."""
    track = opened()
    track.push(speak((6, 500))[0])
    words = tuple(
        HeardWord(text, at_s, at_s + 0.3)
        for text, at_s in (("good", 0.5), ("morning", 0.86), ("this", 2.3))
    )
    heard = partial("good morning this", words=words)
    for _ in range(2):
        _, inputs = again(track, heard)
        assert finals(inputs) == []

    last, inputs = again(track, heard)

    assert finals(inputs) == ["good morning"]
    assert begun(track).clock.start_ms <= 1500 < last.clock.position_ms


@pytest.mark.parametrize(
    ("says", "emitted"),
    [("bye then", ["thank you", "bye then"]), ("thank you bye then", ["thank you bye then"])],
)
def test_words_that_the_next_session_does_not_say_again_were_said_before(
    says: str, emitted: list[str]
) -> None:
    """It begins further on, where they seem to be, as the final before seems to be longer."""
    track = opened()
    track.push(speak((5, 500), (3, 300), (2, 3000))[0])
    for _ in range(2):
        again(track, SLOW, partial("thank you"))

    third = begun(track)
    sent(track, third)
    inputs = track.receive(third, final(says), 2.0)

    assert third.clock.start_ms > 4000
    assert finals(inputs) == emitted


@pytest.mark.parametrize("others", [[partial("thank you bye")] * 2, [SLOW] * 2])
def test_what_is_carried_over_is_not_settled_by_a_session_that_says_it_again_or_nothing(
    others: list[SttResult],
) -> None:
    """That is lost as well: it is said once, by the one that comes to it."""
    track = opened()
    track.push(speak((5, 500), (3, 300), (2, 3000))[0])
    for _ in range(2):
        again(track, SLOW, partial("thank you"))
    inputs = [item for result in others for item in again(track, result)[1]]

    last = begun(track)
    sent(track, last)
    inputs += track.receive(last, final("thank you bye then"), 2.0)

    assert finals(inputs) == ["thank you bye then"]
    assert finals(track.finish("not_answered")) == []


def test_a_final_that_repeats_leaves_nothing_of_what_came_before_it() -> None:
    """A partial that came out of its order would else be put where the final is."""
    track = opened()
    track.push(speak((2, 500), (2, 2000))[0])
    again(track, final("good morning"))
    inputs = [
        item for _ in range(2) for item in again(track, partial("bye"), final("good morning"))[1]
    ]

    assert finals(inputs) == []
    assert finals(track.finish("not_answered")) == []
