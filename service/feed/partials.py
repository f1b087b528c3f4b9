"""The newest partial of every utterance that has no final yet."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from service.feed.items import ERASED, LivePartial, utterance_of
from service.ids import CallId
from service.ports import StoredEvent

_ENDS = frozenset(("transcript.completed", ERASED))


class LivePartials:
    """Partials by utterance, in the order they were let out. Nothing is kept per subscriber.

    A partial is let out once the feed has read every event that was committed before it came.
    Beyond `max_utterances` the one that was replaced longest ago is dropped. Of `max_settled`
    utterances it is remembered that they have their final: no partial after it is shown.
    """

    def __init__(self, *, max_utterances: int = 10_000, max_settled: int = 10_000) -> None:
        self._max_utterances = max_utterances
        self._max_settled = max_settled
        self._waiting: dict[str, LivePartial] = {}
        self._out: dict[str, LivePartial] = {}
        self._by_call: defaultdict[CallId, dict[str, LivePartial]] = defaultdict(dict)
        self._settled: dict[str, None] = {}
        self._stamp = 0

    def __len__(self) -> int:
        return len(self._out) + len(self._waiting)

    def publish(self, partial: LivePartial) -> bool:
        """Take a partial in place of the one before it; False if its utterance is settled."""
        if partial.utterance_id in self._settled:
            return False
        self._waiting.pop(partial.utterance_id, None)
        self._waiting[partial.utterance_id] = partial
        if len(self) > self._max_utterances:
            self._drop(next(iter(self._out or self._waiting)))
        return True

    def let_out(self, read: int) -> list[LivePartial]:
        """Let those out that came when `read` commits or fewer had been told; return them."""
        ready = [one for one in self._waiting.values() if one.told <= read]
        for partial in ready:
            utterance_id = partial.utterance_id
            self._drop(utterance_id)
            self._stamp += 1
            partial.stamp = self._stamp
            self._out[utterance_id] = partial
            self._by_call[partial.call_id][utterance_id] = partial
        return ready

    def since(self, stamp: int, call_id: CallId | None, limit: int) -> Sequence[LivePartial]:
        """Return the oldest `limit` of those let out after a stamp, of one call or all."""
        newest = self._out if call_id is None else self._by_call.get(call_id, {})
        found: list[LivePartial] = []
        for partial in reversed(newest.values()):
            if partial.stamp <= stamp:
                break
            found.append(partial)
        found.reverse()
        return found[:limit]

    def settle(self, events: Iterable[StoredEvent]) -> None:
        """Forget the partials that these events put an end to, for good."""
        for event in events:
            utterance_id = self._end(event)
            if utterance_id is not None:
                self._remember(utterance_id)

    def overtaken(self, events: Iterable[StoredEvent]) -> None:
        """Forget the partials that end with these events, which somebody has read before us."""
        if len(self):
            for event in events:
                self._end(event)

    def _end(self, event: StoredEvent) -> str | None:
        if event.type in _ENDS:
            self._drop_call(event.call_id)
        if event.type != "transcript.final":
            return None
        utterance_id = utterance_of(event.body)
        if utterance_id is not None:
            self._drop(utterance_id)
        return utterance_id

    def _drop(self, utterance_id: str) -> None:
        self._waiting.pop(utterance_id, None)
        partial = self._out.pop(utterance_id, None)
        if partial is not None:
            of_call = self._by_call[partial.call_id]
            del of_call[utterance_id]
            if not of_call:
                del self._by_call[partial.call_id]

    def _drop_call(self, call_id: CallId) -> None:
        waiting = [one.utterance_id for one in self._waiting.values() if one.call_id == call_id]
        for utterance_id in [*waiting, *self._by_call.get(call_id, ())]:
            self._drop(utterance_id)

    def _remember(self, utterance_id: str) -> None:
        self._settled[utterance_id] = None
        if len(self._settled) > self._max_settled:
            del self._settled[next(iter(self._settled))]
