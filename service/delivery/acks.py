"""The ack batcher: writes how far lanes have come, many in one commit."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import structlog

from service.delivery.lane import Lane
from service.errors import JournalUnavailableError
from service.ports import Attempt, Journal, LaneUpdate

_RETRY_S = 1.0
_MAX_PENDING = 1000
_MAX_ATTEMPTS = 10_000
_log = structlog.get_logger()


class AckBatcher:
    """Collects the acks of all lanes and writes them to the journal every 20 ms or so.

    A crash in between repeats those deliveries. Their number is bounded: while 1,000 lanes and
    parked deliveries are yet to be written, `wait_for_room` waits, and every delivery with it.
    """

    def __init__(
        self, journal: Journal, written: Callable[[Lane], None], *, every_s: float = 0.02
    ) -> None:
        self._journal = journal
        self._written = written
        self._every_s = every_s
        self._lanes: dict[Lane, None] = {}
        self._parked: list[LaneUpdate] = []
        self._attempts: deque[Attempt] = deque(maxlen=_MAX_ATTEMPTS)
        """For people to look at: full, it drops the oldest."""
        self._forgotten = 0
        """How often what was pending was forgotten."""
        self._writing = asyncio.Lock()
        self._pausing = asyncio.Lock()
        self._pauses = 0
        """How many read meanwhile."""
        self._pending = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    @property
    def full(self) -> bool:
        """Whether too many acks are pending."""
        return not self._has_room.is_set()

    def add(self, lane: Lane) -> None:
        """Have the place of a lane written: the one it has by then."""
        if lane not in self._lanes:
            self._lanes[lane] = None
            lane.pending_acks += 1
            self._count()

    def park(self, lane: Lane, update: LaneUpdate) -> None:
        """Have a parked delivery written, and the place of its lane."""
        self._parked.append(update)
        self.add(lane)
        self._count()

    def forget(self) -> None:
        """Write nothing of what is pending: whoever has the lanes now goes on from before it."""
        self._forgotten += 1
        lanes, self._lanes, self._parked = self._lanes, {}, []
        self._attempts.clear()
        self._count()
        self._done_with(lanes)

    def keep(self, attempt: Attempt) -> None:
        """Have an attempt remembered with the next acks."""
        self._attempts.append(attempt)
        self._pending.set()

    async def wait_for_room(self) -> None:
        """Wait while too many acks are pending."""
        await self._has_room.wait()

    async def run(self) -> None:
        """Write forever. While the journal is unavailable, try again each second."""
        while True:
            await self._pending.wait()
            await asyncio.sleep(self._every_s)
            try:
                await self.flush()
            except JournalUnavailableError:
                _log.warning("acknowledgements_not_settled", lanes=len(self._lanes))
                await asyncio.sleep(_RETRY_S)

    async def flush(self) -> None:
        """Write every pending ack.

        Raises:
            JournalUnavailableError: Nothing was written; all of it is still pending.
        """
        async with self._writing:
            lanes, self._lanes = self._lanes, {}
            parked, self._parked = self._parked, []
            forgotten = self._forgotten
            try:
                await self._write([*parked, *(lane.update() for lane in lanes)])
            except BaseException:
                if self._forgotten == forgotten:
                    self._take_back(lanes, parked)
                else:
                    self._done_with(lanes)
                raise
            self._count()
            self._done_with(lanes)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Write nothing until the end of the block: the journal's lanes stay as they were read.

        Several may read at the same time.
        """
        async with self._pausing:
            if self._pauses == 0:
                await self._writing.acquire()
            self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1
            if self._pauses == 0:
                self._writing.release()

    async def _write(self, updates: list[LaneUpdate]) -> None:
        """Write both at the same time: so it is one commit."""
        outcomes = await asyncio.gather(
            self._settle(updates), self._keep_attempts(), return_exceptions=True
        )
        for error in outcomes:
            if isinstance(error, BaseException):
                raise error

    async def _settle(self, updates: list[LaneUpdate]) -> None:
        if updates:
            await self._journal.settle(updates)

    async def _keep_attempts(self) -> None:
        attempts = list(self._attempts)
        self._attempts.clear()
        try:
            if attempts:
                await self._journal.keep_attempts(attempts)
        except JournalUnavailableError:
            self._attempts.extendleft(reversed(attempts))  # they go with what is written next

    def _done_with(self, lanes: Iterable[Lane]) -> None:
        for lane in lanes:
            lane.pending_acks -= 1
            self._written(lane)

    def _take_back(self, lanes: dict[Lane, None], parked: list[LaneUpdate]) -> None:
        for lane in lanes:
            if lane in self._lanes:
                lane.pending_acks -= 1
        self._lanes = lanes | self._lanes
        self._parked = parked + self._parked
        self._count()

    def _count(self) -> None:
        pending = len(self._lanes) + len(self._parked)
        if pending:
            self._pending.set()
        else:
            self._pending.clear()
        if pending < _MAX_PENDING:
            self._has_room.set()
        else:
            self._has_room.clear()
