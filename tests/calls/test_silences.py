"""What is not to be heard on Telnyx's recordings, by words, gaps and pauses."""

from dataclasses import replace
from typing import Literal

import pytest

from service.calls import silences
from service.calls.commands import FetchTape, JudgeSound
from service.calls.events import RecordingSaved
from service.calls.inputs import AudioLost, ControlName
from service.calls.silences import LATE_MS, MAX_SPANS, MAX_SPOKEN_MS, PLACE_MS
from service.calls.sound import MARGIN_MS
from service.calls.sound_margins import TO_THE_END_MS, WHOLE_MARGIN_MS
from service.calls.state import CallState, Span
from service.ids import Track
from tests.calls.harness import (
    CALL,
    IN_CALL,
    INBOUND,
    MEDIA,
    T0,
    Driver,
    finished,
    hung_up,
    media_stopped,
    said,
    talking,
)
from tests.calls.tapes import OVER, TAPED, end, fetched, kept, over, saved
from tests.calls.test_controls import asked
from tests.calls.test_sound import CARD, worded

HIDING = replace(TAPED, redact=("pci", "numbers"))
HIDING_IN_CALL = replace(IN_CALL, record="telnyx", redact=("pci", "numbers"))
IN = 200
"""Where the stream of these calls begins on the call clock."""


def silent(call: Driver) -> list[tuple[int, int]]:
    """Return what of the inbound side was told to be silent, without the place's margin."""
    spans = fetched(call).silent["inbound"]
    return [(first + PLACE_MS, last - PLACE_MS) for first, last in spans]


def taped(call: Driver) -> Driver:
    """Have the call end, and what was recorded of it fetched."""
    end(call)
    call.receive(saved(), now=OVER + 2)
    call.run_until(OVER + 20)
    return call


def test_hidden_words_are_silent() -> None:
    """With a margin, on the call clock and on their side; nothing of it is judged as it comes."""
    call = talking(HIDING)
    call.receive(worded(f"my card is {CARD}", 1_000), now=T0 + 6)
    taped(call)

    assert silent(call) == [(IN + 1_900 - MARGIN_MS, IN + 3_100 + MARGIN_MS)]
    assert fetched(call).silent["outbound"] == []
    assert call.asked(JudgeSound) == []


def test_a_tape_waits_for_the_calls_last_words() -> None:
    """What they hide would have been kept."""
    call = talking(HIDING)
    call.receive(saved(T0 + 9, ended_at=T0 + 8), now=T0 + 10)
    call.run_until(T0 + 50)
    assert call.asked(FetchTape) == []
    call.session.state.tapes[0].linked_at = OVER
    call.receive(hung_up(OVER), now=OVER)
    call.receive(worded(CARD, 2_000), now=OVER + 0.1)
    call.receive(finished("inbound"), finished("outbound"), now=OVER + 1)
    call.run_until(OVER + 2)

    assert silent(call) == [(IN + 2_000 - MARGIN_MS, IN + 3_200 + MARGIN_MS)]


def test_words_without_times_are_silent_whole() -> None:
    """With a wider margin."""
    call = talking(HIDING)
    call.receive(replace(worded(CARD, 2_000), words=None), now=T0 + 6)

    whole = (IN + 2_000 - WHOLE_MARGIN_MS, IN + 3_200 + WHOLE_MARGIN_MS)
    assert silent(taped(call)) == [whole]


def test_shown_digits_are_silent_once_more_of_their_number_is_hidden() -> None:
    """Until then they wait; what is over was harmless."""
    call = talking(HIDING)
    call.receive(worded("it is 4111", 1_000), now=T0 + 4)
    call.receive(worded("1111 1111 1111", 3_000), now=T0 + 7)
    call.receive(worded("thank you very much", 6_000), now=T0 + 9)
    taped(call)

    (first, *_, last) = [silent(call)[0][0], silent(call)[-1][1]]
    assert first <= IN + 1_600
    assert last < IN + 6_000


