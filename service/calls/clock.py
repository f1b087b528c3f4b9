"""The call clock: milliseconds since the call was answered."""

from service.calls.state import CallState


def on_call_clock(state: CallState, at: float) -> int | None:
    """Put a time (Unix seconds) on the call clock; None before the answer."""
    if state.answered_at is None:
        return None
    return max(0, round((at - state.answered_at) * 1000))
