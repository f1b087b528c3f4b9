"""What is known of an engine by how it answered on a track: one session learns of those before."""

from dataclasses import dataclass
from math import ceil, inf

_MIN_LIFE_S = 1.0
"""A session that ends sooner heard as much all the same: what had waited was sent at once."""
_MAX_SPARES = 3
"""An engine in trouble is not to be flooded."""


@dataclass(slots=True)
class Habits:
    """How one engine answers. Sessions note here what they see of it."""

    gives_partials: bool = False
    """Whether partials are to be expected."""
    slowest_ms: int = 0
    """The longest that speech waited for an answer: it may need so long for any."""
    slowest_open_s: float = 0.0
    """The longest that a connection took to be made."""
    last_life_s: float = inf
    """How long the last session lasted that was lost."""
    shortest_full_life_s: float = inf
    """How soon it ended a session in order, unasked: that may be all that one is given."""
    early_ends: int = 0
    """How many sessions in a row were lost before they answered what they were sent at once.

    Never 0 again: it may be so any time.
    """

    def may_end_at(self, age_s: float) -> bool:
        """Say whether a session so old may be over for its age alone.

        It ends once its last answers are sent, which may take so long as ever.
        """
        return age_s >= self.shortest_full_life_s - self.slowest_ms / 1000 - _MIN_LIFE_S

    def spares(self, slow_open_s: float) -> int:
        """Return how many connections are to be made ahead: as many as end while one is made.

        None to an engine that opens them sooner than `slow_open_s`.
        """
        if self.slowest_open_s < slow_open_s or self.last_life_s >= self.slowest_open_s:
            return 0
        return min(_MAX_SPARES, ceil(self.slowest_open_s / max(self.last_life_s, _MIN_LIFE_S)))
