"""The items of the feed: durable events and partials, each encoded once for all who watch."""

from dataclasses import dataclass

from service.feed.call_lookup import CallDetails
from service.feed.frames import sse_event, sse_partial
from service.ids import CallId
from service.ports import LivePartial, StoredEvent
from service.wire.events import Subject


@dataclass(slots=True, eq=False)
class FeedEvent:
    """A durable event. `position` is its place among those of all calls; 0 where nobody asks.

    What is derived from its body (the role, the bytes on the wire) is kept beside it.
    """

    position: int
    event: StoredEvent
    details_before: CallDetails | None = None
    """What was known of a call when it was erased; None if nothing was, or it was not."""
    _subject: Subject | None = None
    _by_position: bytes = b""
    _by_seq: bytes = b""

    @property
    def call_id(self) -> CallId:
        """The call that the event is about."""
        return self.event.call_id

    @property
    def type(self) -> str:
        """The event's type, as in its body."""
        return self.event.type

    @property
    def body(self) -> bytes:
        """The event's JSON, as the journal keeps it."""
        return self.event.body

    @property
    def subject(self) -> Subject:
        """Whose words the event is about; read once."""
        if self._subject is None:
            self._subject = self.event.subject
        return self._subject

    @property
    def role(self) -> str | None:
        """Whose words the event is about; None if nobody's."""
        return self.subject.role

    def cursor(self, *, by_seq: bool) -> int:
        """Return what to resume after: the event's `seq` in its call, or its position."""
        return self.event.seq if by_seq else self.position

    def sse(self, *, by_seq: bool) -> bytes:
        """Return the event as a Server-Sent Event: the same bytes for everybody."""
        if by_seq:
            if not self._by_seq:
                self._by_seq = sse_event(self.event.seq, self.event.type, self.event.body)
            return self._by_seq
        if not self._by_position:
            self._by_position = sse_event(self.position, self.event.type, self.event.body)
        return self._by_position


@dataclass(slots=True, eq=False)
class FeedPartial:
    """The newest partial of one utterance. `stamp` grows with each that is released."""

    partial: LivePartial
    commits_before: int
    """How many commits the hub was told of before this partial, which must not overtake them."""
    stamp: int = 0
    _sse: bytes = b""

    @property
    def call_id(self) -> CallId:
        """The call that the partial is about."""
        return self.partial.call_id

    @property
    def utterance_id(self) -> str:
        """The utterance that the partial is about."""
        return self.partial.utterance_id

    @property
    def type(self) -> str:
        """The partial's type, as in its body."""
        return self.partial.delivery.type

    @property
    def body(self) -> bytes:
        """The partial's JSON."""
        return self.partial.delivery.body

    @property
    def role(self) -> str:
        """Whose words the partial is about."""
        return self.partial.role

    def sse(self) -> bytes:
        """Return the partial as a Server-Sent Event: the same bytes for everybody."""
        if not self._sse:
            self._sse = sse_partial(self.type, self.body)
        return self._sse
