"""Where audio is to be had over HTTP: a radio station that never ends, and a file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count

from aiohttp import web

from tests.interop.builders import RADIO_BYTES_PER_S

_BYTES_PER_S = 2 * RADIO_BYTES_PER_S
"""Twice real time: the quickstart's Python program could take five times, and tests cannot wait."""
_PIECE_BYTES = 1_000
_JOINED_AT_BYTES = 3_333
"""Whoever tunes in does so in the middle of an MP3 frame."""


class Station:
    """A web server with one programme, an MP3."""

    def __init__(self, programme: bytes) -> None:
        self._programme = programme
        self._off_air = asyncio.Event()
        self.url = ""
        """`/stream.mp3` plays the programme again and again; `/audio.mp3` is the file."""

    def go_off_air(self) -> None:
        """End the stream of all who listen."""
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
async def broadcasting(programme: bytes) -> AsyncIterator[Station]:
    """Run a station on a free port of this machine until the end of the block."""
    station = Station(programme)
    app = web.Application()
    app.router.add_get("/stream.mp3", station.play)
    app.router.add_get("/audio.mp3", station.hand_out)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        station.url = "http://{}:{}".format(*runner.addresses[0])
        yield station
    finally:
        station.go_off_air()
        await runner.cleanup()
