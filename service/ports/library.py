"""The library: what people and programs ask of the journal, never in the way of a commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from service.calls.webhook import Direction
from service.ids import CallId, EndpointName, Role, UtteranceId
from service.ports.binding import UNBOUND, Binding
from service.ports.journal import StoredEvent


@dataclass(frozen=True, slots=True)
class PlacedEvent:
    """A durable event with its place among those of all calls.

    `position` only ever grows, in the order of the commits: it is the cursor of the feed.
    """

    position: int
    event: StoredEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSummary:
    """One call as it is listed: what its events say, and how far it is. Times in Unix seconds."""

    call_id: CallId
    started_at: float
    answered_at: float | None
    ended_at: float | None
    completed_at: float | None
    erased_at: float | None
    direction: Direction | None
    from_number: str | None
    to_number: str | None
    duration_ms: int | None
    utterances: int
    words: int
    gaps: int
    last_seq: int
    metadata: bytes
    """The route's, as JSON."""
    transcription: Literal["on", "paused", "off"] | None = None
    """None until words are to be expected."""
    has_audio: bool = False
    route: str | None = None
    """The name of its route, if that has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls are wanted; what is None or empty asks for nothing. Times in Unix seconds."""

    live: bool | None = None
    """Whether the call has not ended."""
    started_from: float | None = None
    started_before: float | None = None
    number: str | None = None
    """`from` or `to`, or, whole, of anybody whom events show to be in the call; a `*` at the end
    stands for any ending. By its beginning a number that is hidden could be found out."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Top-level keys of the route's metadata and what they must be, as text."""
    binding: Binding = UNBOUND
    """Which calls whoever asks may see: of others nothing is found, whatever is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordQuery:
    """What is searched for in finals."""

    words: str
    """As people type it: words, "phrases in quotes", prefix*, -without; never SQL or FTS syntax."""
    calls: CallFilter = field(default_factory=CallFilter)
    role: Role | None = None
    call_id: CallId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    r"""A final that was found. In `snippet` the words found stand between \x02 and \x03."""

    position: int
    call_id: CallId
    seq: int
    utterance_id: UtteranceId
    role: Role
    start_ms: int | None
    end_ms: int | None
    occurred_at: float
    snippet: str


class Frontier(NamedTuple):
    """How far the journal goes; both are the same where nobody else writes."""

    shown: int
    """Up to this position `events` returns all that will ever be there."""
    committed: int
    """No committed event is after this position."""


class Library(Protocol):
    """Reads of the journal. Every method may raise `JournalUnavailableError`."""

    async def calls(
        self, wanted: CallFilter, *, before: tuple[float, CallId] | None, limit: int
    ) -> list[CallSummary]:
        """Return calls, newest first by (`started_at`, `call_id`), those before the cursor."""

    async def call(self, call_id: CallId) -> CallSummary | None:
        """Return one call; None if no route ever wanted it."""

    async def events(self, *, after: int, limit: int) -> list[PlacedEvent]:
        """Return the events of all calls after a position, in the order of their commits."""

    async def frontier(self) -> Frontier:
        """Return how far `events` goes just now, and how far what is committed goes."""

    async def lanes_behind(self) -> dict[EndpointName, int]:
        """Return how many lanes of each endpoint have something to deliver, of all workers' calls.

        Raises:
            BadInputError: There are so many that counting them takes too long.
        """

    async def newest(self) -> int:
        """Return a position: every event so far is at or before it, every later one after it."""

    async def search(
        self, wanted: WordQuery, *, after: int = 0, before: int | None = None, limit: int
    ) -> list[Hit]:
        """Return finals that hold the words, newest first, with `after < position < before`.

        A final is found as soon as its commit is there. With `after`, only what is newer is
        looked through: cheap enough for every commit.

        Raises:
            BadInputError: There is nothing to search for in `words`, or so much that it takes
                too long.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearch:
    """A search that somebody wants to come back to, or to watch. Unix seconds."""

    id: str
    name: str
    query: WordQuery
    created_at: float


class SavedSearches(Protocol):
    """The searches that people keep. Every method may raise `JournalUnavailableError`."""

    async def searches(self) -> list[SavedSearch]:
        """Return all of them, oldest first."""

    async def keep_search(self, search: SavedSearch) -> None:
        """Remember a search; one of the same id is replaced.

        Raises:
            BadInputError: There is nothing to search for in it, or there are too many searches.
        """

    async def drop_search(self, search_id: str) -> bool:
        """Forget a search; False if there is none of that id."""
