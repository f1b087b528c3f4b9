"""The journal: the durable, ordered log of every call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from service.calls.turn import Keeping
from service.ids import CallId, EndpointName, InputId, LegId, WorkerId
from service.ports.binding import UNBOUND, Binding
from service.ports.filters import EVERYTHING, EventFilter
from service.ports.recorder import RecordingIndex
from service.wire.events import Subject, read_subject


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A durable event as it is kept: `body` is the exact JSON that every endpoint gets."""

    call_id: CallId
    seq: int
    type: str
    body: bytes
    known_subject: Subject | None = field(default=None, compare=False, repr=False)
    """Whose words it is about, from whoever wrote the body; None: it was read back."""

    @property
    def subject(self) -> Subject:
        """Whose words it is about."""
        return self.known_subject or read_subject(self.body)


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call's state as it was last committed. `version` grows by one with each commit."""

    call_id: CallId
    version: int
    epoch: int
    state: bytes
    wake_at: float | None
    owner: WorkerId | None = None
    """Whose it is, where several workers share a database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One atomic change of one call."""

    call_id: CallId
    version: int
    """The version this was made from; 0 for a new call."""
    epoch: int
    state: bytes
    """Opaque, but for the strings in it: they are msgpack's."""
    input_ids: tuple[InputId, ...] = ()
    legs: tuple[LegId, ...] = ()
    """Legs to find this call by from now on; repeats are harmless."""
    events: tuple[StoredEvent, ...] = ()
    endpoints: tuple[EndpointName, ...] = ()
    """Whose lanes of this call these events join; of one that was moved, whoever took over."""
    wake_at: float | None = None
    """When the call wants to be woken (Unix seconds); None for never."""
    ended: bool = False
    erases: bool = False
    """Whether all earlier events of the call go with this change, and all that was made of them.

    The last of `events` is the tombstone that is left. Lanes of the call, whatever their
    endpoint, have it to deliver and nothing else.
    """
    forgets: bool = False
    """Whether all of the call goes: its state, its legs, and that it was ever there.

    Only its inputs stay known. For calls that have no events.
    """
    amends: tuple[StoredEvent, ...] = ()
    """Earlier events of the call, as they are to be kept from now on: nothing is left of their old
    bodies, nor of attempts at delivering them."""
    numbers: tuple[str, ...] = ()
    """Of people in the call, those that no earlier entry had: what erasure by number goes by."""
    shows_numbers: bool = False
    """Whether the call's events show them in full: then it is listed by them, too."""
    keeping: Keeping | None = None
    """How long the call is to be kept, from now on; None leaves that as it is."""


class LaneRow(msgspec.Struct, frozen=True, gc=False):
    """One lane: what `endpoint` has had of the call (`acked_seq`) of all there is (`head_seq`).

    The collector need not look at it: a backlog may have hundreds of thousands, and it would hold
    everything up for half a second.
    """

    call_id: CallId
    endpoint: EndpointName
    acked_seq: int
    head_seq: int
    attempts: int
    due_at: float
    generation: int = 0
    """Grows with each `rewind`. A lane that a commit makes starts at 0."""
    live: bool = False
    """Whether the call goes on: says something of the call, not of the lane."""
    parked: tuple[int, ...] = ()
    """What was given up of the hundred up to `acked_seq`, in order. Only `lanes_of` says."""


@dataclass(frozen=True, slots=True)
class BacklogPage:
    """Some lanes of the backlog, and the place that the next page begins after."""

    lanes: list[LaneRow]
    end: tuple[int, str] | None
    """None if there is no more."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that a lane gave up. The parked deliveries are the dead-letter queue.

    `status` is the HTTP status of the last answer, if there was one; `reason` is a slug.
    """

    seq: int
    status: int | None
    reason: str
    type: str | None = None
    """`REPORT_TYPE` if it is the report that follows the event; None: the event itself."""


