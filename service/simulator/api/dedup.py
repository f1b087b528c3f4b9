"""Commands that come twice: the second one is answered like the first, and does nothing."""

from dataclasses import replace

from service.simulator.api.reply import Reply, nothing

REPEAT_WINDOW_S = 60.0
"""How long the same `command_id` for the same call is ignored."""
MAX_REMEMBERED = 50_000


class Repeats:
    """Remembers commands for 60 s by call and `command_id`; beyond 50 000 the oldest goes."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str], tuple[float, Reply]] = {}

    def find(self, leg_id: str, command_id: str, now: float) -> Reply | None:
        """Return what was answered to the same command, to be answered again without effect."""
        at, reply = self._taken.get((leg_id, command_id), (0.0, None))
        if reply is None or now - at >= REPEAT_WINDOW_S:
            return None
        return replace(reply, after=nothing, waits_for=None, repeated=True)

    def remember(self, leg_id: str, command_id: str, now: float, reply: Reply) -> None:
        """Keep what was answered."""
        self._taken.pop((leg_id, command_id), None)
        if len(self._taken) >= MAX_REMEMBERED:
            del self._taken[next(iter(self._taken))]
        self._taken[leg_id, command_id] = (now, reply)
