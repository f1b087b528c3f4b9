"""Streams and frames to record."""

from service.ids import CallId, LegId, StreamId
from service.ports import StreamStart

CALL = CallId("../../etc/passwd\0")
FRAME = b"\x10" * 160


def stream(encoding: str = "PCMU", rate_hz: int = 8000) -> StreamStart:
    """Return what a stream's `start` said."""
    return StreamStart(
        leg_id=LegId("leg"),
        stream_id=StreamId("stream"),
        encoding=encoding,
        sample_rate_hz=rate_hz,
    )
