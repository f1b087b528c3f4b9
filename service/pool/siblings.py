"""Asks the other workers of the pool for their metrics, and answers when they ask."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Final

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from service.pool.seat import Seat
from service.pool.sums import add_up

ANSWER_S: Final = 2.0
"""For all the others together: a scrape waits for it."""
MAX_ANSWER_BYTES: Final = 4 * 2**20
_END: Final = "# EOF\n"
"""Ends every text in OpenMetrics' format: without it, some of it is missing."""

log = structlog.get_logger()


class Siblings:
    """The metrics of all workers of the pool, whichever is asked. Made by `open_siblings`."""

    def __init__(self, seat: Seat, registry: CollectorRegistry, shared: Collection[str]) -> None:
        self._seat = seat
        self._registry = registry
        self._shared = shared

    async def scrape(self) -> CollectorRegistry:
        """Return what all workers count together.

        A worker that does not answer in time is left out: each counts itself as one of
        `callscribe_workers`.
        """
        asked = (self._ask(number) for number in self._seat.others)
        answers = [text for text in await asyncio.gather(*asked) if text is not None]
        return add_up([self._own(), *answers], shared=self._shared)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give one of the others the metrics of this worker."""
        del reader
        try:
            async with asyncio.timeout(ANSWER_S):
                writer.write(self._own().encode())
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError):
            writer.close()  # whoever asked waits no longer

    def _own(self) -> str:
        text: bytes = generate_latest(self._registry)  # type: ignore[no-untyped-call]
        return text.decode()

    async def _ask(self, number: int) -> str | None:
        path = str(self._seat.socket_of(number))
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_unix_connection(path)
                try:
                    return await _read(reader)
                finally:
                    writer.close()
        except (OSError, TimeoutError, UnicodeDecodeError):
            log.warning("worker_not_scraped", worker=number)
            return None


async def _read(reader: asyncio.StreamReader) -> str | None:
    """Return all that is sent; None if it was broken off, or is no worker's."""
    answer = bytearray()
    while piece := await reader.read(2**16):
        answer += piece
        if len(answer) > MAX_ANSWER_BYTES:
            return None
    text = answer.decode()
    return text if text.endswith(_END) else None


@asynccontextmanager
async def open_siblings(
    seat: Seat, registry: CollectorRegistry, *, shared: Collection[str] = ()
) -> AsyncIterator[Siblings]:
    """Answer the other workers until the end of the block; `shared` is as in `add_up`."""
    siblings = Siblings(seat, registry, shared)
    path = seat.socket_of(seat.number)
    path.unlink(missing_ok=True)  # of a worker that had this seat before, and was killed
    server = await asyncio.start_unix_server(siblings.answer, path)
    try:
        yield siblings
    finally:
        server.close()
        path.unlink(missing_ok=True)
