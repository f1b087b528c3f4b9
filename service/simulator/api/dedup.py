"""Command dedup: a command that comes again is answered as before, and does nothing."""

from dataclasses import replace

from service.simulator.api.reply import Reply, nothing

REPEAT_WINDOW_S = 60.0
"""How long the same `command_id` for the same call is ignored."""
MAX_REMEMBERED = 50_000


class CommandDedup:
    """Remembers commands for 60 s, by leg and `command_id`; beyond 50 000 it drops the oldest."""

    def __init__(self) -> None:
        self._replies: dict[tuple[str, str], tuple[float, Reply]] = {}

    def find(self, leg_id: str, command_id: str, now: float) -> Reply | None:
        """Return the earlier reply to the same command, without its effect; None if it is new."""
        at, reply = self._replies.get((leg_id, command_id), (0.0, None))
        if reply is None or now - at >= REPEAT_WINDOW_S:
            return None
        return replace(reply, after=nothing, waits_for=None, repeated=True)

    def remember(self, leg_id: str, command_id: str, now: float, reply: Reply) -> None:
        """Remember the reply to a command."""
        self._replies.pop((leg_id, command_id), None)
        if len(self._replies) >= MAX_REMEMBERED:
            del self._replies[next(iter(self._replies))]
        self._replies[leg_id, command_id] = (now, reply)
