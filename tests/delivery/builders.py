"""Endpoints, events, partials and lanes, as these tests need them."""

import base64

from service.delivery.endpoints import Endpoint
from service.delivery.lane import Capacity, Lane
from service.errors import (
    EndpointGoneError,
    HostUnavailableError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)
from service.ids import CallId, EndpointName
from service.ports import Delivery, LaneRow, LivePartial, StoredEvent

CRM = EndpointName("crm")
C1 = CallId("c1")
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()

BUSY = HostUnavailableError("answered 503", status=503)
BROKEN = TemporaryDeliveryError("answered 500", status=500)
REFUSED = PermanentDeliveryError("answered 400", status=400)
GONE = EndpointGoneError("answered 410", status=410)


def endpoint(name: str = "crm", **changes: object) -> Endpoint:
    """Return an endpoint that gets everything."""
    plain: dict[str, object] = {"name": EndpointName(name), "type": "log", "partials": "all"}
    return Endpoint(**(plain | changes))  # type: ignore[arg-type] # a test's choice of fields


def webhook(url: str, name: str = "crm", /, **changes: object) -> Endpoint:
    """Return a webhook endpoint at this URL, on this machine or not."""
    plain: dict[str, object] = {
        "type": "webhook",
        "url": url,
        "secret": SECRET,
        "partials": "off",
        "allow_private": True,
        "timeout_s": 5.0,
    }
    return endpoint(name, **(plain | changes))


def event(call_id: str, seq: int, kind: str = "call.answered") -> StoredEvent:
    """Return a durable event with a body of its own."""
    body = b'{"type":"%b","data":{"seq":%d,"utterance_id":"u"}}' % (kind.encode(), seq)
    return StoredEvent(CallId(call_id), seq, kind, body)


def live(call_id: str, utterance_id: str, revision: int, text: str = "words") -> LivePartial:
    """Return a partial as it is shown."""
    shown = partial(utterance_id, revision, text)
    return LivePartial(CallId(call_id), utterance_id, "customer", shown)


def partial(utterance_id: str, revision: int, text: str = "words") -> Delivery:
    """Return a partial."""
    body = b'{"type":"transcript.partial","data":{"text":"%b"}}' % text.encode()
    return Delivery(f"prt_{utterance_id}_{revision}", "transcript.partial", body)


def lane(*seqs: int, room: int = 100, live: bool = True) -> Lane:
    """Return a lane that was told of these events."""
    made = Lane(C1, CRM, Capacity(room))
    if seqs:
        made.commit([event("c1", seq) for seq in seqs])
    made.live = live
    return made


def lane_row(acked_seq: int, head_seq: int, attempts: int = 0, *, live: bool = True) -> LaneRow:
    """Return the lane as the journal has it, rewound three times."""
    return LaneRow(C1, CRM, acked_seq, head_seq, attempts, 77.0, 3, live)


def kept(one: Lane) -> list[int]:
    """Return the events in memory."""
    return [each.seq for each in one.events]


def publish_to(one: Lane, *utterances: str, due_at: float = 0.0) -> list[int]:
    """Publish partials; return how many each dropped."""
    return [one.publish(name, partial(name, 1), due_at) for name in utterances]
