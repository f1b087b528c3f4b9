"""What of a call's sound may be kept, as its words become known."""

from dataclasses import replace

import pytest

from service.calls.commands import CloseSound, JudgeSound, RecordStream
from service.calls.inputs import AudioLost, AudioSettled, TrackRef, Word, WordsHeard
from service.calls.routes import Route
from service.calls.sound import BEHIND_MS, MARGIN_MS
from service.calls.sound_margins import WHOLE_MARGIN_MS
from service.calls.state import Span
from service.ids import Track
from tests.calls.harness import (
    INBOUND,
    MEDIA,
    STREAM,
    T0,
    A,
    Driver,
    finished,
    heard,
    hung_up,
    media_stopped,
    talking,
)

KEEPING = replace(MEDIA, record="audio", redact=("pci", "numbers"))
CARD = "4111 1111 1111 1111"


def worded(text: str, start_ms: int, *, track: Track = "inbound") -> WordsHeard:
    """A final with the times of its words, 300 ms each."""
    words = tuple(
        Word(text=one, start_ms=start_ms + at * 300, end_ms=start_ms + at * 300 + 300)
        for at, one in enumerate(text.split())
    )
    return WordsHeard(
        ref=TrackRef(A, STREAM, track),
        text=text,
        is_final=True,
        start_ms=start_ms,
        end_ms=words[-1].end_ms,
        words=words,
    )


def last(call: Driver) -> JudgeSound:
    """Return the last that was said of the sound."""
    return call.asked(JudgeSound)[-1]


def spoken(first_ms: int, end_ms: int) -> Span:
    """Return what is silent where words are hidden."""
    return Span(first_ms - MARGIN_MS, end_ms + MARGIN_MS)


@pytest.mark.parametrize(
    ("route", "judged"),
    [
        (KEEPING, True),
        (replace(KEEPING, redact=()), False),
        (replace(MEDIA, redact=("pci",)), None),
    ],
)
def test_only_recordings_of_routes_that_hide_words_are_judged(
    route: Route, *, judged: bool | None
) -> None:
    """All others are kept as they come, or not at all."""
    call = talking(route)
    call.receive(worded("hello there", 0), now=T0 + 4)
    call.receive(AudioSettled(ref=INBOUND, until_ms=9_000), now=T0 + 11)

    assert [one.is_judged for one in call.asked(RecordStream)] == [judged] * (judged is not None)
    assert bool(call.asked(JudgeSound)) == bool(judged)


def test_the_sound_of_hidden_words_is_silent_and_of_others_is_not() -> None:
    """With a margin on both sides; it is known up to a second before the end of the words."""
    call = talking(KEEPING)
    call.receive(worded(f"my card {CARD} thanks", 1_000), now=T0 + 6)

    said = last(call)
    assert said.ref == INBOUND
    assert said.hidden == (spoken(1_600, 2_800),)
    assert said.open == ()
    assert said.until_ms == 3_100 - BEHIND_MS


def test_a_digit_that_was_misheard_beside_others_is_silent() -> None:
    """The text has it: it is a word like any other."""
    call = talking(KEEPING)
    call.receive(worded("it is for 111 1111 1111 1111 to, I think", 1_000), now=T0 + 7)

    assert call.finals[0].text == "it is for [NUMBER] to, I think"
    assert last(call).hidden == (spoken(1_600, 3_400),)


def test_without_times_of_words_the_whole_utterance_is_silent() -> None:
    """With a wider margin."""
    call = talking(KEEPING)
    call.receive(heard(f"my card {CARD}", 1_000, 5_000), now=T0 + 6)
    call.receive(heard("I have 12 of", 8_000, 9_000, track="outbound"), now=T0 + 11)

    one, other = call.asked(JudgeSound)
    assert one.hidden == (Span(1_000 - WHOLE_MARGIN_MS, 5_000 + WHOLE_MARGIN_MS),)
    assert other.hidden == (Span(8_000 - WHOLE_MARGIN_MS, 9_000 + WHOLE_MARGIN_MS),)


