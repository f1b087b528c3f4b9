"""Placing: when a text was said, by the best of what is known of it."""

from typing import Any

import pytest

from service.stt.clock import SessionClock
from service.stt.inputs import TrackInputs
from service.stt.placing import Placing
from service.stt.ring import Span
from service.stt.seam import Clue
from service.stt.speech import Speech
from service.stt.stint import Arrival
from service.stt.timing import duration_of
from service.wire.stt import HeardWord, SttResult
from tests.stt.builders import plan, voice

START_MS = 10_000


def placing() -> Placing:
    """Return one for a session that began in the middle of a track; somebody spoke at 11 s."""
    speech, clock = Speech(8000), SessionClock(START_MS)
    speech.push(bytes(16 * 11_000) + voice(2000, 1000) + bytes(16 * 1000), 0)
    clock.sent(START_MS, 13_000)
    made = Placing(TrackInputs(plan()), speech)
    made.begin(clock)
    return made


def arrival(said: Span | None = None, **result: object) -> Arrival:
    """Return a result that comes when 13 s of the track were sent."""
    fields = {"transcript": "Good morning.", "is_final": True, **result}
    return Arrival(
        SttResult(**fields),  # type: ignore[arg-type]  # its own fields
        13_000,
        lag_ms=2500,
        queue_ms=0,
        sure_ms=9000,
        said=said,
    )


def test_the_times_of_words_come_first() -> None:
    """Then those of the text; both count from the session's first audio."""
    words = (HeardWord("Good", 1.1, 1.4), HeardWord("morning", 1.5, 1.9))

    by_words = placing().place(arrival(words=words, start_time=0.0, duration=3.0), "x", from_ms=0)
    by_span = placing().place(arrival(start_time=1.0, duration=1.0), "x", from_ms=0)

    assert (by_words.clue, by_words.heard.start_ms, by_words.heard.end_ms) == (
        Clue.WORDS,
        11_100,
        11_900,
    )
    assert (by_span.clue, by_span.heard.start_ms, by_span.heard.end_ms) == (
        Clue.SPAN,
        11_000,
        12_000,
    )


def test_what_a_session_was_sent_alone_is_what_it_says() -> None:
    """An engine that answers once, when the audio stops."""
    placed = placing().place(arrival(said=Span(11_000, 12_000)), "x", from_ms=0)

    assert (placed.clue, placed.heard.start_ms, placed.heard.end_ms) == (Clue.SPAN, 11_000, 12_000)


def test_without_any_times_it_is_where_speech_was() -> None:
    """Never before what was said last."""
    placed = placing().place(arrival(), "Good morning.", from_ms=START_MS)

    assert placed.clue is Clue.TEXT
    assert abs(placed.heard.start_ms - 11_000) <= 50
    assert abs(placed.heard.end_ms - 12_000) <= 50
    assert placing().place(arrival(), "x", from_ms=11_500).heard.start_ms >= 11_500


@pytest.mark.parametrize(
    ("result", "said", "expected"),
    [
        ({"is_final": True}, None, True),
        ({"is_final": False}, None, False),
        ({"is_final": None}, None, False),
        ({"is_final": None, "speech_final": True}, None, True),
        ({"is_final": None}, Span(11_000, 12_000), True),
    ],
)
def test_a_final_is_what_is_said_to_be_one(
    *, result: dict[str, object], said: Span | None, expected: bool
) -> None:
    """Or the only answer of an engine that answers once."""
    placed = placing().place(arrival(said, **result), "x", from_ms=0)

    assert placed.heard.is_final is expected


def test_a_pace_once_known_tells_two_texts_apart() -> None:
    """A fast speaker's text is not taken for his next one as well, though it would seem so long."""
    speech, clock = Speech(8000), SessionClock(0)
    at_end = 0
    for at_ms in (1000, 5000, 7200):
        speech.push(bytes(16 * (at_ms - at_end)) + voice(2000, 1000), at_end)
        at_end = at_ms + 1000
    speech.push(bytes(16 * 1000), 8200)
    clock.sent(0, 9200)
    made = Placing(TrackInputs(plan()), speech)
    made.begin(clock)
    text = "a text of some thirty letters"
    at = arrival()._replace(position_ms=3000)

    assert made.place(at, text, from_ms=0).heard.end_ms == 2000
    second = made.place(at._replace(position_ms=9200), text, from_ms=2000).heard

    assert (second.start_ms, second.end_ms) == (5000, 6000)


