"""A radio station over HTTP, whose stream never ends, and an application that takes webhooks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count

from aiohttp import web

from tests.interop.builders import RADIO_BYTES_PER_S
from tests.serving import serve

_BYTES_PER_S = 2 * RADIO_BYTES_PER_S
"""Twice real time: the quickstart's Python program could take five times, and tests cannot wait."""
_PIECE_BYTES = 1_000
_JOINED_AT_BYTES = 3_333
"""A listener tunes in within an MP3 frame."""


class Station:
    """A web server with one programme, an MP3."""

    def __init__(self, programme: bytes) -> None:
        self._programme = programme
        self._off_air = asyncio.Event()
        self.url = ""
        """`/stream.mp3` plays the programme again and again; `/audio.mp3` is the file."""

    def go_off_air(self) -> None:
        """End the stream of every listener."""
        self._off_air.set()

    async def play(self, request: web.Request) -> web.StreamResponse:
        """Send the programme in an endless loop."""
        response = web.StreamResponse(headers={"content-type": "audio/mpeg"})
        await response.prepare(request)
        clock = asyncio.get_running_loop().time
        began = clock()
        with suppress(ConnectionError):  # listeners come and go
            for sent in count(0, _PIECE_BYTES):
                await response.write(self._piece(_JOINED_AT_BYTES + sent))
                if await self._is_over(began + sent / _BYTES_PER_S - clock()):
                    break
        return response

    async def hand_out(self, _: web.Request) -> web.Response:
        """Send the programme once."""
        return web.Response(body=self._programme, content_type="audio/mpeg")

    def _piece(self, at: int) -> bytes:
        at %= len(self._programme)
        piece = self._programme[at : at + _PIECE_BYTES]
        return piece + self._programme[: _PIECE_BYTES - len(piece)]

    async def _is_over(self, within_s: float) -> bool:
        try:
            async with asyncio.timeout(max(within_s, 0)):
                return await self._off_air.wait()
        except TimeoutError:
            return False


@asynccontextmanager
async def open_station(programme: bytes) -> AsyncIterator[Station]:
    """Run a station on a free port of this machine until the end of the block."""
    station = Station(programme)
    app = web.Application()
    app.router.add_get("/stream.mp3", station.play)
    app.router.add_get("/audio.mp3", station.hand_out)
    async with serve(app, shutdown_timeout_s=1.0) as url:
        station.url = url
        try:
            yield station
        finally:
            station.go_off_air()


Webhook = dict[str, object]
"""The headers and the body of a webhook."""


@asynccontextmanager
async def open_application() -> AsyncIterator[tuple[str, list[Webhook]]]:
    """Run a web server that takes every webhook; yield its address and the list, which grows."""
    taken: list[Webhook] = []

    async def take(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        taken.append({"headers": headers, "body": await request.text()})
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhooks", take)
    async with serve(app, shutdown_timeout_s=1.0) as url:
        yield f"{url}/webhooks", taken