def test_digits_that_are_shown_wait_until_their_number_is_over() -> None:
    """If more of it is hidden they are silent, too, on whichever track they were said."""
    call = talking(KEEPING)
    call.receive(worded("it is 4111", 1_000), now=T0 + 4)
    assert last(call).open == (spoken(1_600, 1_900),)
    assert last(call).hidden == ()

    call.receive(worded("okay", 2_000, track="outbound"), now=T0 + 5)
    assert last(call).earlier == "hold"
    call.receive(worded("4111 1111 1111 is it", 4_000, track="outbound"), now=T0 + 8)
    assert last(call).earlier == "hide"
    assert last(call).hidden == (spoken(4_000, 4_900),)


def test_digits_of_one_utterance_are_silent_together() -> None:
    """Also those that its text shows, as they are less than would be too much."""
    call = talking(KEEPING)
    call.receive(worded("411 dear 1111 1111 1111", 1_000), now=T0 + 6)

    assert call.finals[0].text == "411 dear [NUMBER]"
    assert last(call).hidden == (spoken(1_600, 2_500), spoken(1_000, 1_300))


def test_a_number_that_other_words_end_may_be_heard() -> None:
    """It was none that is hidden."""
    call = talking(KEEPING)
    call.receive(worded("we are 12", 1_000), now=T0 + 4)
    call.receive(worded("and we come with all our children", 3_000), now=T0 + 8)

    assert last(call).earlier == "release"


def test_a_number_that_nobody_goes_on_with_may_be_heard_after_a_while() -> None:
    """Silence says so, once it is told that it was."""
    call = talking(KEEPING)
    call.receive(worded("we are 12", 1_000), now=T0 + 4)
    call.receive(AudioSettled(ref=INBOUND, until_ms=12_000), now=T0 + 14)
    assert (last(call).earlier, last(call).until_ms) == ("hold", 12_000 - BEHIND_MS)

    call.receive(AudioSettled(ref=INBOUND, until_ms=33_000), now=T0 + 35)
    assert last(call).earlier == "release"


def test_what_a_partial_hid_and_the_final_does_not_have_is_silent() -> None:
    """It was a number once, and nobody knows where in the utterance."""
    call = talking(KEEPING)
    call.receive(heard(f"it is {CARD} yes", 1_000, 4_000, final=False), now=T0 + 5)
    call.receive(worded("it is for one yes", 1_000), now=T0 + 6)

    assert last(call).hidden == (Span(1_000 - WHOLE_MARGIN_MS, 2_500 + WHOLE_MARGIN_MS),)


def test_what_nobody_transcribed_is_silent() -> None:
    """Nobody knows what was said."""
    call = talking(KEEPING)
    lost = AudioLost(ref=INBOUND, start_ms=2_000, end_ms=9_000, reason="not_answered")
    call.receive(lost, now=T0 + 12)

    assert last(call).hidden == (Span(2_000, 9_000),)


@pytest.mark.parametrize(("hangs_up", "earlier"), [(True, "release"), (False, "hide")])
def test_a_recording_is_closed_with_the_last_word(*, hangs_up: bool, earlier: str) -> None:
    """What waits is hidden then, unless the call is over and nothing can follow."""
    call = talking(KEEPING)
    call.receive(worded("we are 12", 1_000), now=T0 + 4)
    if hangs_up:
        call.receive(hung_up(T0 + 7), now=T0 + 7)
    else:
        call.receive(media_stopped(T0 + 7, orderly=False), now=T0 + 7)
    call.receive(finished("inbound", audio_ms=5_800), now=T0 + 8)
    assert (last(call).until_ms, call.asked(CloseSound)) == (5_800, [])
    call.receive(finished("outbound", audio_ms=5_800), now=T0 + 8)

    assert call.asked(CloseSound) == [CloseSound(stream_id=STREAM, earlier=earlier)]  # type: ignore[arg-type]
