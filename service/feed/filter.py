"""The filter of a subscription: which events and which calls it gets."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

from service.errors import BadInputError
from service.feed.call_lookup import CallDetails
from service.ids import CallId, Role
from service.ports import UNBOUND, Binding

MAX_TYPES = 20
MAX_METADATA = 10
MAX_TYPE_CHARS = 64

_TYPE = re.compile(r"[a-z_.*]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFilter:
    """What a subscriber gets; a field that is None or empty lets everything pass."""

    call_id: CallId | None = None
    types: tuple[str, ...] = ()
    """Patterns (`transcript.*`), of which one must match; partials are held to them as well."""
    role: Role | None = None
    """Whose words. What is about nobody's, like `call.ended`, passes all the same."""
    number: str | None = None
    """The call's `from` or `to`, whole; a `*` at the end stands for any ending."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Top-level keys of the call's metadata and the value that each must have, as text."""
    partials: bool = True
    binding: Binding = UNBOUND
    """Which calls the subscriber may see at all: of others nothing passes, whatever is asked."""

    @property
    def needs_details(self) -> bool:
        """Whether the details of a call decide, beside its id."""
        return self.number is not None or bool(self.metadata) or not self.binding.is_unbound

    def matches(self, kind: str, role: str | None) -> bool:
        """Say whether an event of this type and role passes."""
        if self.types and not _matches_any(self.types, kind):
            return False
        return self.role is None or role is None or role == self.role

    def matches_call(self, details: CallDetails | None) -> bool:
        """Say whether the events of a call pass; None is a call that nobody knows."""
        if details is None:
            return not self.needs_details
        if not details.is_covered_by(self.binding):
            return False
        if self.number is not None and not _matches_number(self.number, details.numbers):
            return False
        return all(details.metadata.get(key) == value for key, value in self.metadata.items())


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
def _matches_any(patterns: tuple[str, ...], kind: str) -> bool:
    return any(fnmatchcase(kind, pattern) for pattern in patterns)


def _matches_number(pattern: str, numbers: Iterable[str]) -> bool:
    if pattern.endswith("*"):
        return any(number.startswith(pattern[:-1]) for number in numbers)
    return pattern in numbers
