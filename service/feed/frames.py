"""The feed on the wire: Server-Sent Events, and messages of the WebSocket."""

from collections.abc import Mapping

import msgspec

KEEP_ALIVE = b": keep-alive\n"
"""A comment: it keeps proxies from closing the connection, and no client takes it for an event."""
RETRY = b"retry: 1000\n\n"
"""How many milliseconds an `EventSource` waits before it comes again."""


def sse_event(cursor: int, kind: str, body: bytes) -> bytes:
    """Encode a durable event: its `id` is what to resume after."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (cursor, kind.encode(), _one_line(body))


def sse_partial(kind: str, body: bytes) -> bytes:
    """Encode a partial. It has no `id`: nobody can resume after what is not kept."""
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), _one_line(body))


def sse_moved(cursor: int) -> bytes:
    """Encode a new last event id without an event: the filter passed nothing before it."""
    return b"id: %d\n\n" % cursor


def sse_closed(reason: str, resume_after: int) -> bytes:
    """Encode the last event of a stream that is closed from here."""
    said = {"reason": reason, "resume_after": resume_after}
    return sse_partial("closed", msgspec.json.encode(said))


def socket_event(name: bytes, cursor: int, body: bytes) -> bytes:
    """Encode a durable event of one subscription; `name` is its id as JSON."""
    return b'{"kind":"event","id":%s,"cursor":%d,"event":%s}' % (name, cursor, body)


def socket_partial(name: bytes, body: bytes) -> bytes:
    """Encode a partial of one subscription; `name` is its id as JSON."""
    return b'{"kind":"partial","id":%s,"event":%s}' % (name, body)


def socket_closed(reason: str, resume_after: Mapping[str, int]) -> bytes:
    """Encode the last message of a socket that is closed from here; cursors by subscription."""
    said = {"kind": "closed", "reason": reason, "resume_after": resume_after}
    return msgspec.json.encode(said)


def _one_line(body: bytes) -> bytes:
    # Our own encoder writes none; a line break would end the event in the middle.
    return body.replace(b"\n", b"\ndata: ") if b"\n" in body else body