@pytest.mark.parametrize(("is_over", "is_silent"), [(False, True), (True, False)])
def test_a_number_that_is_open_as_its_stream_goes(is_over: bool, is_silent: bool) -> None:  # noqa: FBT001
    """Is hidden if more may have followed, and not once the call is over."""
    call = talking(HIDING)
    call.receive(worded("it is 4111", 1_000), now=T0 + 4)
    if not is_over:
        call.receive(media_stopped(T0 + 5, orderly=False), now=T0 + 5)
        call.receive(finished("inbound"), finished("outbound"), now=T0 + 6)
    taped(call)

    hides = any(first < IN + 1_700 < last for first, last in silent(call))
    assert hides is is_silent


def test_what_nobody_transcribed_is_silent_where_words_are_hidden() -> None:
    """Nobody knows what was said."""
    lost = AudioLost(ref=INBOUND, start_ms=2_000, end_ms=4_000, reason="connection_lost")
    for route in (HIDING, TAPED):
        call = talking(route)
        call.receive(lost, now=T0 + 6)
        assert ((IN + 2_000, IN + 4_000) in silent(taped(call))) is bool(route.redact)


def test_in_call_words_are_silent_since_those_before_them() -> None:
    """They say only when they were over; a number takes longer to say than words do."""
    call = talking(HIDING_IN_CALL)
    call.receive(said("hello there", T0 + 11), now=T0 + 11)
    call.receive(said(f"my card is {CARD}", T0 + 21), now=T0 + 21)
    call.receive(said("thank you so much", T0 + 31), now=T0 + 31)
    end(call)
    call.run_until(OVER + 9)
    call.receive(saved(), now=OVER + 9)
    call.run_until(OVER + 10)

    spans = silent(call)
    assert (10_000 - LATE_MS, 20_000 + WHOLE_MARGIN_MS) in spans


@pytest.mark.parametrize(
    ("text", "at", "track", "sides"),
    [
        (CARD, T0 + 9, "inbound", ["inbound"]),
        (CARD, T0 + 9, None, ["inbound", "outbound"]),
        ("it is 4111", T0 + 9, "inbound", []),
        (CARD, T0 + 0.5, "inbound", ["inbound"]),
    ],
)
def test_in_call_words_that_come_late(
    text: str, at: float, track: Track | None, sides: list[str]
) -> None:
    """They are silent on the side that is named, on both if none is; shown digits wait."""
    call = talking(HIDING_IN_CALL)
    call.receive(said("later words", T0 + 30, track=track), now=T0 + 30)
    call.run_until(T0 + 31)
    call.receive(said(text, at, track=track), now=T0 + 32)
    call.run_until(T0 + 33)
    hidden = call.session.state.silences.hidden

    begins_ms = max(0, round((at - T0 - 1) * 1000)) - MAX_SPOKEN_MS - LATE_MS
    assert [side for side in hidden if hidden[side][0][0] == begins_ms] == sides


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize(("begin", "resume"), [("pause", "resume"), ("stop", "start")])
def test_paused_time_is_silent(begin: ControlName, resume: ControlName, ends: bool) -> None:  # noqa: FBT001
    """On both sides: until Telnyx was told, it may have been recorded."""
    call = talking(TAPED)
    call.receive(asked(begin, T0 + 10), now=T0 + 10)
    if ends:
        call.receive(asked(resume, T0 + 20), now=T0 + 20)
    end(call)
    call.receive(saved(ended_at=T0 + 10.1), now=OVER + 2)
    call.run_until(OVER + 9)

    assert silent(call) == [(9_000, 19_000 if ends else TO_THE_END_MS)]
    assert fetched(call).silent["inbound"] == fetched(call).silent["outbound"]


def test_pauses_that_are_told_apart_no_more_are_silent_all_the_same() -> None:
    """A call may have many; of other calls nothing is remembered."""
    for route in (TAPED, replace(TAPED, record="none")):
        call = talking(route)
        for number in range(60):
            call.receive(asked("pause", T0 + 10 + number * 10), now=T0 + 10 + number * 10)
            call.receive(asked("resume", T0 + 15 + number * 10), now=T0 + 15 + number * 10)
        hidden = call.session.state.silences.hidden
        assert (hidden == {}) is (route is not TAPED)

    call = talking(replace(HIDING_IN_CALL, pause_on=("card number",)))
    for number in range(60):
        call.receive(asked("pause", T0 + 10 + number), now=T0 + 10 + number)
        call.receive(asked("resume", T0 + 10.5 + number), now=T0 + 10.5 + number)
    taped(call)
    assert silent(call)[0][0] <= 9_000