@dataclass(frozen=True, slots=True)
class LaneUpdate:
    """How far a lane has come, and what it gave up, if anything.

    With a `generation` (of the `LaneRow` this goes back to) it is dropped if the lane was rewound
    since, perhaps by another process: without one it would undo that rewind.
    """

    call_id: CallId
    endpoint: EndpointName
    acked_seq: int
    attempts: int = 0
    due_at: float = 0.0
    parked: Parked | None = None
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class ParkedDelivery:
    """A delivery that was given up, to be listed and retried. Times in Unix seconds.

    Its `type` is the event's, or `REPORT_TYPE` where the event arrived and its report did not. With
    an event that was given up, its report is.
    """

    id: int
    call_id: CallId
    endpoint: EndpointName
    seq: int
    type: str
    status: int | None
    reason: str
    parked_at: float


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One attempt at the delivery of a durable event. `made_at` is in Unix seconds."""

    call_id: CallId
    endpoint: EndpointName
    seq: int
    made_at: float
    result: str
    """As in `AttemptResult`."""
    status: int | None
    """The HTTP status of the answer, if there was one."""
    took_ms: int
    answer: str
    """The beginning of what the receiver said, or what went wrong; empty if it arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaToken:
    """What may open the media WebSocket of a leg, by hashes: neither secret is kept."""

    token_hash: bytes
    header_hash: bytes
    """Of what Telnyx is to show beside it."""
    call_id: CallId
    leg_id: LegId
    expires_at: float


class ErasureIndex(Protocol):
    """What is to be erased, and that nothing is left. May raise `JournalUnavailableError`."""

    async def calls_of_number(self, number: str) -> list[CallId]:
        """Return the calls that were not erased and that somebody with this number was in.

        Whoever called, was called, or came later. Also those that nobody knows yet whether they are
        wanted, if a webhook of theirs waits.
        """

    async def text_due(self, now: float, *, limit: int) -> list[CallId]:
        """Return calls whose text is not to be kept any longer, those due longest first."""

    async def prune_parked(self, now: float) -> int:
        """Forget parked deliveries and attempts that are kept no longer; return how many."""

    async def erasures(self, after: int) -> tuple[int, list[CallId]]:
        """Return the newest position, and the calls erased after the given one."""

    async def unscrubbed(self) -> bool:
        """Return whether the files may hold more of erased calls than the tables do."""

    async def scrub(self) -> bool:
        """Have the files hold no more of erased calls than the tables do.

        In small steps, between which commits go on. False if somebody kept reading what was,
        so that it has to be done again.
        """


