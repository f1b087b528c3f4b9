"""What a media WebSocket may do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    """What one media WebSocket may do."""

    start_s: float = 5.0
    """From the upgrade to `start`."""
    taken_s: float = 20.0
    """From `start` until the call session wants the audio, or not; it waits in the socket."""
    frames_per_s: float = 200.0
    """Of each track, sustained; all other messages together may be as many."""
    burst_s: float = 5.0
    """How much of that may come at once: what a slow network held back."""
    speed: float = 1.0
    """How many times faster than real time a simulator may play."""
    heartbeat_s: float = 15.0
    """A ping after so long a silence; no pong in half that time is a drop."""
