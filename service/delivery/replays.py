"""What people ask of delivery afterwards: see what was parked, try it again, replay a call.

These work on the journal, so the command line may use them while a server runs the lanes.
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
    """Send one parked delivery again, beside its lane, and take it off the list if it arrives.

    The id and the body are those of the first attempt; the lane's order and place stay as they
    are, so the event arrives late and out of order: its `seq` says where it belongs.
    Returns what was sent; None if the list has no such delivery, or its call was erased.

    Raises:
        DeliveryError: The attempt failed; the delivery stays on the list.
        SettingsError: The endpoint is no longer configured, or cannot be used.
        JournalUnavailableError: The database does not answer.
    """
    listed = await journal.parked(limit=_MAX_SEARCHED)
    parked = next((one for one in listed if one.id == parked_id), None)
    if parked is None:
        return None
    events = await journal.read(parked.call_id, after_seq=parked.seq - 1, limit=1)
    if not events or events[0].seq != parked.seq:
        return None
    event = events[0]
    async with sink(_endpoint(endpoints, parked.endpoint)) as opened:
        await opened.deliver(
            Delivery(delivery_id(event.call_id, event.seq), event.type, event.body)
        )
    await journal.unpark(parked_id)
    return parked


async def replay(
    journal: Journal,
    endpoints: Sequence[Endpoint],
    call_id: CallId,
    name: EndpointName,
    *,
    from_seq: int = 1,
) -> None:
    """Have an endpoint get a call's events again, from `from_seq` on, in order.

    Whoever runs the lanes sees it within seconds. Every event has the id it had before.

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
