"""What is asked of a call that is to be made."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class DialAsked:
    """Somebody wants a call made, and its words. Asking again for the same is no news."""

    at: float
    from_number: str
    to_number: str
    route: str | None = None
    """The route's name; None for the first one that matches."""
    connection_id: str | None = None
    """The application to dial through; None for the one that the route names."""
    metadata: Mapping[str, object] = field(default_factory=dict)
