"""The newest events of all calls, in memory: what nearly everybody who watches is about to get."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from operator import attrgetter

from service.feed.items import Entry
from service.ids import CallId

_position = attrgetter("position")
_SHARE = 8


class Ring:
    """The events after `floor` up to `head`, by position; what is older is in the journal.

    At most `max_events` with bodies of at most `max_bytes`, of which the oldest eighth goes at
    once. An event that was sent is kept as it goes on the wire as well: up to twice its body.
    """

    def __init__(self, head: int, *, max_events: int = 4096, max_bytes: int = 8 << 20) -> None:
        self.floor = self.head = head
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: list[Entry] = []
        self._by_call: defaultdict[CallId, list[Entry]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, entry: Entry) -> None:
        """Take the next event."""
        self._entries.append(entry)
        self._by_call[entry.call_id].append(entry)
        self._bytes += len(entry.body)
        self.head = entry.position
        if len(self._entries) > self._max_events or self._bytes > self._max_bytes:
            self._drop_oldest()

    def since(self, position: int, call_id: CallId | None, limit: int) -> Sequence[Entry] | None:
        """Return up to `limit` events after a position, of one call or all; None: ask the journal.

        None means that some of them are no longer here.
        """
        if position < self.floor:
            return None
        entries = self._entries if call_id is None else self._by_call.get(call_id, ())
        if not entries or entries[-1].position <= position:
            return ()
        start = bisect_right(entries, position, key=_position)
        return entries[start : start + limit]

    def erase(self, call_id: CallId, before: int) -> None:
        """Forget the events of a call before a position: they are no longer in the journal."""
        kept = [entry for entry in self._by_call.get(call_id, ()) if entry.position >= before]
        if not kept:
            self._by_call.pop(call_id, None)
        else:
            self._by_call[call_id] = kept
        self._entries = [
            entry for entry in self._entries if entry.call_id != call_id or entry.position >= before
        ]
        self._bytes = sum(len(entry.body) for entry in self._entries)

    def _drop_oldest(self) -> None:
        count = max(1, len(self._entries) // _SHARE)
        over = self._bytes - self._max_bytes
        freed = sum(len(entry.body) for entry in self._entries[:count])
        while freed < over and count < len(self._entries):
            freed += len(self._entries[count].body)
            count += 1
        dropped = self._entries[:count]
        del self._entries[:count]
        self._bytes -= freed
        self.floor = dropped[-1].position
        for call_id, number in Counter(entry.call_id for entry in dropped).items():
            kept = self._by_call[call_id]
            del kept[:number]
            if not kept:
                del self._by_call[call_id]
