"""Handles a lane once: an attempt at its next delivery, and what follows from the outcome."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple

import structlog

from service.delivery.acks import AckBatcher
from service.delivery.attempts import Attempts
from service.delivery.batches import delivery_of, next_batch, report_of
from service.delivery.gaps import look_back
from service.delivery.lane import MAX_LANE_EVENTS, Lane, WaitingPartial
from service.delivery.memories import BegunCalls
from service.delivery.schedule import EndpointLanes
from service.delivery.switches import disable
from service.errors import (
    DeliveryError,
    EndpointGoneError,
    HostUnavailableError,
    JournalUnavailableError,
    KeptConnectionLostError,
    NoDescriptorError,
    TemporaryDeliveryError,
)
from service.ids import EndpointName
from service.patience import MAX_KEPT_LOST
from service.ports import (
    REPORT_TYPE,
    REPORTED,
    Delivery,
    Journal,
    LaneUpdate,
    NoReports,
    Observer,
    Parked,
    Reports,
    Sink,
    StoredEvent,
)
from service.retry import RetryPolicy

MAX_TRIES_TO_GO_ON = 4
"""So often an event is tried that its receiver fails at, where those behind it are not to wait."""
_READ_AGAIN_S = _BEGIN_AGAIN_S = 1.0
_GIVE_UP_ENDPOINT_S = 5 * 24 * 3600.0
_UNSEEN = (KeptConnectionLostError, NoDescriptorError)
_GONE_OR_TEMPORARY = (EndpointGoneError, TemporaryDeliveryError)
_NOT_NOW = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""What says less of how much came at once than silence does, or a gateway's 502 and 504."""
_TRIES_AS_A_WHOLE = 3
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
    endpoints: tuple[EndpointName, ...] = ()
    """All that are configured: who is told when one is disabled."""
    may_deliver: Callable[[], bool] = lambda: True
    """Whether the lanes are this worker's now."""
    reports: Reports = field(default_factory=NoReports)
    begun: BegunCalls = field(default_factory=BegunCalls)


class _Began(NamedTuple):
    """How an attempt began."""

    at: float
    well: bool
    """Whether the endpoint had taken what was tried last, of whichever call: it is not away."""


