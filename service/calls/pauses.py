"""The times of a call of which no word is kept, because somebody asked: paused, or stopped."""

from service.calls.state import CallState, Quiet, Span

MOST_QUIET = 50
"""How many such times are told apart; of those before them only their length is kept."""


def begin(state: CallState, at: float) -> None:
    """Keep no word that is said from now (Unix seconds) on."""
    end(state, at)
    state.quiet.append(Quiet(since=at))
    if len(state.quiet) > MOST_QUIET:
        oldest = state.quiet.pop(0)
        state.quiet_before_ms += _length_ms(state, oldest, at)


def end(state: CallState, at: float) -> None:
    """Keep again what is said from now on, if that was not so already."""
    if state.quiet and state.quiet[-1].until is None:
        state.quiet[-1].until = max(at, state.quiet[-1].since)


def covers(state: CallState, at: float) -> bool:
    """Whether what was said at that time is not to be kept."""
    return any(
        quiet.since <= at and (quiet.until is None or at < quiet.until) for quiet in state.quiet
    )


def floor_ms(state: CallState, at: float) -> int:
    """Return when the last quiet time before `at` ended, on the call clock; 0 if none did."""
    ends = [quiet.until for quiet in state.quiet if quiet.until is not None and quiet.until <= at]
    return _on_clock(state, max(ends)) if ends else 0


def total_ms(state: CallState, length_ms: int) -> int:
    """Return how much of a call of that length was quiet."""
    ends_at = (state.answered_at or 0.0) + length_ms / 1000
    latest_ms = sum(_length_ms(state, quiet, ends_at) for quiet in state.quiet)
    return state.quiet_before_ms + latest_ms


def outside(state: CallState, span: Span) -> list[Span]:
    """Return the parts of a span of the call clock that were not quiet, in order."""
    parts = [span]
    for quiet in state.quiet:
        start_ms = _on_clock(state, quiet.since)
        end_ms = None if quiet.until is None else _on_clock(state, quiet.until)
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
    """Return when what holds began to hold, on the call clock: quiet, or no longer."""
    if not state.quiet:
        return 0
    quiet = state.quiet[-1]
    return _on_clock(state, quiet.since if quiet.until is None else quiet.until)


def _length_ms(state: CallState, quiet: Quiet, ends_at: float) -> int:
    until = ends_at if quiet.until is None else min(quiet.until, ends_at)
    return max(0, _on_clock(state, until) - _on_clock(state, quiet.since))


def _on_clock(state: CallState, at: float) -> int:
    return state.clock_ms(at) or 0
