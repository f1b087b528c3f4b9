"""The times of a call of which no word is kept, because somebody paused or stopped it.

Words of the call bear the telephone network's time, and what people ask for ours. How far the two
clocks are apart is measured, never quite: a pause holds if either clock says so, unless ours is
plainly wrong.
"""

from service.calls import silences
from service.calls.state import CallState, Pause, Span

MAX_PAUSES = 50
"""How many such times are told apart; of those before them only their length is kept."""
MAX_SKEW_S = 5.0
"""A clock that differs more from the network's is plainly wrong."""


def begin(state: CallState, at: float, asked_at: float | None = None) -> None:
    """Keep no word that is said from now on.

    `at` is the telephone network's time, as well as it is known, `asked_at` ours, where words are
    told apart by time alone (Unix seconds).
    """
    end(state, at)
    state.pauses.append(Pause(since=min(at, _plausible(at, asked_at))))
    if len(state.pauses) > MAX_PAUSES:
        oldest = state.pauses.pop(0)
        silences.paused(state, oldest.since, at if oldest.until is None else oldest.until)
        state.paused_before_ms += _length_ms(state, oldest, at)


def end(state: CallState, at: float) -> None:
    """Keep again what is said from now on, if that was not so already."""
    if state.pauses and state.pauses[-1].until is None:
        state.pauses[-1].until = max(at, state.pauses[-1].since)


def ask_end(state: CallState, at: float) -> None:
    """Note that words are wanted again; none is kept before `end`, which may be long after."""
    if state.pauses and state.pauses[-1].until is None:
        state.pauses[-1].asked_until = max(at, state.pauses[-1].since)


def is_open(state: CallState) -> bool:
    """Whether no word is kept now."""
    return bool(state.pauses) and state.pauses[-1].until is None


def covers(state: CallState, at: float) -> bool:
    """Whether what was said at that time is not to be kept."""
    return any(
        pause.since <= at and (pause.until is None or at < pause.until) for pause in state.pauses
    )


def last_end_ms(state: CallState, at: float) -> int:
    """Return when the last pause before `at` ended, on the call clock; 0 if none did."""
    ends = [pause.until for pause in state.pauses if pause.until is not None and pause.until <= at]
    return _on_clock(state, max(ends)) if ends else 0


def total_ms(state: CallState, length_ms: int) -> int:
    """Return how much of a call of that length was paused."""
    ends_at = (state.answered_at or 0.0) + length_ms / 1000
    latest_ms = sum(_length_ms(state, pause, ends_at) for pause in state.pauses)
    return state.paused_before_ms + latest_ms


def outside(state: CallState, span: Span) -> list[Span]:
    """Return the parts of a span of the call clock that were not paused, in order."""
    parts = [span]
    for pause in state.pauses:
        start_ms = _on_clock(state, pause.since)
        end_ms = None if pause.over_at is None else _on_clock(state, pause.over_at)
        if start_ms == end_ms:
            continue
        first, last = parts.pop()
        if first < min(last, start_ms):
            parts.append(Span(first, min(last, start_ms)))
        if end_ms is None:
            return parts
        if max(first, end_ms) < last:
            parts.append(Span(max(first, end_ms), last))
        else:
            return parts
    return parts


def since_ms(state: CallState) -> int:
    """Return when what holds now, a pause or none, began to hold on the call clock."""
    if not state.pauses:
        return 0
    pause = state.pauses[-1]
    return _on_clock(state, pause.since if pause.over_at is None else pause.over_at)


def _plausible(at: float, asked_at: float | None) -> float:
    return at if asked_at is None or abs(asked_at - at) > MAX_SKEW_S else asked_at


def _length_ms(state: CallState, pause: Pause, ends_at: float) -> int:
    until = ends_at if pause.over_at is None else min(pause.over_at, ends_at)
    return max(0, _on_clock(state, until) - _on_clock(state, pause.since))


def _on_clock(state: CallState, at: float) -> int:
    return state.clock_ms(at) or 0
