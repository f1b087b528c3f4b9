"""What is known of lanes that are not in memory, and that their next commit needs."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from service.delivery.lane import Lane
from service.ids import CallId

MAX_MEMORIES: Final = 1000
MAX_BEGUN_CALLS: Final = 5000
"""Of so many calls it is known that all is known of them; what goes on of others is asked for."""


@dataclass(frozen=True, slots=True)
class LaneMemory:
    """What is kept of a lane that was released, or that another worker had."""

    generation: int = 0
    gap_seqs: tuple[int, ...] = ()
    asks: bool = False
    """Whether the journal knows more, and is to be asked."""


_NOTHING: Final = LaneMemory()
_FORGOTTEN: Final = LaneMemory(asks=True)


class BegunCalls:
    """The calls whose lanes this process has had from their beginning, or learnt all of.

    Where such a lane is not remembered, there is nothing to remember of it. Of any other, an
    earlier life or another worker may have left something in the journal.
    """

    def __init__(self) -> None:
        self._calls: OrderedDict[CallId, None] = OrderedDict()

    def __contains__(self, call_id: CallId) -> bool:
        """Whether there is nothing in the journal that is not known here."""
        return call_id in self._calls

    def add(self, call_id: CallId) -> None:
        """Know one more; the oldest goes if there are too many."""
        self._calls[call_id] = None
        if len(self._calls) > MAX_BEGUN_CALLS:
            self._calls.popitem(last=False)

    def forget(self, call_id: CallId | None = None) -> None:
        """Know nothing of a call any more, or of any."""
        if call_id is None:
            self._calls.clear()
        else:
            self._calls.pop(call_id, None)


class Memories:
    """The memories of the lanes of one endpoint, by call: of the newest, if there are many.

    The journal is asked of a lane that was forgotten, and of one that began before this process.
    """

    def __init__(self, begun: BegunCalls) -> None:
        self._kept: OrderedDict[CallId, LaneMemory] = OrderedDict()
        self.begun = begun

    def keep(self, call_id: CallId, memory: LaneMemory) -> None:
        """Remember a lane, if that is not what is thought of it anyhow."""
        self._kept.pop(call_id, None)
        if memory == self._assumed(call_id):
            return
        self._kept[call_id] = memory
        if len(self._kept) > MAX_MEMORIES:
            forgotten, _ = self._kept.popitem(last=False)
            self.begun.forget(forgotten)

    def leave(self, lane: Lane) -> None:
        """Remember a lane that leaves, unless it is behind: then the next listing finds it."""
        if not lane.behind:
            self.keep(lane.call_id, LaneMemory(lane.generation, lane.gap_seqs, lane.asks))

    def enter(self, lane: Lane) -> None:
        """Have a new lane know what is remembered of it, and forget that."""
        memory = self._kept.pop(lane.call_id, None) or self._assumed(lane.call_id)
        lane.generation = memory.generation
        lane.gap_seqs, lane.asks = memory.gap_seqs, memory.asks

    def _assumed(self, call_id: CallId) -> LaneMemory:
        return _NOTHING if call_id in self.begun else _FORGOTTEN
