"""What is known of an engine by how it answered on a track: one session learns of those before."""

from dataclasses import dataclass


@dataclass(slots=True)
class Habits:
    """How one engine answers. Sessions note here what they see of it."""

    gives_partials: bool = False
    """Whether partials are to be expected."""
    slowest_ms: int = 0
    """The longest that speech waited for an answer: it may need so long for any."""
    slowest_open_s: float = 0.0
    """The longest that a connection took to be made."""
    early_ends: int = 0
    """How many sessions in a row were lost before they answered what they were sent at once.

    Never 0 again: it may be so any time.
    """
