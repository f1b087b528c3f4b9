"""What people do about deliveries: list those that were parked, retry one, replay a call.

All of it works on the journal, so the command line may do it while a server runs the lanes.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from service.delivery.attempts import result_of
from service.delivery.endpoints import Endpoint, unknown_endpoint
from service.delivery.gaps import given_up_before
from service.delivery.sinks import OpenSink, open_sink
from service.errors import DeliveryError, EndpointGoneError, SettingsError
from service.ids import CallId, EndpointName
from service.ports import (
    REPORT_TYPE,
    REPORTED,
    Attempt,
    Delivery,
    Journal,
    ParkedDelivery,
    Reports,
    Sink,
    StoredEvent,
)
from service.wire.events import delivery_id, report_id

_MAX_ID: Final = 2**63 - 1
"""Of what databases count: people may say any number."""

Retried = Literal["arrived", "set_back", "not_parked"]
"""What came of another try. `set_back`: the lane has it once more, and parks it again if need be;
`not_parked`: there is no such delivery, or its call was erased."""


async def list_parked(journal: Journal, *, limit: int = 100) -> list[ParkedDelivery]:
    """Return the newest deliveries that were given up.

    Raises:
        JournalUnavailableError: The database does not answer.
    """
    return await journal.parked(limit=limit)


async def parked_ids(
    journal: Journal, endpoint: str | None = None, *, at_once: int = 1000
) -> list[int]:
    """Return the ids of all deliveries that were given up, the oldest first; or an endpoint's.

    Raises:
        JournalUnavailableError: The database does not answer.
    """
    newest_first: list[int] = []
    before = None
    while page := await journal.parked(limit=at_once, before=before):
        newest_first += [one.id for one in page if endpoint in (None, one.endpoint)]
        before = page[-1].parked_at, page[-1].id
    return newest_first[::-1]


async def count_parked(journal: Journal, *, at_once: int = 1000) -> Counter[EndpointName]:
    """Return how many deliveries to each endpoint, configured or not, were given up.

    Raises:
        JournalUnavailableError: The database does not answer.
    """
    counted: Counter[EndpointName] = Counter()
    before = None
    while page := await journal.parked(limit=at_once, before=before):
        counted.update(one.endpoint for one in page)
        before = page[-1].parked_at, page[-1].id
    return counted


async def retry_parked(
    journal: Journal,
    endpoints: Sequence[Endpoint],
    parked_id: int,
    *,
    reports: Reports,
    sink: OpenSink = open_sink,
) -> Retried:
    """Send one parked delivery again, beside its lane, and unpark it if it arrives.

    Id and body are those of the first attempt: of the event, and of the report that follows it, or
    of the report alone where that was parked. The lane stays as it is, so it arrives late and out
    of order; its `seq` says where it belongs, and what is still parked just before it is named. A
    call's archive is set back instead: what erases it, too, must come after.

    Raises:
        EndpointGoneError: The endpoint is disabled, or just said 410; the delivery stays parked.
        DeliveryError: The attempt failed; the delivery stays parked.
        SettingsError: The endpoint is no longer configured, cannot be used, or takes no such event.
        JournalUnavailableError: The database does not answer.
    """
    parked = await journal.find_parked(parked_id) if parked_id <= _MAX_ID else None
    if parked is None:
        return "not_parked"
    return await resend(journal, endpoints, parked, reports=reports, sink=sink)


async def resend(
    journal: Journal,
    endpoints: Sequence[Endpoint],
    parked: ParkedDelivery,
    *,
    reports: Reports,
    sink: OpenSink = open_sink,
) -> Retried:
    """Do what `retry_parked` does with a delivery that was listed, and raise what that raises."""
    events = await journal.read(parked.call_id, after_seq=parked.seq - 1, limit=1)
    if not events or events[0].seq != parked.seq:
        return "not_parked"
    endpoint = _endpoint(endpoints, parked.endpoint)
    await _expect_enabled(journal, endpoint.name)
    if endpoint.type == "archive":
        if await journal.find_parked(parked.id) is not None:  # else it was, with one before it
            await journal.rewind(parked.call_id, endpoint.name, parked.seq - 1)
        return "set_back"
    owed = await _owed(endpoint, parked, events[0], reports)
    if not owed:
        raise SettingsError([f"endpoint {endpoint.name} takes no {parked.type}"])
    owed[0] = replace(owed[0], gap_seqs=await given_up_before(journal, parked, endpoint.accepts))
    async with sink(endpoint) as opened:
        for delivery in owed:
            await _attempt(journal, parked, opened, delivery)
    await journal.unpark(parked.id)
    return "arrived"


async def replay(
    journal: Journal,
    endpoints: Sequence[Endpoint],
    call_id: CallId,
    name: EndpointName,
    *,
    from_seq: int = 1,
) -> None:
    """Deliver a call's events to an endpoint again, from `from_seq` on, in order.

    Whoever runs the lanes begins within seconds. Every event keeps its id.

    Raises:
        SettingsError: No such endpoint is configured.
        EndpointGoneError: The endpoint is disabled.
        JournalUnavailableError: The database does not answer.
    """
    await expect_to_take(journal, endpoints, name)
    await journal.rewind(call_id, name, from_seq - 1)


async def expect_to_take(
    journal: Journal, endpoints: Sequence[Endpoint], name: EndpointName
) -> None:
    """Expect that an endpoint gets what is replayed.

    Raises:
        SettingsError: No such endpoint is configured.
        EndpointGoneError: The endpoint is disabled.
        JournalUnavailableError: The database does not answer.
    """
    await _expect_enabled(journal, _endpoint(endpoints, name).name)


def _endpoint(endpoints: Sequence[Endpoint], name: EndpointName) -> Endpoint:
    for endpoint in endpoints:
        if endpoint.name == name:
            return endpoint
    raise unknown_endpoint(name, [one.name for one in endpoints])


async def _expect_enabled(journal: Journal, name: EndpointName) -> None:
    if name in await journal.disabled():
        raise EndpointGoneError(
            f"endpoint {name} is disabled: `callscribe endpoints enable {name}` has it get events"
        )


async def _owed(
    endpoint: Endpoint, parked: ParkedDelivery, event: StoredEvent, reports: Reports
) -> list[Delivery]:
    """Return what an endpoint did not get: an event and its report, or one of the two."""
    owed: list[Delivery] = []
    if parked.type != REPORT_TYPE and endpoint.accepts(event.type):
        name = delivery_id(event.call_id, event.seq)
        owed.append(Delivery(name, event.type, event.body))
    if endpoint.report and event.type in REPORTED:
        body = await reports.report(event)
        if body is not None:
            owed.append(Delivery(report_id(event.call_id, event.seq), REPORT_TYPE, body))
    return owed


async def _attempt(
    journal: Journal, parked: ParkedDelivery, sink: Sink, delivery: Delivery
) -> None:
    """Make one attempt, and keep it with those that the lane made."""
    began = time.perf_counter()
    failure: DeliveryError | None = None
    status: int | None = None
    try:
        status = await sink.deliver(delivery)
    except DeliveryError as error:
        failure, status = error, error.status
    made = Attempt(
        call_id=parked.call_id,
        endpoint=parked.endpoint,
        seq=parked.seq,
        made_at=time.time(),
        result=result_of(failure),
        status=status,
        took_ms=round((time.perf_counter() - began) * 1000),
        answer=(failure.answer or str(failure)) if failure else "",
    )
    await journal.keep_attempts([made])
    if failure:
        raise failure