def grown(placed: Placing, text: str, position_ms: int, **more: object) -> Span:
    """Return where a text is placed that comes, from a prompt engine, at this position."""
    result = SttResult(transcript=text, is_final=False, **more)  # type: ignore[arg-type]  # as above
    at = Arrival(result, position_ms, lag_ms=2500, queue_ms=0, sure_ms=0, prompt_ms=750)
    heard = placed.place(at, text, from_ms=0).heard
    return Span(heard.start_ms, heard.end_ms)


def test_a_text_that_grows_behind_a_pause_was_said_on_both_sides_of_it() -> None:
    """Although what was before the pause alone would do for its length; then the next is behind."""
    speech = Speech(8000)
    speech.push(voice(2000, 3000) + bytes(16 * 900) + voice(2000, 1300) + bytes(16 * 3000), 0)
    speech.push(voice(2000, 700), 8200)
    made = Placing(TrackInputs(plan()), speech)
    made.begin(SessionClock(0))
    first = "Thank you, I can see it, a double room."

    assert grown(made, first, 3_300).end_ms <= 3_100
    assert grown(made, f"{first} Which day?", 5_200).end_ms >= 5_100
    assert grown(made, "Let me have", 8_900).start_ms >= 8_100


def test_a_text_that_was_as_long_before_has_not_grown() -> None:
    """A shorter state of it came out of its order; the next one is said already."""
    speech = Speech(8000)
    speech.push(voice(2000, 1000) + bytes(16 * 1500) + voice(2000, 500), 0)
    made = Placing(TrackInputs(plan()), speech)
    made.begin(SessionClock(0))

    ends_ms = [
        grown(made, text, position_ms).end_ms
        for text, position_ms in (
            ("Good morning.", 1_100),
            ("Good", 1_100),
            ("Good morning.", 2_900),
        )
    ]

    assert max(ends_ms) <= 1_100


def cut_off(texts: list[str], *, prompt_ms: int | None, word_ms: int) -> int:
    """Return the end of the last of these texts of a monologue, each of a word more, cut off then.

    Whoever speaks was known to take no longer for a text than people do.
    """
    speech = Speech(8000)
    speech.push(bytes(16 * 1000) + voice(2000, 8000), 0)
    made = Placing(TrackInputs(plan()), speech)
    made.begin(SessionClock(0))
    for number, text in enumerate(texts, 1):
        result = SttResult(transcript=text, is_final=False)
        at = Arrival(result, 1000 + number * word_ms, 2500, 0, 0, prompt_ms=prompt_ms)
        placed = made.place(at, text, from_ms=0)
    return made.cut_off(placed).heard.end_ms


def test_a_text_that_is_cut_off_ends_by_the_pace_it_grew_at() -> None:
    """He speaks slowly here, whatever his pace was before; and an engine may be late."""
    texts = [" ".join(["word"] * count) for count in range(1, 9)]
    usual_ms = duration_of(texts[-1])

    assert abs(cut_off(texts, prompt_ms=500, word_ms=500) - 5000) <= 100
    assert cut_off(texts, prompt_ms=None, word_ms=500) <= 1000 + usual_ms


def test_a_text_that_is_cut_off_had_only_just_been_heard_when_it_came() -> None:
    """Where it grew too little to tell a pace: its last word is as old as the engine is late."""
    assert cut_off(["a text"], prompt_ms=500, word_ms=2500) == 3000


def test_the_rest_of_a_text_is_a_part_of_what_was_taken_for_its_beginning() -> None:
    """Half of it was final already, and was put where all of it was said."""
    speech = Speech(8000)
    speech.push(bytes(16 * 1000) + voice(2000, 4000) + bytes(16 * 2000), 0)
    made = Placing(TrackInputs(plan()), speech)
    made.begin(SessionClock(0))
    whole = "one two three four five six seven"
    at = Arrival(SttResult(transcript=whole, is_final=True), 7000, 2500, 0, 0)
    placed = made.place(at, whole, from_ms=0).heard

    rest = made.rest(at, placed, "five six seven", from_ms=5000)

    share = duration_of("five six seven") / duration_of(whole)
    assert (placed.start_ms, placed.end_ms, rest.end_ms) == (1000, 5000, 5000)
    assert abs(rest.start_ms - (5000 - 4000 * share)) <= 50


