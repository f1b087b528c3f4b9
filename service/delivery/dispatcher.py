"""Delivers what the lanes of one endpoint hold, as many at once as the endpoint may take."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import structlog

from service.delivery.acks import AckBatcher
from service.delivery.attempts import Attempts
from service.delivery.lane import MAX_LANE_EVENTS, Lane, WaitingPartial
from service.delivery.schedule import EndpointLanes
from service.errors import (
    DeliveryError,
    EndpointGoneError,
    JournalUnavailableError,
    TemporaryDeliveryError,
)
from service.ids import CallId
from service.ports import Delivery, Journal, LaneUpdate, Observer, Sink, StoredEvent
from service.retry import RetryPolicy
from service.tasks import BACKOFF_S, Tasks
from service.wire.events import delivery_id

_READ_AGAIN_S = 1.0
_MAX_TURNS_IN_A_ROW = 8
_GIVE_UP_ENDPOINT_S = 5 * 24 * 3600.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What every dispatcher works with. Tests replace clocks and dice only."""

    journal: Journal
    acks: AckBatcher
    policy: RetryPolicy
    clock: Callable[[], float]
    """Unix seconds."""
    ticks: Callable[[], float]
    """Seconds that never jump."""
    dice: Callable[[], float]
    """From 0 up to 1."""
    observer: Observer
    max_in_flight: int
    partial_grace_s: float


