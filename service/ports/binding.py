"""The binding of a key or token: which calls it may see, by route and by metadata. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

MAX_ROUTES: Final = 16
MAX_METADATA: Final = 8
MAX_ROUTE_CHARS: Final = 64
MAX_KEY_CHARS: Final = 64
MAX_VALUE_CHARS: Final = 128

Wanted = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """Which calls may be seen: those of one of the routes that have all of the metadata.

    Made by `bind` and `narrowed`: what is in it has one order, so that equal bindings are equal.
    """

    routes: tuple[str, ...] | None = None
    """Names of routes; None: of every route, and of none."""
    metadata: Wanted = ()
    """Top-level keys of the call's metadata, and as text the values of which it must have one."""

    @property
    def is_unbound(self) -> bool:
        """Whether every call may be seen."""
        return self.routes is None and not self.metadata

    def covers(self, route: str | None, facts: Mapping[str, str]) -> bool:
        """Say whether a call of this route and with these facts, its metadata as text, is seen."""
        if self.routes is not None and route not in self.routes:
            return False
        return all(facts.get(key) in values for key, values in self.metadata)

    def narrowed(self, other: "Binding") -> "Binding":
        """Return the binding that covers what both of them cover."""
        mine, theirs = dict(self.metadata), dict(other.metadata)
        routes, more = self.routes, other.routes
        if routes is None or more is None:
            both = more if routes is None else routes
        else:
            both = tuple(one for one in routes if one in more)
        metadata = {
            key: tuple(
                one
                for one in mine.get(key, theirs.get(key, ()))
                if one in theirs.get(key, mine.get(key, ()))
            )
            for key in {*mine, *theirs}
        }
        return Binding(both, tuple(sorted(metadata.items())))

    def includes(self, other: "Binding") -> bool:
        """Say whether all that the other covers is covered by this one as well."""
        return self.narrowed(other) == other


UNBOUND: Final = Binding()


def bind(routes: Iterable[str] = (), metadata: Iterable[tuple[str, str]] = ()) -> Binding:
    """Return the binding to these routes and metadata; to none of either, it asks nothing of it.

    Of several routes one must be the call's; of several values of a key the call must have one.
    """
    wanted: dict[str, set[str]] = {}
    for key, value in metadata:
        wanted.setdefault(key, set()).add(value)
    named = tuple(sorted(set(routes)))
    return Binding(
        named or None, tuple((key, tuple(sorted(wanted[key]))) for key in sorted(wanted))
    )
