"""What became of a recording of Telnyx's that was to be fetched, or deleted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeKept:
    """It is in the call's recording, safely on the disk."""

    number: int
    at: float
    tape_ms: int
    """How long it plays by itself; of what was only silenced anew, 0."""
    duration_ms: int
    """How long all of the call's recording plays, and how large it is."""
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeNotKept:
    """It is not; `for_good`: it never will be. `reason` is a slug."""

    number: int
    at: float
    reason: str
    for_good: bool = False
    has_expired: bool = False
    """Whether its link is good no more: Telnyx gives another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeDeleted:
    """Telnyx has it no more."""

    tape_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeNotDeleted:
    """Telnyx may have it still. `reason` is a slug, `code` Telnyx's, or ""."""

    tape_id: str
    at: float
    reason: str
    code: str = ""
