"""Attempts at the deliveries of one endpoint: made, reported, and broken off where need be."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from service.delivery.schedule import EndpointLanes
from service.errors import (
    DeliveryError,
    EndpointGoneError,
    HostUnavailableError,
    KeptConnectionLostError,
    NoDescriptorError,
    TemporaryDeliveryError,
)
from service.ids import CallId
from service.ports import Attempt, AttemptResult, Delivery, Observer, Sink

PARTIAL_GRACE_S: Final = 0.25
"""How long an attempt at a partial may take in all, once a durable event waits behind it.

A receiver that hangs on a partial must not hold the event up for the endpoint's whole timeout. So
the attempt is broken off, and has ended before the event's begins: sent beside each other, the
partial might still wait for a connection, and arrive after its final.

It is not broken off at once, because that closes its connection. The event would wait for another
one, and TCP and TLS take longer than a healthy receiver takes to answer.
"""

_log = structlog.get_logger()


@dataclass(slots=True)
class _InFlight:
    """One attempt on its way. Times are of the loop's clock."""

    timeout: asyncio.Timeout
    hurry_until: float | None
    """When it ends at the latest once it has to hurry; None if it need not."""

    def end_at(self, when: float) -> None:
        """Break it off then, unless that is so already, or sooner."""
        ends_at = self.timeout.when()
        if not self.timeout.expired() and (ends_at is None or when < ends_at):
            self.timeout.reschedule(when)


class Attempts:
    """Makes attempts at one endpoint: at most one of each call at a time.

    An attempt that was broken off, or that never began for want of a file descriptor, says nothing
    about the endpoint: neither its host and its record nor the observer are told of it. The first
    that arrives after an outage pulls forward what waits. `keep` is called with each attempt at an
    event. `clock` is in Unix seconds, `ticks` are seconds that never jump; for `partial_grace_s`
    see `PARTIAL_GRACE_S`.
    """

    def __init__(
        self,
        lanes: EndpointLanes,
        sink: Sink,
        *,
        keep: Callable[[Attempt], None],
        observer: Observer,
        clock: Callable[[], float],
        ticks: Callable[[], float],
        partial_grace_s: float,
    ) -> None:
        self._lanes = lanes
        self._endpoint = lanes.name
        self._sink = sink
        self._keep = keep
        self._observer = observer
        self._clock = clock
        self._ticks = ticks
        self._partial_grace_s = partial_grace_s
        self._in_flight: dict[CallId, _InFlight] = {}

    async def make(
        self,
        call_id: CallId,
        delivery: Delivery,
        *,
        seqs: Sequence[int] = (),
        hurried: bool = False,
    ) -> DeliveryError | None:
        """Make one attempt at the events of these `seqs`, or at a partial.

        `hurried`: a durable event waits behind this partial already. Returns what went wrong, if
        anything did.
        """
        began = self._ticks()
        failure: DeliveryError | None = None
        status: int | None = None
        timeout = asyncio.timeout(None)
        self._in_flight[call_id] = _InFlight(timeout, None if seqs else self._hurry_until())
        try:
            async with timeout:
                if hurried:
                    self.hurry(call_id)
                status = await self._sink.deliver(delivery)
        except DeliveryError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a sink's fault must not stop the others
            failure = TemporaryDeliveryError(f"the sink failed: {type(error).__name__}")
        finally:
            del self._in_flight[call_id]
        if not timeout.expired() and not isinstance(failure, NoDescriptorError):
            self._report(call_id, delivery, failure, began)
            for attempt in self._attempts_at(call_id, seqs, failure or status, began):
                self._keep(attempt)
        return failure

    def hurry(self, call_id: CallId) -> None:
        """Give an attempt at a partial of this call no more than its grace, counted from its start.

        For when a durable event comes to wait behind it; attempts at events go on.
        """
        attempt = self._in_flight.get(call_id)
        if attempt is not None and attempt.hurry_until is not None:
            attempt.end_at(attempt.hurry_until)

    def break_off(self, call_id: CallId) -> None:
        """Break off what is on its way of this call, now."""
        if attempt := self._in_flight.get(call_id):
            attempt.end_at(0.0)

    def _hurry_until(self) -> float:
        return asyncio.get_running_loop().time() + self._partial_grace_s

    def _attempts_at(
        self,
        call_id: CallId,
        seqs: Sequence[int],
        outcome: DeliveryError | int | None,
        began: float,
    ) -> Iterator[Attempt]:
        """Yield the attempt at each event, as it is kept; `outcome` is a failure or a status."""
        failure = outcome if isinstance(outcome, DeliveryError) else None
        for seq in seqs:
            yield Attempt(
                call_id=call_id,
                endpoint=self._endpoint,
                seq=seq,
                made_at=self._clock(),
                result=result_of(failure),
                status=outcome.status if isinstance(outcome, DeliveryError) else outcome,
                took_ms=round((self._ticks() - began) * 1000),
                answer=(failure.answer or str(failure)) if failure else "",
            )

    def _report(
        self, call_id: CallId, delivery: Delivery, failure: DeliveryError | None, began: float
    ) -> None:
        now = self._ticks()
        self._observer.attempted(self._endpoint, delivery, result_of(failure), now - began)
        host, record = self._lanes.host, self._lanes.record
        if isinstance(failure, KeptConnectionLostError):
            return  # servers hang up when they like
        if isinstance(failure, HostUnavailableError):
            record.failed(now)
            if host.breaker.failed(now, (self._endpoint, call_id)):
                _log.warning("breaker_opened", endpoint=self._endpoint, spared=host.names)
            return
        closed = host.answered(self._lanes, now)
        if isinstance(failure, TemporaryDeliveryError):
            record.failed(now)
        elif record.succeeded(now) or closed:
            self._lanes.pull_forward(now)
        if closed:
            _log.info("breaker_closed", endpoint=self._endpoint, spared_no_more=host.names)


def result_of(failure: DeliveryError | None) -> AttemptResult:
    """Return what an attempt came to that failed so, or did not fail."""
    match failure:
        case None:
            return "delivered"
        case EndpointGoneError():
            return "gone"
        case TemporaryDeliveryError():
            return "failed"
        case _:
            return "refused"
