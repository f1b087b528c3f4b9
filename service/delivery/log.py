"""The log sink: events as log lines. The one place where transcript text may be logged.

It may lag behind, where the log does not take lines as fast as they come, and loses none while the
process lives: a delivery is done once its line is written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import structlog

from service.delivery.endpoints import Endpoint
from service.errors import PermanentDeliveryError
from service.log_output import Line
from service.ports import Delivery

_decode = msgspec.json.Decoder(dict[str, object]).decode
_log = structlog.get_logger()


class LogSink:
    """Writes each delivery as one log line. Made by `open_log`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint.name

    async def deliver(self, delivery: Delivery) -> None:
        """Log `event_delivered`; the event's data, words and numbers included, is in `payload`.

        Return once the line is written, however long the log does not take any. No other key of
        any log line holds words or numbers, so that one can be filtered out by its name.

        Raises:
            PermanentDeliveryError: The body is not a JSON object.
        """
        try:
            payload = _decode(delivery.body).get("data")
        except msgspec.DecodeError:
            raise PermanentDeliveryError("the body is not a JSON object") from None
        gap = {"gap_seqs": delivery.gap_seqs} if delivery.gap_seqs else {}
        line = _log.info(
            "event_delivered",
            endpoint=self._endpoint,
            id=delivery.id,
            type=delivery.type,
            payload=payload,
            **gap,
        )
        if isinstance(line, Line) and line.written:
            await asyncio.wrap_future(line.written)


@asynccontextmanager
async def open_log(endpoint: Endpoint) -> AsyncIterator[LogSink]:
    """Open the sink of a log endpoint: console or JSON, as the process logs everything else."""
    yield LogSink(endpoint)
