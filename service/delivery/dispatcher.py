"""Has the lanes of one endpoint handled, as many at once as the endpoint may take."""

import asyncio
from collections.abc import Sequence

from service.delivery.handler import Dependencies, LaneHandler
from service.delivery.lane import Lane
from service.delivery.schedule import EndpointLanes
from service.ids import CallId
from service.ports import LivePartial, Sink, StoredEvent
from service.tasks import BACKOFF_S, Tasks

_MAX_HANDLED_IN_A_ROW = 8


class Dispatcher:
    """Has the lanes of one endpoint handled, in workers that are started as they are needed.

    A worker goes from lane to lane. What it raises unforeseen ends that worker and no other: the
    lane is put back, and waits as long as a keeper would before it is tried again.
    """

    def __init__(
        self, lanes: EndpointLanes, sink: Sink, dependencies: Dependencies, tasks: Tasks
    ) -> None:
        self.lanes = lanes
        self.rested = asyncio.Event()
        """Set while no worker runs."""
        self.rested.set()
        self._max_in_flight = dependencies.max_in_flight
        self._acks = dependencies.acks
        self._ticks = dependencies.ticks
        self._handler = LaneHandler(lanes, sink, dependencies)
        self._tasks = tasks
        self._workers: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._stopped = False
        lanes.on_wake = self.pump

    def commit(self, events: Sequence[StoredEvent]) -> None:
        """Take the events of one commit of one call. Never waits."""
        self.lanes.commit(events, self._ticks())
        if any(self._handler.gets(event.type) for event in events):
            self._handler.attempts.hurry(events[0].call_id)
        self.pump()

    def publish(self, partial: LivePartial) -> None:
        """Take a partial, if the endpoint gets it. Never waits."""
        self.lanes.publish(partial, self._ticks())
        self.pump()

    def forget(self, call_id: CallId) -> None:
        """Drop what waits of a call that was erased, and break off what is on its way."""
        self.lanes.erase(call_id)
        self._handler.attempts.break_off(call_id)

    def pump(self) -> None:
        """Start workers on the lanes that are ready, and set the alarm for the next.

        Never waits.
        """
        if self._stopped:
            return
        while len(self._workers) < self._max_in_flight:
            lane = self.lanes.take(self._ticks())
            if lane is None:
                self._set_alarm()
                return
            self._start(lane)

    def stop(self) -> None:
        """Start nothing more. Whoever owns the tasks breaks off those that run."""
        self._stopped = True
        if self._alarm is not None:
            self._alarm.cancel()

    def _start(self, lane: Lane) -> None:
        self.rested.clear()
        worker = self._tasks.start(self._work(lane), "deliver", of=self.lanes.endpoint.name)
        self._workers.add(worker)
        worker.add_done_callback(self._ended)

    def _ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        self.pump()
        self.lanes.host.pass_on()
        if not self._workers:
            self.rested.set()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        at = self.lanes.wake_at()
        if at is not None:
            delay_s = max(0.0, at - self._ticks())
            self._alarm = asyncio.get_running_loop().call_later(delay_s, self.pump)

    async def _work(self, first: Lane) -> None:
        lane: Lane | None = first
        handled = 0
        while lane is not None:
            await self._handle(lane)
            self.lanes.host.pass_on(before=self.lanes)
            lane = self.lanes.take(self._ticks())
            if self.lanes.waits:
                self.pump()
            handled += 1
            if handled % _MAX_HANDLED_IN_A_ROW == 0:
                await asyncio.sleep(0)  # a sink that never waits must not keep the loop to itself

    async def _handle(self, lane: Lane) -> None:
        """Handle a lane, and put it back however that ends: else it would be stuck."""
        try:
            if self._acks.full:
                await self._acks.wait_for_room()
            await self._handler.handle(lane)
            lane.failures = 0
        except BaseException:
            lane.failures += 1
            backoff_s = BACKOFF_S[min(lane.failures, len(BACKOFF_S)) - 1]
            lane.hold(max(lane.due_at, self._ticks() + backoff_s))
            raise
        finally:
            self.lanes.put_back(lane, self._ticks())
