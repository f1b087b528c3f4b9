"""Writes how far the lanes have come, many at a time, so that an acknowledgement costs little."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from service.delivery.lane import Lane
from service.errors import JournalUnavailableError
from service.ports import Journal, LaneUpdate

_RETRY_S = 1.0
_MAX_PENDING = 1000
_log = structlog.get_logger()


class Settler:
    """Collects what changed about lanes and gives it to the journal every 20 ms or so.

    A crash in between repeats those deliveries. That number is bounded: at 1,000 unsettled
    lanes and parked deliveries `wait_for_room` waits, and with it every delivery.
    """

    def __init__(
        self, journal: Journal, settled: Callable[[Lane], None], *, every_s: float = 0.02
    ) -> None:
        self._journal = journal
        self._settled = settled
        self._every_s = every_s
        self._lanes: dict[Lane, None] = {}
        self._parked: list[LaneUpdate] = []
        self._writing = asyncio.Lock()
        self._noted = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()

    @property
    def full(self) -> bool:
        """Whether to wait for room."""
        return not self._roomy.is_set()

    def note(self, lane: Lane) -> None:
        """Have the lane's place written, as it will be by then."""
        if lane not in self._lanes:
            self._lanes[lane] = None
            lane.unsettled += 1
            self._count()

    def park(self, lane: Lane, update: LaneUpdate) -> None:
        """Have a delivery that was given up written down, and the lane's place."""
        self._parked.append(update)
        self.note(lane)
        self._count()

    async def wait_for_room(self) -> None:
        """Wait while too much is unsettled."""
        await self._roomy.wait()

    async def run(self) -> None:
        """Write forever. While the journal is unavailable, try again each second."""
        while True:
            await self._noted.wait()
            await asyncio.sleep(self._every_s)
            try:
                await self.flush()
            except JournalUnavailableError:
                _log.warning("acknowledgements_not_settled", lanes=len(self._lanes))
                await asyncio.sleep(_RETRY_S)

    async def flush(self) -> None:
        """Write everything noted so far.

        Raises:
            JournalUnavailableError: Nothing was written; it is all still noted.
        """
        async with self._writing:
            lanes, self._lanes = self._lanes, {}
            parked, self._parked = self._parked, []
            try:
                if lanes:
                    await self._journal.settle([*parked, *(lane.update() for lane in lanes)])
            except BaseException:
                self._take_back(lanes, parked)
                raise
            self._count()
            for lane in lanes:
                lane.unsettled -= 1
                self._settled(lane)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Write nothing meanwhile: what the journal says about lanes stays true."""
        async with self._writing:
            yield

    def _take_back(self, lanes: dict[Lane, None], parked: list[LaneUpdate]) -> None:
        for lane in lanes:
            if lane in self._lanes:
                lane.unsettled -= 1
        self._lanes = lanes | self._lanes
        self._parked = parked + self._parked
        self._count()

    def _count(self) -> None:
        unsettled = len(self._lanes) + len(self._parked)
        if unsettled:
            self._noted.set()
        else:
            self._noted.clear()
        if unsettled < _MAX_PENDING:
            self._roomy.set()
        else:
            self._roomy.clear()
