"""Searches as they are asked and answered."""

from typing import Annotated

from pydantic import Field

from service.api.calls.models import CallWishes
from service.api.operations import Body, Reply
from service.api.parameters import (
    DEFAULT_LIMIT,
    PLAIN,
    CallIdText,
    Limit,
    Metadata,
    Number,
    Sealed,
    Stamp,
)
from service.archive.calls import split_snippet
from service.ids import Role
from service.ports import CallFilter, Hit, SavedSearch, WordQuery
from service.wire.events import timestamp

Words = Annotated[str, Field(min_length=1, max_length=500, pattern=PLAIN)]
"""Words, "phrases in quotes", prefix*, -without."""


class SearchQuery(CallWishes):
    """What is searched for, and in which calls."""

    q: Words
    role: Role | None = None
    call_id: CallIdText | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: Sealed | None = None


class Piece(Reply):
    """A piece of a snippet."""

    text: str
    match: bool
    """Whether this is what was searched for."""


class FoundUtterance(Reply):
    """A final that was found."""

    call_id: str
    seq: int
    utterance_id: str
    role: Role
    start_ms: int | None
    end_ms: int | None
    occurred_at: Stamp
    snippet: list[Piece]


class SearchPage(Reply):
    """What was found, newest first."""

    data: list[FoundUtterance]
    next: str | None
    """The `cursor` of the next page; null on the last one."""


class SearchWish(Body):
    """A search to be kept."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]
    q: Words
    role: Role | None = None
    number: Number | None = None
    metadata: Metadata = Field(default_factory=dict)


class KeptSearch(Reply):
    """A search that was kept."""

    id: str
    name: str
    q: str
    role: Role | None
    number: str | None
    metadata: dict[str, str]
    created_at: Stamp


class KeptSearches(Reply):
    """All searches that were kept, oldest first. There is only one page."""

    data: list[KeptSearch]
    next: str | None = None


def found_of(hit: Hit) -> FoundUtterance:
    """Return a hit as it is answered."""
    return FoundUtterance(
        call_id=hit.call_id,
        seq=hit.seq,
        utterance_id=hit.utterance_id,
        role=hit.role,
        start_ms=hit.start_ms,
        end_ms=hit.end_ms,
        occurred_at=timestamp(hit.occurred_at),
        snippet=[Piece(text=text, match=match) for text, match in split_snippet(hit.snippet)],
    )


def kept_of(search: SavedSearch) -> KeptSearch:
    """Return a kept search as it is answered."""
    return KeptSearch(
        id=search.id,
        name=search.name,
        q=search.query.words,
        role=search.query.role,
        number=search.query.calls.number,
        metadata=dict(search.query.calls.metadata),
        created_at=timestamp(search.created_at),
    )


def query_of(wish: SearchWish) -> WordQuery:
    """Return a wish as the library takes it."""
    calls = CallFilter(number=wish.number, metadata=wish.metadata)
    return WordQuery(words=wish.q, calls=calls, role=wish.role)
