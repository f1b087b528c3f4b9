"""The newest partial of every utterance that has no final yet."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from service.calls.events import TranscriptCompleted, TranscriptErased, TranscriptFinal
from service.feed.items import FeedPartial
from service.ids import CallId
from service.ports import StoredEvent
from service.wire.events import read_after_seq

_CALL_ENDS = frozenset((TranscriptCompleted.type, TranscriptErased.type))


class LivePartials:
    """Partials by utterance, in the order of their release. Nothing is kept per subscriber.

    A partial is released once the hub has read every event that was committed before it.
    One utterance more than `max_utterances` drops the partial that was replaced longest ago.
    The last `max_finals` utterances with a final are remembered: no partial of theirs is taken;
    and the last `max_ends` calls that ended: none that was said before the end. Partials of other
    workers may come later than the events after them.
    """

    def __init__(
        self, *, max_utterances: int = 10_000, max_finals: int = 10_000, max_ends: int = 1_000
    ) -> None:
        self._max_utterances = max_utterances
        self._max_finals = max_finals
        self._max_ends = max_ends
        self._waiting: dict[str, FeedPartial] = {}
        self._released: dict[str, FeedPartial] = {}
        self._by_call: defaultdict[CallId, dict[str, FeedPartial]] = defaultdict(dict)
        self._finals: dict[str, None] = {}
        self._ends: dict[CallId, int] = {}
        """The seq of the event that ended a call."""
        self._stamp = 0

    def __len__(self) -> int:
        return len(self._released) + len(self._waiting)

    def publish(self, partial: FeedPartial) -> bool:
        """Replace the utterance's partial by this one; False if it comes too late."""
        if partial.utterance_id in self._finals or self._came_after_end(partial):
            return False
        self._waiting.pop(partial.utterance_id, None)
        self._waiting[partial.utterance_id] = partial
        if len(self) > self._max_utterances:
            self._drop(next(iter(self._released or self._waiting)))
        return True

    def release(self, commits_read: int) -> list[FeedPartial]:
        """Release the partials whose earlier commits have all been read; return them."""
        ready = [one for one in self._waiting.values() if one.commits_before <= commits_read]
        for partial in ready:
            utterance_id = partial.utterance_id
            self._drop(utterance_id)
            self._stamp += 1
            partial.stamp = self._stamp
            self._released[utterance_id] = partial
            self._by_call[partial.call_id][utterance_id] = partial
        return ready

    def since(self, stamp: int, call_id: CallId | None, limit: int) -> Sequence[FeedPartial]:
        """Return the oldest `limit` partials released after a stamp, of one call or all."""
        released = self._released if call_id is None else self._by_call.get(call_id, {})
        found: list[FeedPartial] = []
        for partial in reversed(released.values()):
            if partial.stamp <= stamp:
                break
            found.append(partial)
        found.reverse()
        return found[:limit]

    def finalise(self, events: Iterable[StoredEvent]) -> None:
        """Drop the partials that these events end, and remember the utterances' finals."""
        for event in events:
            utterance_id = self._drop_ended(event)
            if utterance_id is not None:
                self._remember_final(utterance_id)
            if event.type in _CALL_ENDS:
                self._remember_end(event)

    def drop_ended(self, events: Iterable[StoredEvent]) -> None:
        """Drop the partials that these events end: a subscriber read them before the hub did."""
        if len(self):
            for event in events:
                self._drop_ended(event)

    def _drop_ended(self, event: StoredEvent) -> str | None:
        """Drop the partials that an event ends; return whose final it is."""
        if event.type in _CALL_ENDS:
            self._drop_call(event.call_id)
        if event.type != TranscriptFinal.type:
            return None
        utterance_id = event.subject.utterance_id
        if utterance_id is not None:
            self._drop(utterance_id)
        return utterance_id

    def _came_after_end(self, partial: FeedPartial) -> bool:
        end = self._ends.get(partial.call_id)
        return end is not None and read_after_seq(partial.body) < end

    def _drop(self, utterance_id: str) -> None:
        self._waiting.pop(utterance_id, None)
        partial = self._released.pop(utterance_id, None)
        if partial is not None:
            of_call = self._by_call[partial.call_id]
            del of_call[utterance_id]
            if not of_call:
                del self._by_call[partial.call_id]

    def _drop_call(self, call_id: CallId) -> None:
        waiting = [one.utterance_id for one in self._waiting.values() if one.call_id == call_id]
        for utterance_id in [*waiting, *self._by_call.get(call_id, ())]:
            self._drop(utterance_id)

    def _remember_final(self, utterance_id: str) -> None:
        self._finals[utterance_id] = None
        if len(self._finals) > self._max_finals:
            del self._finals[next(iter(self._finals))]

    def _remember_end(self, event: StoredEvent) -> None:
        self._ends.pop(event.call_id, None)
        self._ends[event.call_id] = event.seq
        if len(self._ends) > self._max_ends:
            del self._ends[next(iter(self._ends))]
