"""A conference: legs that talk with each other, each of whom comes and goes."""

from dataclasses import dataclass, field

from service.simulator.legs.leg import Leg
from service.simulator.legs.timeline import iso

_LIFE_S = 4 * 3600.0
"""After which Telnyx ends a conference."""


@dataclass(slots=True, eq=False)
class Conference:
    """One conference, with whoever is in it; `began_at` in Unix seconds."""

    id: str
    name: str
    connection_id: str
    began_at: float
    legs: list[Leg] = field(default_factory=list)
    over: bool = False

    def join(self, leg: Leg) -> None:
        """Have a leg take part in the talk of those who are there, and emit that."""
        if not leg.alive or leg in self.legs:
            return
        if self.legs:
            self.legs[0].share(leg)
        self.legs.append(leg)
        leg.link.meeting = self
        self._emit(leg, "conference.participant.joined")

    def left(self, leg: Leg) -> None:
        """Emit that a leg left, and the end of the conference once nobody is in it."""
        if leg not in self.legs:
            return
        self.legs.remove(leg)
        leg.link.meeting = None
        self._emit(leg, "conference.participant.left")
        if not self.legs:
            self.over = True
            leg.emit("conference.ended", {"conference_id": self.id, "reason": "all_left"})

    def show(self) -> dict[str, object]:
        """Return it as the API shows it (SDK 4.189, `types/conference.py`)."""
        return {
            "record_type": "conference",
            "id": self.id,
            "name": self.name,
            "connection_id": self.connection_id,
            "created_at": iso(self.began_at),
            "expires_at": iso(self.began_at + _LIFE_S),
            "status": "completed" if self.over else "in_progress",
        }

    def _emit(self, leg: Leg, event_type: str) -> None:
        leg.emit(event_type, {"conference_id": self.id})
