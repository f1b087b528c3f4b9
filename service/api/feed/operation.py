"""How the routes of the feed are described."""

from http import HTTPStatus
from typing import TypeVar

from service.api.feed.query import SearchFeedQuery
from service.api.operations import Answer, NoBody, Operation

Q = TypeVar("Q", bound=SearchFeedQuery)

_EVENTS = Answer(
    description="Server-Sent Events: each durable event once, with its cursor as `id`, and "
    "partials, without one. It does not end; `event: closed` says why it was ended, and what to "
    "resume after.",
    content={"text/event-stream": {"type": "string"}},
)
_REFUSALS = {
    HTTPStatus.TOO_MANY_REQUESTS: "Too many streams of this key.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Too many streams, or the service is stopping.",
}
_RESUME = "`Last-Event-ID`, or `after`, resumes after it. "
_WEBSOCKET = (
    "With `Upgrade: websocket` this is a WebSocket (subprotocol `callscribe.v1`). It is told "
    '`{"subscribe":{"id":"s1","call_id":…,"types":[…],"after":n,"partials":true}}` and '
    '`{"unsubscribe":"s1"}`, and says `{"kind":"event","id":"s1","cursor":n,"event":{…}}`, '
    '`{"kind":"partial",…}`, `{"kind":"ack",…}`, `{"kind":"error",…}` and `{"kind":"closed",…}`. '
    "With a `call_id` cursors are seqs of that call, else places among all events."
)


def operation(
    name: str, path: str, summary: str, query: type[Q], *, websocket: bool = False
) -> Operation[Q, NoBody]:
    """Declare one route of the feed."""
    return Operation(
        id=name,
        method="GET",
        path=path,
        tag="feed",
        summary=summary,
        description=_RESUME + (_WEBSOCKET if websocket else ""),
        access="live",
        shows="call" if "{call_id}" in path else "filtered",
        query=query,
        answers=(_EVENTS,),
        errors=_REFUSALS,
        browser=True,
        counted=False,  # they stay, and are counted by themselves
        negotiated=False,  # WebSocket clients send no `Accept` that fits
    )
