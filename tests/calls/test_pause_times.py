"""Pause times: of none of them is a word kept, whatever happens in whatever order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.calls import pauses
from service.calls.events import (
    TranscriptCompleted,
    TranscriptGap,
)
from service.calls.inputs import (
    ControlName,
    Input,
    ServiceRestarted,
    ServiceStopping,
)
from service.calls.routes import Route
from service.calls.state import Pause, Span
from service.ids import StreamId
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    T0,
    Driver,
    finished,
    heard,
    hung_up,
    media_started,
    media_stopped,
    refused,
    said,
    talking,
)
from tests.calls.test_controls import asked, coverage


def test_many_pauses_are_told_apart_up_to_a_bound() -> None:
    """Beyond it only their length is kept; the books still sum up."""
    call = talking(MEDIA)
    for number in range(pauses.MAX_PAUSES + 10):
        at = T0 + 5 + number
        call.receive(asked("pause", at), asked("resume", at + 0.5), now=at)
    call.receive(hung_up(T0 + 101), now=T0 + 101)
    call.run_until(T0 + 200)

    assert len(call.session.state.pauses) == pauses.MAX_PAUSES
    assert coverage(call)["inbound"].paused_ms == 30_000


def test_a_pause_of_no_length_parts_nothing() -> None:
    """Paused and resumed in the same instant."""
    call = talking(MEDIA)
    state = call.session.state
    state.pauses = [Pause(T0 + 5, T0 + 5), Pause(T0 + 6, T0 + 7), Pause(T0 + 9, None)]

    assert pauses.outside(state, Span(0, 9000)) == [(0, 5000), (6000, 8000)]
    assert pauses.outside(state, Span(5200, 5800)) == []
    assert pauses.outside(state, Span(8500, 9000)) == []


ACTIONS: tuple[ControlName, ...] = ("start", "stop", "pause", "resume")


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[float, str]]:
    """Draw what happens in a call, and how long after what came before."""
    steps = st.sampled_from(
        [*ACTIONS, *ACTIONS, "words", "words", "drop", "media", "restart", "drain", "refuse", "end"]
    )
    return draw(st.lists(st.tuples(st.floats(0.0, 4.0), steps), max_size=25))


def play(route: Route, history: list[tuple[float, str]]) -> Driver:
    """Let it happen. Streams carry a word of 200 ms whenever there are words."""
    call, at, number = talking(route), T0 + 2.0, 0
    for after_s, step in history:
        at, number = at + after_s, number + 1
        if route is IN_CALL and step == "media":
            continue  # nobody asked for it
        for item in _inputs(call, step, at, number):
            call.receive(item, now=at)
    call.receive(hung_up(at + 1), now=at + 1)
    call.run_until(at + 100)
    return call


def _inputs(call: Driver, step: str, at: float, number: int) -> list[Input]:
    streams = call.session.state.streams
    sockets = [StreamId(one.socket_id or i) for i, one in streams.items() if not one.finishing]
    if step in ACTIONS:
        return [asked(step, at)]
    if step == "media":
        return [media_started(at, stream=StreamId(f"s{number}"))]
    if step == "drop":
        return [media_stopped(at, orderly=number % 2 == 0, stream=i) for i in sockets]
    if step == "words":
        clock_ms = round((at - T0 - 1) * 1000)
        spoken: list[Input] = []
        for stream_id, one in streams.items():
            end_ms = clock_ms - one.offset_ms  # of an audio that begins with the stream
            if end_ms > 0:
                start_ms = max(0, end_ms - 200)
                spoken.append(heard(f"w{number}", start_ms, end_ms, stream=stream_id))
        return [*spoken, said(f"w{number}", at), said(f"p{number}", at, final=False)]
    if step == "end":
        return [
            finished(track, stream=i)
            for i, one in streams.items() for track in list(one.recognising) if one.finishing
        ]  # fmt: skip
    others: dict[str, Input] = {
        "restart": ServiceRestarted(at=at),
        "drain": ServiceStopping(at=at),
        "refuse": refused("start_streaming", "10015", at=at),
    }
    return [others[step]]


@given(st.sampled_from([MEDIA, IN_CALL]), histories())
@settings(max_examples=400, deadline=None)
def test_no_interleaving_keeps_a_word_of_a_pause(
    route: Route, history: list[tuple[float, str]]
) -> None:
    """No final of a quiet time, no gap in it, no seq missing, and books that sum up."""
    call = play(route, history)
    times = [
        (round((q.since - T0 - 1) * 1000), round(((q.until or 1e12) - T0 - 1) * 1000))
        for q in call.session.state.pauses
    ]
    spans = [(final.start_ms or 0, final.end_ms or 0) for final in call.finals]
    spans += [(gap.start_ms, gap.end_ms) for gap in call.events(TranscriptGap)]

    assert [record.seq for record in call.records] == list(range(1, len(call.records) + 1))
    assert not [
        (span, quiet_time) for span in spans for quiet_time in times
        if max(span[0], quiet_time[0]) + 1 < min(span[1], quiet_time[1])
    ]  # fmt: skip
    assert call.types[-1] == "transcript.completed"
    for books in coverage(call).values():
        length_ms = call.events(TranscriptCompleted)[-1].duration_ms
        assert (
            books.transcribed_ms + books.silence_ms + books.paused_ms + books.lost_ms == length_ms
        )
