"""How many messages a media WebSocket may send."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    """What one media WebSocket may do."""

    start_s: float = 5.0
    """From the upgrade to `start`; the call session has as long again to want the audio."""
    frames_per_s: float = 200.0
    """Of each track, sustained; all other messages together may be as many."""
    burst_s: float = 5.0
    """How much of that may come at once: what a slow network held back."""
    speed: float = 1.0
    """How many times faster than real time a simulator may play."""
    heartbeat_s: float = 15.0
    """A ping after so long a silence; no pong in half that time is a drop."""
    farewell_s: float = 5.0
    """For the call session to take note that a stream has ended."""


class Allowance:
    """A bucket of `per_s` a second that holds `burst_s` seconds' worth. Full at the start."""

    __slots__ = ("_burst_s", "_interval_s", "_used_until")

    def __init__(self, *, per_s: float, burst_s: float) -> None:
        self._interval_s = 1 / per_s
        self._burst_s = burst_s
        self._used_until = float("-inf")

    def take(self, now: float) -> bool:
        """Take one out; False if it is empty. `now` is in seconds of any steady clock."""
        used_until = max(self._used_until, now) + self._interval_s
        if used_until - now > self._burst_s:
            return False
        self._used_until = used_until
        return True
