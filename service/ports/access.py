"""The access log: who read, heard, took out or erased which call, kept apart from the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from service.ids import AccessAction, CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One look at a call, or at whichever calls there are. Unix seconds."""

    at: float
    key_id: str
    action: AccessAction
    call_id: CallId | None
    """None: of no single call."""
    address: str
    """Where it came from, as much of it as is to be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFilter:
    """Which accesses are wanted; what is None asks for nothing."""

    call_id: CallId | None = None
    key_id: str | None = None
    action: AccessAction | None = None


class AccessStore(Protocol):
    """What is kept of accesses. Every method may raise `JournalUnavailableError`."""

    async def keep_accesses(self, accesses: Sequence[Access]) -> None:
        """Keep all of these, or none, in one commit."""

    async def accesses(
        self, wanted: AccessFilter, *, before: int | None, limit: int
    ) -> list[tuple[int, Access]]:
        """Return the newest accesses, each with its number: those with a smaller one than that."""

    async def prune_accesses(self, before: float, *, most: int, limit: int) -> int:
        """Forget accesses from before that time, and the oldest of more than `most`.

        At most `limit` of them; return how many.
        """
