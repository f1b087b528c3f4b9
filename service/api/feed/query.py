"""What a subscriber may ask of the feed: in a query, or in a message of its WebSocket."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from service.api.operations import Query
from service.errors import BadInputError
from service.feed.filter import MAX_METADATA, MAX_TYPE_CHARS, MAX_TYPES, FeedFilter, check_types
from service.ids import CallId, Role

MAX_CURSOR = 2**63 - 1


def _checked(types: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return check_types(types)
    except BadInputError as error:
        raise ValueError(str(error)) from None


def _listed(types: str) -> str:
    _checked(_split(types))
    return types


def _split(types: str) -> tuple[str, ...]:
    return tuple(one for one in types.split(",") if one)


Short = Annotated[str, Field(min_length=1, max_length=256)]
Types = Annotated[str, Field(max_length=MAX_TYPES * (MAX_TYPE_CHARS + 1)), AfterValidator(_listed)]
Cursor = Annotated[int, Field(ge=0, le=MAX_CURSOR)]
Metadata = Annotated[dict[Short, Short], Field(max_length=MAX_METADATA)]
OfCall = Annotated[CallId, Field(min_length=1, max_length=512)]


class SearchFeedQuery(Query):
    """What the feed of a saved search may be asked."""

    after: Cursor | None = None
    """Resume after this id; `Last-Event-ID` does the same, and wins."""


class CallFeedQuery(SearchFeedQuery):
    """What the feed of one call may be asked."""

    types: Types = ""
    """Types of events, with commas; `*` stands for anything: `transcript.*,call.ended`."""
    role: Role | None = None
    """Whose words; what is nobody's comes all the same."""
    partials: bool = True

    def to_filter(self, call_id: CallId | None = None) -> FeedFilter:
        """Return the filter that is asked for (of one call)."""
        types = _split(self.types)
        return FeedFilter(call_id=call_id, types=types, role=self.role, partials=self.partials)


class FeedQuery(CallFeedQuery):
    """What the feed of all calls may be asked."""

    call_id: OfCall | None = None
    number: Short | None = None
    """The call's `from` or `to`; a `*` at the end stands for any ending."""
    metadata: Metadata = Field(default_factory=dict)

    def to_filter(self, call_id: CallId | None = None) -> FeedFilter:
        """Return the filter that is asked for."""
        return FeedFilter(
            call_id=call_id or self.call_id,
            types=_split(self.types),
            role=self.role,
            number=self.number,
            metadata=self.metadata,
            partials=self.partials,
        )


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Subscribe(_Message):
    """What one subscription of a WebSocket asks for. `id` names it in all that comes of it."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    call_id: OfCall | None = None
    after: Cursor | None = None
    types: Annotated[tuple[str, ...], Field(max_length=MAX_TYPES), AfterValidator(_checked)] = ()
    role: Role | None = None
    number: Short | None = None
    metadata: Metadata = Field(default_factory=dict)
    partials: bool = True

    def to_filter(self, call_id: CallId | None) -> FeedFilter:
        """Return the filter that is asked for; `call_id` is that of the address, if it has one."""
        return FeedFilter(
            call_id=call_id or self.call_id,
            types=self.types,
            role=self.role,
            number=self.number,
            metadata=self.metadata,
            partials=self.partials,
        )


class Message(_Message):
    """A message of a client: one of the two."""

    subscribe: Subscribe | None = None
    unsubscribe: Annotated[str, Field(min_length=1, max_length=64)] | None = None


CloseReason = Literal[
    "slow", "stopping", "token_expired", "key_revoked", "unavailable", "misbehaved"
]
"""Why a connection is closed from here; after all but the last the client may resume."""
