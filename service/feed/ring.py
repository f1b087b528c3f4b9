"""The newest events of all calls, in memory: nearly every subscriber reads from here."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from service.feed.items import FeedEvent
from service.ids import CallId
from service.wire.events import read_superseded_seq, superseded

_position = attrgetter("position")
_SHARE = 8


class Ring:
    """The events after `floor` up to `head`, by position; older ones are in the journal.

    It holds at most `max_events` with bodies of at most `max_bytes`; full, it drops the oldest
    eighth. An event that was sent is kept encoded as well, which is up to twice its body more.
    """

    def __init__(self, head: int, *, max_events: int = 4096, max_bytes: int = 8 << 20) -> None:
        self.floor = self.head = head
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._bytes = 0
        self._events: list[FeedEvent] = []
        self._by_call: defaultdict[CallId, list[FeedEvent]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._events)

    def append(self, event: FeedEvent) -> None:
        """Add the next event."""
        self._events.append(event)
        self._by_call[event.call_id].append(event)
        self._bytes += len(event.body)
        self.head = event.position
        if len(self._events) > self._max_events or self._bytes > self._max_bytes:
            self._drop_oldest()

    def since(
        self, position: int, call_id: CallId | None, limit: int
    ) -> Sequence[FeedEvent] | None:
        """Return up to `limit` events after a position, of one call or all.

        None means that the ring no longer has some of them: read the journal.
        """
        if position < self.floor:
            return None
        events = self._events if call_id is None else self._by_call.get(call_id, ())
        if not events or events[-1].position <= position:
            return ()
        start = bisect_right(events, position, key=_position)
        return events[start : start + limit]

    def erase(self, call_id: CallId, before: int) -> None:
        """Drop the events of a call before a position: the journal does not have them any more."""
        kept = [event for event in self._by_call.get(call_id, ()) if event.position >= before]
        if not kept:
            self._by_call.pop(call_id, None)
        else:
            self._by_call[call_id] = kept
        self._events = [
            event for event in self._events if event.call_id != call_id or event.position >= before
        ]
        self._bytes = sum(len(event.body) for event in self._events)

    def amend(self, call_id: CallId, redacted: bytes) -> None:
        """Replace what a `transcript.redacted` supersedes, as the journal did."""
        seq = read_superseded_seq(redacted)
        for old in self._by_call.get(call_id, ()):
            if old.event.seq == seq:
                event = replace(old.event, body=superseded(old.body, redacted))
                new = FeedEvent(old.position, event)
                self._bytes += len(new.body) - len(old.body)
                for events in (self._events, self._by_call[call_id]):
                    events[events.index(old)] = new
                return

    def _drop_oldest(self) -> None:
        count = max(1, len(self._events) // _SHARE)
        over = self._bytes - self._max_bytes
        freed = sum(len(event.body) for event in self._events[:count])
        while freed < over and count < len(self._events):
            freed += len(self._events[count].body)
            count += 1
        dropped = self._events[:count]
        del self._events[:count]
        self._bytes -= freed
        self.floor = dropped[-1].position
        for call_id, number in Counter(event.call_id for event in dropped).items():
            kept = self._by_call[call_id]
            del kept[:number]
            if not kept:
                del self._by_call[call_id]