class Journal(RecordingIndex, ErasureIndex, Protocol):
    """The durable, ordered log of every call. Every method may be called from many tasks.

    `commit` and `settle` return once the change would survive a power cut. All methods
    raise `JournalUnavailableError` when the database does not answer.
    """

    async def commit(self, entry: Entry) -> None:
        """Write one change of one call, whole or not at all.

        Cancelled while it waits, the change may still be written (whole): load the call again.

        Raises:
            DuplicateInputError: Some of `input_ids` were committed before.
            StaleCallError: The call is at another version or epoch.
        """

    async def load(self, call_id: CallId) -> StoredCall | None:
        """Return the call as it was last committed."""

    async def find_call(self, leg_id: LegId) -> CallId | None:
        """Return the call that this leg belongs to."""

    async def unfinished(self) -> list[StoredCall]:
        """Return the calls not yet `ended`, or with a `wake_at`, for the next start."""

    async def adopt(self, call_id: CallId) -> int:
        """Raise the call's epoch by one and return it: whoever held it before writes no more.

        Raises:
            StaleCallError: There is no such call.
        """

    async def read(self, call_id: CallId, *, after_seq: int, limit: int) -> list[StoredEvent]:
        """Return up to `limit` events of the call after `after_seq`, in order."""

    async def backlog(self) -> list[LaneRow]:
        """Return every lane with something left to deliver, of this worker's calls."""

    async def backlog_page(self, after: tuple[int, str] | None) -> BacklogPage:
        """Return some of these lanes, those after a place where a page ended, or the first.

        Few enough that nobody waits for them: a backlog may have hundreds of thousands.
        """

    async def lanes_of(
        self, call_id: CallId, endpoint: EndpointName | None = None
    ) -> list[LaneRow]:
        """Return the lanes of a call, or the one to an endpoint, also with nothing left to deliver.

        With what was given up just before their places; whoever has the call.
        """

    async def settle(self, updates: Sequence[LaneUpdate]) -> None:
        """Write how far lanes have come. Never takes a lane back: that is `rewind`'s."""

    async def keep_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Remember attempts; those at an event that was erased meanwhile are dropped."""

    async def attempts(self, call_id: CallId, *, limit: int) -> list[Attempt]:
        """Return the newest attempts at deliveries of a call, the newest first."""

    async def parked(
        self,
        *,
        limit: int,
        before: tuple[float, int] | None = None,
        binding: Binding = UNBOUND,
    ) -> list[ParkedDelivery]:
        """Return the newest parked deliveries, those before a (`parked_at`, `id`).

        Of calls that the `binding` covers.
        """

    async def find_parked(self, parked_id: int) -> ParkedDelivery | None:
        """Return the delivery that is parked under this id; None if there is none."""

    async def unpark(self, parked_id: int) -> ParkedDelivery | None:
        """Take one parked delivery out of the list; None if there is none of that id."""

    async def rewind(self, call_id: CallId, endpoint: EndpointName, after_seq: int) -> None:
        """Set a lane back (or make it) so that it delivers everything after `after_seq` again.

        What it had parked of that leaves the list. Never skips what it has not delivered yet; an
        unknown call has nothing to deliver. A lane with nothing to deliver then stays in the life
        that it is in: nobody would learn of another. It may come from another process (`callscribe
        deliveries`): whoever runs the lanes sees it in `backlog()`, by `generation`.
        """

    async def move_lanes(
        self, old: EndpointName, new: EndpointName, wanted: EventFilter = EVERYTHING
    ) -> int:
        """Give what `old` has left to deliver to the lanes of `new`; return how many lanes.

        A lane that `new` has already is set back if need be. What `old` parked moves, too, as far
        as it is `wanted`, and nothing of `old` is left. As with `rewind`, another process may do
        it. It is remembered (`aliases`): calls that go on name `old` all the same, and what they
        commit joins the lanes of `new`; what `old` took over from goes to `new` as well.
        """

    async def aliases(self) -> dict[EndpointName, EndpointName]:
        """Return which endpoint took over from which."""

    async def endpoint_names(self) -> list[EndpointName]:
        """Return the endpoints that anything is kept of, configured or not, in order."""

    async def forget_alias(self, old: EndpointName) -> None:
        """Have nobody take over any more from an endpoint: it is back."""

    async def park_lanes(
        self, endpoint: EndpointName, reason: str, at: float, wanted: EventFilter = EVERYTHING
    ) -> int:
        """Park all of what is `wanted` that an endpoint has left to deliver; return how many.

        Nothing is left to deliver then.
        """

    async def keep_filters(self, filters: Mapping[EndpointName, EventFilter]) -> None:
        """Remember which events endpoints get, for when they are configured no more."""

    async def filters(self) -> dict[EndpointName, EventFilter]:
        """Return which events endpoints get, or got, of which that is known."""

    async def disable(self, endpoint: EndpointName, reason: str, at: float) -> None:
        """Remember that an endpoint is to get nothing more."""

    async def enable(self, endpoint: EndpointName) -> None:
        """Forget that an endpoint was disabled."""

    async def disabled(self) -> dict[EndpointName, str]:
        """Return the disabled endpoints and why."""

    async def keep_token(self, token: MediaToken) -> None:
        """Remember a media token until it expires, or its call ends or is erased."""

    async def use_token(
        self, token_hash: bytes, *, now: float, keep_until: float
    ) -> MediaToken | None:
        """Return the media token with this hash, and keep it longer; None if none is good now."""

    async def prune(self, before: float) -> int:
        """Forget inputs committed before that time, and dead tokens; return how many inputs.

        Inputs of the last seven days stay, whatever `before` says: Telnyx may still repeat them.
        """

    async def check(self) -> None:
        """Write and read back something harmless."""
