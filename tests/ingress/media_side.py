"""The media route under test with one ticket, and messages for it."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import WSMsgType, web

from service.ids import Track
from service.ingress.allowance import MediaLimits
from service.ingress.media import MediaRoute
from tests.ingress.recorders import RecordingTicket, SingleUseDoor
from tests.ingress.telnyx_side import LEG, media_lines, message
from tests.web.harness import serving

TOKEN, AUTH = "t0ken-of-a-test", "auth-of-a-test"
CLEAN = media_lines("both_tracks")
TRACKS: tuple[Track, ...] = ("inbound", "outbound")
PATIENT = MediaLimits(start_s=5, farewell_s=1)


def decodable(encoding: str, sample_rate_hz: int) -> bool:
    """Stand for the codecs that the service has."""
    return encoding in ("PCMU", "PCMA", "L16", "G722") and sample_rate_hz in (8000, 16000)


class Media:
    """The route under test with one ticket."""

    def __init__(self, *, limits: MediaLimits = PATIENT) -> None:
        self.ticket = RecordingTicket(LEG)
        self.door = SingleUseDoor({TOKEN: self.ticket})
        self.route = MediaRoute(self.door, decodable=decodable, limits=limits)
        self.close_code: int | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
        """Open a listener; yield the address with the token, and a client."""
        app = web.Application()
        self.route.add_to(app)
        async with serving(app) as (url, client):
            yield f"{url}/media/{TOKEN}", client

    async def play(self, *lines: str | bytes, hang_up: bool = True) -> None:
        """Connect, send, and wait for the other side to close (or close, after a last word)."""
        async with self.serving() as (url, client), client.ws_connect(url) as socket:
            for line in lines:
                if isinstance(line, bytes):
                    await socket.send_bytes(line)
                else:
                    await socket.send_str(line)
            if hang_up:
                await socket.close()
            else:
                async with asyncio.timeout(5):
                    answer = await socket.receive()
                assert answer.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
            self.close_code = socket.close_code

    @property
    def ended(self) -> list[str]:
        """Return how its socket ended, by the counters."""
        return [reason for reason in self.route.counters.sockets if reason != "admitted"]


def start(**fields: object) -> str:
    """Return the golden `start` with other fields."""
    return json.dumps(json.loads(CLEAN[1]) | fields)


def frame(track: str = "inbound", payload: str = "AAAA", **fields: object) -> str:
    """Return one frame of the golden stream."""
    body = {"track": track, "payload": payload, "chunk": "1"}
    stream_id = json.loads(CLEAN[1])["stream_id"]
    return message("media", media=body, **{"stream_id": stream_id, **fields})


def payloads(name: str, track: str) -> bytes:
    """Return what a recording holds of a track, in the order of its lines."""
    lines = [json.loads(line) for line in media_lines(name)]
    media = [line["media"] for line in lines if line["event"] == "media"]
    return b"".join(b64decode(each["payload"]) for each in media if each["track"] == track)