class LaneHandler:
    """Handles the lanes of one endpoint: retries, parks or disables as the sink answers."""

    def __init__(self, lanes: EndpointLanes, sink: Sink, dependencies: Dependencies) -> None:
        self.attempts = Attempts(
            lanes,
            sink,
            keep=dependencies.acks.keep,
            observer=dependencies.observer,
            clock=dependencies.clock,
            ticks=dependencies.ticks,
            partial_grace_s=dependencies.partial_grace_s,
        )
        self._lanes = lanes
        self._dependencies = dependencies
        self._journal = dependencies.journal
        self._reports = dependencies.reports
        self._acks = dependencies.acks
        self._ticks = dependencies.ticks
        self._accepted_types: dict[str, bool] = {}

    def accepts(self, kind: str) -> bool:
        """Say whether the endpoint gets events of this type."""
        accepted = self._accepted_types.get(kind)
        if accepted is None:
            accepted = self._accepted_types[kind] = self._lanes.endpoint.accepts(kind)
        return accepted

    def gets(self, kind: str) -> bool:
        """Say whether something goes out for events of this type: they, or a report after them."""
        return self.accepts(kind) or self._is_reported(kind)

    async def handle(self, lane: Lane) -> None:
        """Make one attempt at the lane's next delivery, once its events are read if need be."""
        if not self._dependencies.may_deliver():
            lane.hold(self._ticks() + _READ_AGAIN_S)
            return
        if lane.behind and lane.asks and not await self._looked_back(lane):
            return
        match lane.next(self._ticks()):
            case WaitingPartial(delivery=delivery):
                await self._send_partial(lane, delivery)
            case StoredEvent() as event if self._is_owed(lane, event):
                await self._send_events(lane, event)
            case StoredEvent() as event if self._is_reported(event.type):
                await self._send_report(lane, event)
            case StoredEvent() as event:
                self._pass_over(lane, event)
            case None if lane.behind:
                await self._read(lane)
                if lane.events:  # it has waited for its turn once
                    await self.handle(lane)

    async def _looked_back(self, lane: Lane) -> bool:
        """Learn what the lane's next delivery names; False if that is not known yet."""
        try:
            await look_back(self._journal, lane, self.accepts)
        except JournalUnavailableError:
            lane.hold(self._ticks() + _READ_AGAIN_S)
        return not (lane.asks or self._lanes.disabled)

    async def _read(self, lane: Lane) -> None:
        generation, head_seq, acked_seq = lane.generation, lane.head_seq, lane.acked_seq
        wanted = max(MAX_LANE_EVENTS, self._lanes.endpoint.batch)
        limit = min(wanted, max(1, self._lanes.capacity.left))
        try:
            events = await self._journal.read(lane.call_id, after_seq=acked_seq, limit=limit)
        except JournalUnavailableError:
            lane.hold(self._ticks() + _READ_AGAIN_S)
            return
        if (lane.generation, lane.acked_seq) != (generation, acked_seq) or self._lanes.disabled:
            return  # rewound or erased meanwhile
        if not lane.behind:
            return  # another worker's meanwhile
        lane.fill(events)
        if not events and lane.head_seq == head_seq:
            lane.ack(head_seq)  # the call was erased: there is nothing to deliver any more
            self._acks.add(lane)

    def _pass_over(self, lane: Lane, event: StoredEvent) -> None:
        lane.ack(event.seq)
        self._acks.add(lane)

    def _is_owed(self, lane: Lane, event: StoredEvent) -> bool:
        """Say whether the event itself is next; if not, a report after it may be."""
        return self.accepts(event.type) and event.seq > lane.sent_seq

    def _is_reported(self, kind: str) -> bool:
        return self._lanes.endpoint.report and kind in REPORTED

    async def _send_partial(self, lane: Lane, delivery: Delivery) -> None:
        """Try a partial once: by the time of a second attempt there would be a newer one."""
        hurried = self._has_event(lane)
        for _ in range(1 + MAX_KEPT_LOST):
            failure = await self.attempts.make(lane.call_id, delivery, hurried=hurried)
            if not isinstance(failure, KeptConnectionLostError):
                break
        if failure is None:
            self._lanes.counters.partials_delivered += 1
            self._lanes.last_to_arrive = lane
            return
        self._lanes.counters.partials_dropped += 1
        if isinstance(failure, EndpointGoneError):
            await self._disable("gone")
        elif isinstance(failure, TemporaryDeliveryError) and failure.retry_after_s:
            lane.hold_partials(self._ticks() + failure.retry_after_s)

    async def _send_events(self, lane: Lane, event: StoredEvent) -> None:
        """Send the next event, and those behind it that go along."""
        generation = lane.generation
        limit = self._lanes.endpoint.batch
        batch = next_batch(lane, self.accepts, limit=limit, ends=self._is_reported)
        lane.batch_end = batch[-1].seq
        began = self._begin()
        seqs = [one.seq for one in batch]
        failure = await self.attempts.make(lane.call_id, delivery_of(lane, batch), seqs=seqs)
        if lane.generation != generation or lane.acked_seq >= event.seq:
            return  # rewound meanwhile: it goes out again later; or the call was erased
        if len(batch) > 1 and failure and not isinstance(failure, _UNSEEN):
            _split(lane, batch, failure, well=began.well)
        match failure:
            case None:
                self._arrived(lane, batch)
            case _ if len(batch) > 1 and not isinstance(failure, _GONE_OR_TEMPORARY):
                self._log_failure("batch_refused", lane, event, failure, events=len(batch))
            case _:
                await self._failed(lane, event, failure, began)

    async def _send_report(self, lane: Lane, event: StoredEvent) -> None:
        """Send the report that follows an event; none does before the call is complete."""
        generation, began = lane.generation, self._begin()
        try:
            body = await self._reports.report(event)
        except JournalUnavailableError:
            lane.hold(self._ticks() + _READ_AGAIN_S)
            return
        if lane.generation != generation or lane.acked_seq >= event.seq:
            return  # rewound or erased meanwhile
        if body is None:
            self._pass_over(lane, event)
            return
        report = report_of(lane, event, body)
        failure = await self.attempts.make(lane.call_id, report, seqs=[event.seq])
        if lane.generation != generation or lane.acked_seq >= event.seq:
            return
        if failure is None:
            self._lanes.counters.delivered += 1
            self._settle(lane, event.seq)
        else:
            await self._failed(lane, event, failure, began)

    def _begin(self) -> _Began:
        is_spared = self._lanes.host.breaker.is_open
        return _Began(self._ticks(), self._lanes.record.healthy and not is_spared)

    async def _failed(
        self, lane: Lane, event: StoredEvent, failure: DeliveryError, began: _Began
    ) -> None:
        """Have the next event wait, or park it, or disable the endpoint, as it was answered."""
        match failure:
            case EndpointGoneError():
                await self._disable("gone")
            case KeptConnectionLostError() if lane.lost < MAX_KEPT_LOST:
                lane.retry_lost()
                self._lanes.counters.retried += 1
            case NoDescriptorError():
                lane.hold(self._ticks() + _BEGIN_AGAIN_S)
                self._log_failure("delivery_failed", lane, event, failure)
            case TemporaryDeliveryError():
                await self._retry(lane, event, failure, began)
            case _:
                self._park(lane, event, failure, "refused")

    def _arrived(self, lane: Lane, batch: Sequence[StoredEvent]) -> None:
        self._lanes.counters.delivered += len(batch)
        last = batch[-1]
        follows = self._is_reported(last.type)
        self._settle(lane, last.seq - follows)
        if follows:
            lane.sent(last.seq)

    def _settle(self, lane: Lane, seq: int) -> None:
        """Move a lane past all events up to this one: they arrived."""
        self._lanes.last_to_arrive = lane
        lane.gap_seqs = ()
        for event in [one for one in lane.events if one.seq <= seq]:
            lane.ack(event.seq)
        self._acks.add(lane)

    def _has_event(self, lane: Lane) -> bool:
        """Whether an event waits that the endpoint gets; one that is yet to be read may be."""
        if not lane.behind:
            return False
        return not lane.events or any(self.accepts(event.type) for event in lane.events)

    async def _retry(
        self, lane: Lane, event: StoredEvent, failure: TemporaryDeliveryError, began: _Began
    ) -> None:
        now = self._ticks()
        if self._lanes.record.failing_for_s(now) >= _GIVE_UP_ENDPOINT_S:
            await self._disable("failing")
            return
        of_the_host = isinstance(failure, HostUnavailableError)
        lane.host_failures += of_the_host
        lane.failed_alone += of_the_host and began.well
        if self._goes_on(lane, of_the_host=of_the_host):
            self._park(lane, event, failure, "skipped")
            return
        asked_s = min(failure.retry_after_s or 0.0, self._dependencies.policy.max_retry_after_s)
        lane.not_before = now + asked_s
        if now < lane.scheduled_at:
            lane.retry_extra(now, at_fault=not of_the_host)
        elif not self._retry_by_schedule(lane, failure, now):
            self._park(lane, event, failure, "gave_up")
            return
        if self._lanes.recovered_at > began.at:
            lane.pull(now)  # the outage that this attempt met is over
        self._lanes.counters.retried += 1
        retry_in_s = round(lane.due_at - now, 1)
        self._log_failure("delivery_failed", lane, event, failure, retry_in_s=retry_in_s)

    def _goes_on(self, lane: Lane, *, of_the_host: bool) -> bool:
        """Say whether those behind an event are to wait for it no longer.

        Who answers nothing to it, or 503, may be away as a whole: then all would be given up. Such
        tries count only where others arrived meanwhile.
        """
        seen = lane.attempts + lane.extra_attempts + 1 - lane.lost
        tried = lane.failed_alone if of_the_host else seen
        return self._lanes.endpoint.order == "go_on" and tried >= MAX_TRIES_TO_GO_ON

    def _retry_by_schedule(self, lane: Lane, failure: TemporaryDeliveryError, now: float) -> bool:
        """Have the lane wait for the schedule's next attempt; False if there is none."""
        dependencies = self._dependencies
        delay_s = dependencies.policy.next_delay_s(
            lane.attempts + 1, dice=dependencies.dice(), retry_after_s=failure.retry_after_s
        )
        if delay_s is None:
            return False
        lane.retry(now, delay_s, dependencies.clock() + delay_s)
        self._acks.add(lane)
        return True

    def _park(self, lane: Lane, event: StoredEvent, failure: DeliveryError, reason: str) -> None:
        self._log_failure("delivery_parked", lane, event, failure, reason=reason)
        kind = None if self._is_owed(lane, event) else REPORT_TYPE
        lane.park(event.seq)
        update = LaneUpdate(
            lane.call_id,
            lane.endpoint,
            event.seq,
            parked=Parked(event.seq, failure.status, reason, kind),
            generation=lane.generation,
        )
        self._acks.park(lane, update)
        self._lanes.counters.parked += 1

    async def _disable(self, reason: str) -> None:
        """Stop until it is enabled. If the journal cannot note it, the receiver is asked again."""
        name = self._lanes.endpoint.name
        if self._lanes.disabled:
            return
        self._lanes.disable()
        _log.error("endpoint_disabled", endpoint=name, reason=reason)
        names, now = self._dependencies.endpoints, self._dependencies.clock()
        self._lanes.notings += 1
        try:
            await disable(self._journal, names, name, reason, now=now)
        except JournalUnavailableError:
            _log.warning("endpoint_disabled_not_settled", endpoint=name)
        finally:
            self._lanes.notings += 1

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


def _split(lane: Lane, batch: Sequence[StoredEvent], failure: DeliveryError, *, well: bool) -> None:
    """Have less go out at once, if it may be as a whole that this was not taken.

    What was refused, or broke its receiver, goes one by one: one event is at fault, and the others
    need not wait for it. What was not answered may have been too much for the time there is, and
    goes by halves; if the endpoint is not away, all that follows does, too.
    """
    if not isinstance(failure, HostUnavailableError):
        lane.singly_until = batch[-1].seq
        return
    tried = lane.attempts + lane.extra_attempts + 1
    if well or failure.status not in _NOT_NOW or tried >= _TRIES_AS_A_WHOLE:
        half = batch[: len(batch) // 2]
        lane.batch_end = half[-1].seq
        if well:
            lane.batch_limit = len(half)