def test_the_rest_of_a_text_that_goes_on_is_behind_its_beginning() -> None:
    """As far as that was emitted."""
    speech = Speech(8000)
    speech.push(bytes(16 * 1000) + voice(2000, 2000) + bytes(16 * 300) + voice(2000, 1500), 0)
    speech.push(bytes(16 * 2000), 4800)
    made = Placing(TrackInputs(plan()), speech)
    made.begin(SessionClock(0))
    whole = "one two three four five six seven eight nine ten eleven"
    at = Arrival(SttResult(transcript=whole, is_final=True), 6800, 2500, 0, 0)
    placed = made.place(at, whole, from_ms=0).heard

    rest = made.rest(at, placed, "eight nine ten eleven", from_ms=3000)

    assert placed.end_ms == 4800
    assert (rest.start_ms, rest.end_ms) == (3300, 4800)


def test_more_was_said_behind_a_text_that_was_cut_off_in_the_midst_of_it() -> None:
    """It was heard as it was spoken; what goes on behind it is no slow rest of it."""
    speech, result = Speech(8000), SttResult(transcript="one two three", is_final=False)
    speech.push(bytes(16 * 1000) + voice(2000, 4000) + bytes(16 * 2000), 0)

    def goes_on(rest_ms: int, *, prompt_ms: int | None) -> bool:
        made = Placing(TrackInputs(plan()), speech)
        made.begin(SessionClock(0))
        at = Arrival(result, 2500, 2500, 0, 0, prompt_ms=prompt_ms)
        cut_off = made.cut_off(made.place(at, "one two three", from_ms=0))
        return made.goes_on(cut_off, cut_off.heard.end_ms + rest_ms)

    assert goes_on(2000, prompt_ms=500)
    assert not goes_on(300, prompt_ms=500)
    assert not goes_on(2000, prompt_ms=None)


@pytest.mark.parametrize(
    ("text", "more", "may"),
    [
        ("so that", {"is_asked": True, "lag_ms": 6000}, True),
        ("so that all of it was", {"is_asked": True, "lag_ms": 6000}, False),
        ("so that", {"is_asked": True}, False),
        ("so that", {"lag_ms": 6000}, False),
        ("so that", {"is_asked": True, "lag_ms": 6000, "said": Span(11_000, 12_000)}, False),
    ],
)
def test_a_late_engine_that_was_asked_for_the_rest_may_have_given_half_of_it(
    text: str, more: dict[str, Any], *, may: bool
) -> None:
    """Its session may have been over before; but not where the text is as long as the speech."""
    made, at = placing(), arrival()._replace(**more)

    assert made.note_final(at, made.place(at, text, from_ms=0)) is may


@pytest.mark.parametrize(("lag_ms", "ends_ms"), [(6000, 12_000), (2500, None)])
def test_the_last_final_of_a_late_engine_may_be_half_of_what_was_said(
    lag_ms: int, ends_ms: int | None
) -> None:
    """However long it is, where its session was over for its age; until it is heard again."""
    made, at = placing(), arrival()._replace(lag_ms=lag_ms)
    whole = made.place(at, "so that all of it was", from_ms=0)
    made.note_final(at, whole)

    assert made.doubt_last() is (ends_ms is not None)
    assert made.lacking_ms == ends_ms
    made.begin(SessionClock(START_MS))
    assert made.lacking_ms == ends_ms
    made.note_final(at, whole)
    assert made.lacking_ms is None


@pytest.mark.parametrize(("prompt_ms", "end_ms"), [(1800, 11_000), (800, 16_000)])
def test_what_comes_right_behind_a_hole_may_have_been_said_before_it(
    prompt_ms: int, end_ms: int
) -> None:
    """An engine that was sent nothing could not answer meanwhile, however prompt it is."""
    speech, clock = Speech(8000), SessionClock(0)
    speech.push(bytes(16 * 8000) + voice(2000, 3000), 0)
    speech.push(voice(2000, 900), 15_100)
    speech.push(bytes(16 * 100), 16_000)
    clock.sent(0, 16_100)
    made = Placing(TrackInputs(plan()), speech)
    made.begin(clock)
    text = "so that all of it was said before that hole"
    at = arrival(transcript=text)._replace(position_ms=16_100, prompt_ms=prompt_ms, lag_ms=3600)

    assert made.place(at, text, from_ms=0).heard.end_ms == end_ms