def test_an_in_call_phrase_was_said_before_it_is_told() -> None:
    """What follows it may be on the tape already."""
    call = talking(replace(IN_CALL, record="telnyx", pause_on=("card number",)))
    call.receive(said("your card number please", T0 + 11, track="outbound"), now=T0 + 11)
    end(call)
    call.run_until(OVER + 9)
    call.receive(saved(), now=OVER + 9)
    call.run_until(OVER + 10)

    assert any(first == 10_001 - LATE_MS for first, _ in silent(call))


def test_a_phrase_in_the_sound_ends_what_is_heard_where_it_was_said() -> None:
    """Its words have times; what it hides ends with the pause, and not with the stream."""
    call = talking(replace(TAPED, pause_on=("card number",)))
    call.receive(worded("your card number please", 10_000, track="outbound"), now=T0 + 13)
    call.receive(asked("resume", T0 + 30), now=T0 + 30)

    assert silent(taped(call))[-1] == (IN + 10_900, 29_000)


def test_words_that_come_after_it_was_kept_are_silenced_in_it() -> None:
    """And told once more, with how much; while it is being fetched they wait for it."""
    call = talking(HIDING_IN_CALL)
    end(call)
    call.run_until(OVER + 9)
    call.receive(saved(), now=OVER + 9)
    call.run_until(OVER + 10)
    call.receive(said(CARD, OVER - 5), now=OVER + 11)
    call.run_until(OVER + 12)
    assert len(call.asked(FetchTape)) == 1
    call.receive(kept(), now=OVER + 13)
    assert call.events(RecordingSaved) == []
    call.run_until(OVER + 14)
    assert [bool(one.link) for one in call.asked(FetchTape)] == [True, False]
    call.receive(kept(tape_ms=0), now=OVER + 15)
    (event,) = call.events(RecordingSaved)
    assert event.silenced_ms > 0

    call.receive(said(CARD, OVER - 1), now=OVER + 20)
    call.run_until(OVER + 21)
    assert len(call.asked(FetchTape)) == 3
    call.receive(said(CARD, OVER - 1), now=OVER + 22)  # it says again what is silent by then
    call.receive(kept(tape_ms=0), now=OVER + 23)
    call.run_until(OVER + 40)
    events = call.events(RecordingSaved)
    assert events[-1].silenced_ms >= event.silenced_ms
    assert call.session.state.tapes[0].kept_ms == 58_000


@pytest.mark.parametrize("record", ["telnyx", "none"])
def test_what_is_hidden_late_is_silent_in_what_is_fetched_later(
    record: Literal["telnyx", "none"],
) -> None:
    """Of one side, or of both where nobody knows; what is being fetched is silenced once more."""
    call = over(replace(TAPED, record=record)) if record == "telnyx" else talking(MEDIA)
    call.receive(saved(), now=OVER + 2)
    call.run_until(OVER + 3)
    spans: list[tuple[Track | None, Span]] = [("inbound", Span(5, 9)), (None, Span(20, 30))]
    silences.hidden_late(call.session.state, spans)
    silences.hidden_late(CallState(call_id=CALL), spans)
    call.receive(kept(), now=OVER + 20)
    call.run_until(OVER + 21)

    if record == "none":
        assert call.session.state.silences.hidden == {}
        return
    assert call.session.state.silences.hidden == {
        "inbound": [(5, 9), (20, 30)],
        "outbound": [(20, 30)],
    }
    assert [bool(one.link) for one in call.asked(FetchTape)] == [True, False]


def test_spans_that_touch_are_one_and_there_are_not_too_many() -> None:
    """What is between those nearest to each other is hidden, too."""
    assert silences.merged([(5, 9), (1, 3), (3, 4), (8, 12)]) == [(1, 4), (5, 12)]

    many = [(at * 10, at * 10 + 1) for at in range(MAX_SPANS)]
    assert silences.merged([*many, (3, 4)])[0] == (0, 4)
    assert len(silences.merged([*many, (3, 4)])) == MAX_SPANS
