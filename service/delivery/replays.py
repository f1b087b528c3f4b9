"""What people do about deliveries: list those that were parked, retry one, replay a call.

All of it works on the journal, so the command line may do it while a server runs the lanes.
"""

from collections.abc import Sequence

from service.delivery.endpoints import Endpoint
from service.delivery.sinks import OpenSink, open_sink
from service.errors import EndpointGoneError, SettingsError
from service.ids import CallId, EndpointName
from service.ports import Delivery, Journal, ParkedDelivery
from service.wire.events import delivery_id

_MAX_SEARCHED = 100_000


async def list_parked(journal: Journal, *, limit: int = 100) -> list[ParkedDelivery]:
    """Return the newest deliveries that were given up.

    Raises:
        JournalUnavailableError: The database does not answer.
    """
    return await journal.parked(limit=limit)


async def retry_parked(
    journal: Journal, endpoints: Sequence[Endpoint], parked_id: int, *, sink: OpenSink = open_sink
) -> ParkedDelivery | None:
    """Send one parked delivery again, beside its lane, and unpark it if it arrives.

    Id and body are those of the first attempt. The lane stays as it is, so the event arrives late
    and out of order; its `seq` says where it belongs. Returns the delivery; None if there is no
    parked one of that id, or its call was erased.

    Raises:
        DeliveryError: The attempt failed; the delivery stays parked.
        SettingsError: The endpoint is no longer configured, or cannot be used.
        JournalUnavailableError: The database does not answer.
    """
    listed = await journal.parked(limit=_MAX_SEARCHED)
    parked = next((one for one in listed if one.id == parked_id), None)
    if parked is None or not await resend(journal, endpoints, parked, sink=sink):
        return None
    return parked


async def resend(
    journal: Journal,
    endpoints: Sequence[Endpoint],
    parked: ParkedDelivery,
    *,
    sink: OpenSink = open_sink,
) -> bool:
    """Do what `retry_parked` does with a delivery that was listed; False if its call was erased.

    Raises:
        DeliveryError: The attempt failed; the delivery stays parked.
        SettingsError: The endpoint is no longer configured, cannot be used, or takes no such event:
            then a report was parked, which a replay sends, or what it never was to get.
        JournalUnavailableError: The database does not answer.
    """
    events = await journal.read(parked.call_id, after_seq=parked.seq - 1, limit=1)
    if not events or events[0].seq != parked.seq:
        return False
    event = events[0]
    endpoint = _endpoint(endpoints, parked.endpoint)
    if not endpoint.accepts(event.type):
        what = f"endpoint {endpoint.name} takes no {event.type}: if a report of it was parked, "
        what += f"callscribe replay {event.call_id} --to {endpoint.name} sends that"
        raise SettingsError([what])
    async with sink(endpoint) as opened:
        await opened.deliver(
            Delivery(delivery_id(event.call_id, event.seq), event.type, event.body)
        )
    await journal.unpark(parked.id)
    return True


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
    _endpoint(endpoints, name)
    if name in await journal.disabled():
        raise EndpointGoneError(f"endpoint {name} is disabled")
    await journal.rewind(call_id, name, from_seq - 1)


def _endpoint(endpoints: Sequence[Endpoint], name: EndpointName) -> Endpoint:
    for endpoint in endpoints:
        if endpoint.name == name:
            return endpoint
    raise SettingsError([f"no endpoint is called {name}"])
