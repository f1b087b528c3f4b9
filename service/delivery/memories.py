"""What is known of lanes that are not in memory, and that their next commit needs."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from service.delivery.lane import Lane
from service.ids import CallId

MAX_MEMORIES: Final = 1000


@dataclass(frozen=True, slots=True)
class LaneMemory:
    """What is kept of a lane that was released, or that another worker had."""

    generation: int = 0
    gap_seqs: tuple[int, ...] = ()
    asks: bool = False
    """Whether the journal knows more, and is to be asked."""


_NOTHING: Final = LaneMemory()
_FORGOTTEN: Final = LaneMemory(asks=True)


class Memories:
    """The memories of the lanes of one endpoint, by call: of the newest, if there are many.

    Once there were too many, a lane that nothing is remembered of may be one that was forgotten:
    then the journal is to be asked, also of those that there is nothing to remember of.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[CallId, LaneMemory] = OrderedDict()
        self._of_others = _NOTHING

    def keep(self, call_id: CallId, memory: LaneMemory) -> None:
        """Remember a lane, if there is anything to remember."""
        self._kept.pop(call_id, None)
        if memory in (_NOTHING, self._of_others):
            return
        self._kept[call_id] = memory
        if len(self._kept) > MAX_MEMORIES:
            self._kept.popitem(last=False)
            self._of_others = _FORGOTTEN

    def leave(self, lane: Lane) -> None:
        """Remember a lane that leaves, unless it is behind: then the next listing finds it."""
        if not lane.behind:
            self.keep(lane.call_id, LaneMemory(lane.generation, lane.gap_seqs, lane.asks))

    def enter(self, lane: Lane) -> None:
        """Have a new lane know what is remembered of it, and forget that."""
        memory = self._kept.pop(lane.call_id, self._of_others)
        lane.generation = memory.generation
        lane.gap_seqs, lane.asks = memory.gap_seqs, memory.asks