class Dispatcher:
    """Gives the lanes of one endpoint their turns, in workers that are started as they are needed.

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
        self._dependencies = dependencies
        self._journal = dependencies.journal
        self._acks = dependencies.acks
        self._ticks = dependencies.ticks
        self._attempts = Attempts(
            lanes.endpoint.name,
            sink,
            lanes.breaker,
            observer=dependencies.observer,
            ticks=dependencies.ticks,
            partial_grace_s=dependencies.partial_grace_s,
        )
        self._tasks = tasks
        self._workers: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._accepted_types: dict[str, bool] = {}
        self._stopped = False

    def commit(self, events: Sequence[StoredEvent]) -> None:
        """Take the events of one commit of one call. Never waits."""
        self.lanes.commit(events, self._ticks())
        if any(self._accepts(event.type) for event in events):
            self._attempts.hurry(events[0].call_id)
        self.pump()

    def publish(self, call_id: CallId, utterance_id: str, delivery: Delivery) -> None:
        """Take a partial, if the endpoint gets it. Never waits."""
        self.lanes.publish(call_id, utterance_id, delivery, self._ticks())
        self.pump()

    def forget(self, call_id: CallId) -> None:
        """Drop what waits of a call that was erased, and break off what is on its way."""
        self.lanes.erase(call_id)
        self._attempts.break_off(call_id)

    def pump(self) -> None:
        """Start workers on the lanes whose turn it is, and set the alarm for the next.

        Never waits.
        """
        if self._stopped:
            return
        while len(self._workers) < self._dependencies.max_in_flight:
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
        turns = 0
        while lane is not None:
            await self._turn(lane)
            lane = self.lanes.take(self._ticks())
            if self.lanes.waits:
                self.pump()
            turns += 1
            if turns % _MAX_TURNS_IN_A_ROW == 0:
                await asyncio.sleep(0)  # a sink that never waits must not keep the loop to itself

    async def _turn(self, lane: Lane) -> None:
        """Give a lane its turn, and put it back however the turn ends: else it would be stuck."""
        try:
            if self._acks.full:
                await self._acks.wait_for_room()
            await self._deliver_next(lane)
            lane.failures = 0
        except BaseException:
            lane.failures += 1
            backoff_s = BACKOFF_S[min(lane.failures, len(BACKOFF_S)) - 1]
            lane.hold(max(lane.due_at, self._ticks() + backoff_s), lane.due_wall)
            raise
        finally:
            self.lanes.put_back(lane, self._ticks())

    async def _deliver_next(self, lane: Lane) -> None:
        match lane.next(self._ticks()):
            case WaitingPartial(delivery=delivery):
                await self._send_partial(lane, delivery)
            case StoredEvent() as event:
                await self._send_event(lane, event)
            case None if lane.behind:
                await self._read(lane)

    async def _read(self, lane: Lane) -> None:
        generation, head_seq, acked_seq = lane.generation, lane.head_seq, lane.acked_seq
        limit = min(MAX_LANE_EVENTS, max(1, self.lanes.capacity.left))
        try:
            events = await self._journal.read(lane.call_id, after_seq=acked_seq, limit=limit)
        except JournalUnavailableError:
            lane.hold(self._ticks() + _READ_AGAIN_S)
            return
        if (lane.generation, lane.acked_seq) != (generation, acked_seq) or self.lanes.disabled:
            return  # rewound or erased meanwhile
        lane.fill(events)
        if not events and lane.head_seq == head_seq:
            lane.ack(head_seq)  # the call was erased: there is nothing to deliver any more
            self._acks.add(lane)

    async def _send_partial(self, lane: Lane, delivery: Delivery) -> None:
        """Try a partial once: by the time of a second attempt there would be a newer one."""
        failure = await self._attempts.make_at_partial(
            lane.call_id, delivery, hurried=self._has_event(lane)
        )
        if failure is None:
            self.lanes.counters.partials_delivered += 1
            return
        self.lanes.counters.partials_dropped += 1
        if isinstance(failure, EndpointGoneError):
            await self._disable("gone")
        elif isinstance(failure, TemporaryDeliveryError) and failure.retry_after_s:
            lane.hold(self._ticks() + failure.retry_after_s)

    async def _send_event(self, lane: Lane, event: StoredEvent) -> None:
        if not self._accepts(event.type):
            lane.ack(event.seq)
            self._acks.add(lane)
            return
        generation = lane.generation
        delivery = Delivery(
            delivery_id(event.call_id, event.seq),
            event.type,
            event.body,
            lane.gap_seqs,
            attempt=lane.attempts + 1,
        )
        failure = await self._attempts.make(lane.call_id, delivery)
        if lane.generation != generation or lane.acked_seq >= event.seq:
            return  # rewound meanwhile: it goes out again in its turn; or the call was erased
        match failure:
            case None:
                self.lanes.counters.delivered += 1
                lane.gap_seqs = ()
                lane.ack(event.seq)
                self._acks.add(lane)
            case EndpointGoneError():
                await self._disable("gone")
            case TemporaryDeliveryError():
                await self._retry(lane, event, failure)
            case _:
                self._park(lane, event, failure, "refused")

    def _has_event(self, lane: Lane) -> bool:
        """Whether an event waits that the endpoint gets; one that is yet to be read may be."""
        if not lane.behind:
            return False
        return not lane.events or any(self._accepts(event.type) for event in lane.events)

    def _accepts(self, kind: str) -> bool:
        accepted = self._accepted_types.get(kind)
        if accepted is None:
            accepted = any(fnmatchcase(kind, pattern) for pattern in self.lanes.endpoint.events)
            self._accepted_types[kind] = accepted
        return accepted

    async def _retry(self, lane: Lane, event: StoredEvent, failure: TemporaryDeliveryError) -> None:
        dependencies, now = self._dependencies, self._ticks()
        if self.lanes.breaker.failing_for_s(now) >= _GIVE_UP_ENDPOINT_S:
            await self._disable("failing")
            return
        lane.attempts += 1
        delay_s = dependencies.policy.next_delay_s(
            lane.attempts, dice=dependencies.dice(), retry_after_s=failure.retry_after_s
        )
        if delay_s is None:
            self._park(lane, event, failure, "gave_up")
            return
        self.lanes.counters.retried += 1
        lane.hold(now + delay_s, dependencies.clock() + delay_s)
        self._acks.add(lane)
        self._log_failure("delivery_failed", lane, event, failure, retry_in_s=round(delay_s, 1))

    def _park(self, lane: Lane, event: StoredEvent, failure: DeliveryError, reason: str) -> None:
        self._log_failure("delivery_parked", lane, event, failure, reason=reason)
        lane.park(event.seq)
        update = LaneUpdate(
            lane.call_id,
            lane.endpoint,
            event.seq,
            parked=(event.seq, failure.status, reason),
            generation=lane.generation,
        )
        self._acks.park(lane, update)
        self.lanes.counters.parked += 1

    async def _disable(self, reason: str) -> None:
        """Stop for good. If the journal cannot note it, the next start asks the receiver again."""
        name = self.lanes.endpoint.name
        if self.lanes.disabled:
            return
        self.lanes.disable()
        _log.error("endpoint_disabled", endpoint=name, reason=reason)
        try:
            await self._journal.disable(name, reason, self._dependencies.clock())
        except JournalUnavailableError:
            _log.warning("endpoint_disabled_not_settled", endpoint=name)

    def _log_failure(
        self,
        what: str,
        lane: Lane,
        event: StoredEvent,
        failure: DeliveryError,
        **more: object,
    ) -> None:
        _log.warning(
            what,
            endpoint=lane.endpoint,
            call_id=lane.call_id,
            seq=event.seq,
            attempts=lane.attempts,
            error=str(failure),
            **more,
        )
