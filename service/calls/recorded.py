"""What a call remembers of its recording: whom it told, and what Telnyx recorded (its tapes)."""

from dataclasses import dataclass, field

from service.ids import LegId, Track


@dataclass(slots=True)
class Recorded:
    """What there is of the call's audio, and nobody was told of yet."""

    duration_ms: int
    size_bytes: int


@dataclass(slots=True)
class Taping:
    """What is expected of Telnyx's recordings of a leg."""

    begun: int = 0
    """How many it was asked for and took."""
    due_at: float | None = None
    """When to ask for one that was not told of; None: none is missed."""
    asked: int = 0
    """How often in a row that was done."""
    failed: bool = False
    """Whether it was told that Telnyx does not record."""


@dataclass(slots=True)
class Tape:
    """A recording that Telnyx made of a leg. Times are in Unix seconds.

    Whoever has its link may hear it for some minutes: it is forgotten once it is of no use.
    """

    leg_id: LegId
    id: str
    link: str
    linked_at: float
    started_at: float
    look_at: float | None = None
    """When to fetch it; None: it waits for the call's last words, or is over."""
    failures: int = 0
    kept_ms: int | None = None
    """How long it plays, once it is kept."""
    is_stale: bool = False
    """Whether more is hidden by now than when it was to be fetched."""
    over: bool = False
    """Whether it is kept, or given up."""


@dataclass(slots=True)
class Removal:
    """A recording that is to be deleted at Telnyx, and when to ask for that, in Unix seconds."""

    leg_id: LegId
    tape_id: str
    """Telnyx's id of it; "": whatever it has of the leg, once that is known."""
    look_at: float
    failures: int = 0


@dataclass(slots=True)
class Silences:
    """What of each side is not to be heard on a tape, in milliseconds of the call clock."""

    hidden: dict[Track, list[tuple[int, int]]] = field(default_factory=dict)
    open: dict[Track, list[tuple[int, int]]] = field(default_factory=dict)
    """What waits until it is known what becomes of a number."""
