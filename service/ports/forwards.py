"""Webhooks of Telnyx's that are passed on, as they came, to an application of the customer's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredForward:
    """One that waits. `sealed` is whatever was handed to `keep`."""

    number: int
    lane: str
    """What is passed on in order: a call session's."""
    received_at: float
    sealed: bytes


class Forwards(Protocol):
    """The store of them. Any method may raise `JournalUnavailableError`: nothing was done then."""

    async def keep(self, event_id: str, lane: str, received_at: float, sealed: bytes) -> None:
        """Return once a webhook would survive. One that was kept before is no news."""

    async def waiting(self, limit: int) -> Sequence[StoredForward]:
        """Return those that were not settled, the oldest first."""

    async def settle(self, numbers: Sequence[int]) -> None:
        """Note that these need not be passed on any more; only that they were is left of them."""

    async def prune(self, before: float) -> None:
        """Forget those settled that were received before then (Unix seconds)."""


class Tee(Protocol):
    """Passes every webhook on."""

    async def keep(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Return once it is certain that a webhook is passed on; it is not waited for.

        Raises:
            JournalUnavailableError: Nothing was kept; the sender must come again.
        """
