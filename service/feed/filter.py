"""What a subscriber wants to hear of, and whether an event is that."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

from service.errors import BadInputError
from service.feed.call_lookup import CallFacts
from service.ids import CallId, Role

MAX_TYPES = 20
MAX_METADATA = 10
MAX_TYPE_CHARS = 64

_TYPE = re.compile(r"[a-z_.*]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a subscriber wants; what is None or empty asks for nothing."""

    call_id: CallId | None = None
    types: tuple[str, ...] = ()
    """Patterns (`transcript.*`), of which one must fit; for partials as well."""
    role: Role | None = None
    """Whose words; what is about nobody's, like `call.ended`, is wanted all the same."""
    number: str | None = None
    """The call's `from` or `to`, whole; a `*` at the end stands for any ending."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Top-level keys of the call's metadata and what they must be, as text."""
    partials: bool = True

    @property
    def asks_for_calls(self) -> bool:
        """Whether it depends on what is known of a call, beside its id."""
        return self.number is not None or bool(self.metadata)

    def fits(self, kind: str, role: str | None) -> bool:
        """Tell whether an event of this type and role is wanted."""
        if self.types and not _fits_any(self.types, kind):
            return False
        return self.role is None or role is None or role == self.role

    def fits_call(self, facts: CallFacts | None) -> bool:
        """Tell whether the events of a call are wanted; None is a call that nobody knows."""
        if facts is None:
            return not self.asks_for_calls
        if self.number is not None and not _fits_number(self.number, facts.numbers):
            return False
        return all(facts.metadata.get(key) == value for key, value in self.metadata.items())


def check_types(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return patterns of event types that can be used.

    Raises:
        BadInputError: They are too many, too long or not such patterns.
    """
    types = tuple(pattern.strip() for pattern in patterns)
    if len(types) > MAX_TYPES:
        raise BadInputError(f"at most {MAX_TYPES} types can be asked for")
    if not all(len(one) <= MAX_TYPE_CHARS and _TYPE.fullmatch(one) for one in types):
        raise BadInputError("types are written like transcript.final or call.*")
    return types


@lru_cache(maxsize=4096)
def _fits_any(patterns: tuple[str, ...], kind: str) -> bool:
    return any(fnmatchcase(kind, pattern) for pattern in patterns)


def _fits_number(pattern: str, numbers: Iterable[str]) -> bool:
    if pattern.endswith("*"):
        return any(number.startswith(pattern[:-1]) for number in numbers)
    return pattern in numbers
