"""What is known of lanes that are not in memory, and that their next commit needs."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from service.ids import CallId

MAX_MEMORIES: Final = 1000


@dataclass(frozen=True, slots=True)
class LaneMemory:
    """What is kept of a lane that was released, or that another worker had."""

    generation: int = 0
    gap_seqs: tuple[int, ...] = ()


_NOTHING: Final = LaneMemory()


class Memories:
    """The memories of the lanes of one endpoint, by call: of the newest, if there are many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[CallId, LaneMemory] = OrderedDict()

    def keep(self, call_id: CallId, memory: LaneMemory) -> None:
        """Remember a lane, if there is anything to remember."""
        if memory == _NOTHING:
            return
        self._kept[call_id] = memory
        if len(self._kept) > MAX_MEMORIES:
            self._kept.popitem(last=False)

    def take(self, call_id: CallId) -> LaneMemory:
        """Return what is remembered of a lane, and forget it."""
        return self._kept.pop(call_id, _NOTHING)
