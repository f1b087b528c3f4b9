"""How the attempts at one endpoint went of late. Pure: the time is an argument."""

from dataclasses import dataclass
from typing import Final

MIN_FAILURES: Final = 10
"""Fewer in a row say nothing of the endpoint."""
_OUTAGE_S = 5.0
"""For so long nothing arrived and something failed: what arrives next ends an outage."""


@dataclass(slots=True)
class Record:
    """Since when nothing arrives at an endpoint, whatever fails. Times are in monotonic seconds."""

    failing_since: float | None = None
    """When the first failure after the last success was."""
    _in_a_row: int = 0
    _arrived: bool = False

    @property
    def healthy(self) -> bool:
        """Whether the last attempt that ended arrived."""
        return self._arrived and self.failing_since is None

    def succeeded(self, now: float) -> bool:
        """Record what arrived; True if it is the first after an outage, or after the start."""
        failing_s = 0.0 if self.failing_since is None else now - self.failing_since
        recovered = not self._arrived or failing_s >= _OUTAGE_S
        self._in_a_row, self.failing_since, self._arrived = 0, None, True
        return recovered

    def failed(self, now: float) -> None:
        """Record what did not arrive."""
        self._in_a_row += 1
        if self.failing_since is None:
            self.failing_since = now

    def reset(self) -> None:
        """Forget all failures: whoever runs the endpoint says that it is well."""
        self._in_a_row, self.failing_since = 0, None

    def failing_for_s(self, now: float) -> float:
        """Return for how many seconds every attempt has failed; 0 before ten in a row have."""
        if self.failing_since is None or self._in_a_row < MIN_FAILURES:
            return 0.0
        return now - self.failing_since
