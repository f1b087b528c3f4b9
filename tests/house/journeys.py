"""How many steps the three journeys through the house take, counted while they are made.

A step is a call from one file of the service into another, on any thread. `python
tests/house/journeys.py [TRIPS]` prints, for each journey, the steps and how many files it passes,
of the shortest of several trips. It uses the service from outside only, so that it runs on older
checkouts as well: `PYTHONPATH=CHECKOUT python tests/house/journeys.py`.
"""

import asyncio
import base64
import json
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import aiohttp
from aiohttp import web
from nacl.signing import SigningKey
from websockets.asyncio.server import ServerConnection, serve

from service import __file__ as service_file
from service.app import running
from service.settings import Settings
from service.wire.signature import sign

SERVICE: Final = str(Path(service_file).parent)
KEY: Final = SigningKey(bytes(range(32)))
TRIPS: Final = 7
FRAME: Final = base64.b64encode(b"\x7f" * 160).decode()
WAIT_S: Final = 20.0


class StuckError(Exception):
    """A journey that does not get on; the text says what it waits for."""


class Steps:
    """Counts calls that lead from one file of the service into another, while it is on."""

    def __init__(self) -> None:
        self.on = False
        self.count = 0
        self.files: set[str] = set()
        self._begins_at: dict[CodeType, int] = {}

    def look(self, frame: FrameType, event: str, _: object) -> None:
        """See `sys.setprofile`. To resume a coroutine is no call, and neither is an expression."""
        code = frame.f_code
        file = code.co_filename
        if event != "call" or not file.startswith(SERVICE) or code.co_name.startswith("<"):
            return
        begins_at = self._begins_at.setdefault(code, frame.f_lasti)
        if not self.on or frame.f_lasti > begins_at:
            return
        self.files.add(file)
        above = frame.f_back
        while above is not None and not above.f_code.co_filename.startswith(SERVICE):
            above = above.f_back
        if above is None or above.f_code.co_filename != file:
            self.count += 1


@dataclass
class Peers:
    """Telnyx's API, its STT service and a receiver of webhooks, as plain as they can be."""

    commands: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    received: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    sessions: list[ServerConnection] = field(default_factory=list)

    async def command(self, request: web.Request) -> web.Response:
        """Take a command."""
        body = await request.json() if request.can_read_body else {}
        await self.commands.put({"path": request.path, **body})
        return web.json_response({"data": {"result": "ok"}})

    async def deliver(self, request: web.Request) -> web.Response:
        """Take a webhook of ours."""
        await self.received.put(await request.json())
        return web.Response()

    async def stt(self, socket: ServerConnection) -> None:
        """Take the audio of a track, say nothing by itself, and close when it is asked to."""
        self.sessions.append(socket)
        async for message in socket:
            if isinstance(message, str) and json.loads(message)["type"] == "CloseStream":
                return

    async def until(self, kind: str, text: str) -> None:
        """Wait for an event with this text."""
        async with patience(f"a {kind} at the receiver"):
            while True:
                event = await self.received.get()
                if event["type"] == kind and event["data"].get("text") == text:
                    return

    async def until_media_is_asked_for(self) -> dict[str, Any]:
        """Wait for the command that has a leg's audio streamed; return what it says."""
        async with patience("the command to stream a leg's audio"):
            while True:
                asked = await self.commands.get()
                if "stream_url" in asked:
                    return asked


@asynccontextmanager
async def patience(thing: str) -> AsyncIterator[None]:
    """Bound how long something is waited for.

    Raises:
        StuckError: It did not come.
    """
    try:
        async with asyncio.timeout(WAIT_S):
            yield
    except TimeoutError as error:
        raise StuckError(f"{thing} did not come within {WAIT_S:g} s") from error


@dataclass
class Telnyx:
    """Posts signed webhooks of one leg, and opens its media WebSocket."""

    url: str
    http: aiohttp.ClientSession
    leg: str

    async def post(self, kind: str, **payload: object) -> None:
        """Post a webhook and wait for its 2xx."""
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        about = {
            "call_control_id": self.leg,
            "call_session_id": f"session {self.leg}",
            "direction": "incoming",
            "from": "+13125550100",
            "to": "+13125550111",
            "connection_id": "17",
        }
        data = {
            "id": f"{kind} {time.monotonic_ns()}",
            "event_type": kind,
            "occurred_at": at,
            "record_type": "event",
            "payload": about | payload,
        }
        body = json.dumps({"data": data}).encode()
        headers = {**sign(KEY, body, int(time.time())), "Content-Type": "application/json"}
        async with self.http.post(self.url, data=body, headers=headers) as answer:
            answer.raise_for_status()

    async def answered(self) -> None:
        """Have the leg ring and be answered."""
        await self.post("call.initiated", state="parked")
        await self.post("call.answered")


@dataclass
class House:
    """The service between its peers."""

    url: str
    peers: Peers
    http: aiohttp.ClientSession
    steps: Steps

    def leg(self, name: str) -> Telnyx:
        """Return a leg that nobody used yet."""
        return Telnyx(self.url + "/webhooks/telnyx", self.http, name)

    async def count(self, trip: Awaitable[None]) -> tuple[int, int]:
        """Return how many steps a trip took, and through how many files."""
        self.steps.count, self.steps.files, self.steps.on = 0, set(), True
        await trip
        self.steps.on = False
        return self.steps.count, len(self.steps.files)


@asynccontextmanager
async def open_house(steps: Steps, **route: object) -> AsyncIterator[House]:
    """Open the service with one route."""
    peers = Peers()
    app = web.Application()
    app.router.add_post("/hooks", peers.deliver)
    app.router.add_route("*", "/{rest:.*}", peers.command)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        runner = web.AppRunner(app)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        stt = await stack.enter_async_context(serve(peers.stt, "127.0.0.1", 0))
        stt_port = next(iter(stt.sockets)).getsockname()[1]
        http = await stack.enter_async_context(aiohttp.ClientSession())
        settings = Settings.model_validate(
            {
                "listen": "127.0.0.1:0",
                "database_url": f"sqlite:///{folder}/journal.db",
                "drain_timeout_s": 1,
                "telnyx_api_key": "KEY",
                "telnyx_public_key": base64.b64encode(bytes(KEY.verify_key)).decode(),
                "telnyx_base_url": f"http://127.0.0.1:{port}",
                "telnyx_stt_url": f"ws://127.0.0.1:{stt_port}/stt",
                "route": {"0": {"endpoints": ["crm"], **route}},
                "endpoint": {
                    "0": {
                        "name": "crm",
                        "type": "webhook",
                        "url": f"http://127.0.0.1:{port}/hooks",
                        "secret": "whsec_" + base64.b64encode(bytes(32)).decode(),
                        "allow_private": True,
                    }
                },
            }
        )
        async with running(settings) as service:
            yield House(service.url, peers, http, steps)


async def webhook_to_delivery(steps: Steps, times: int) -> list[tuple[int, int]]:
    """From a webhook's body, with words that Telnyx heard, to a webhook of ours."""
    trips = []
    async with open_house(steps, source="in_call", engine="Telnyx") as house:
        leg = house.leg("a")
        await leg.answered()
        for number in range(times):
            words = {"transcript": f"word {number}", "is_final": True, "confidence": 0.9}

            async def trip(words: dict[str, object] = words, number: int = number) -> None:
                await leg.post("call.transcription", transcription_data=words)
                await house.peers.until("transcript.final", f"word {number}")

            await asyncio.sleep(0.5)  # what the trip before left behind is over
            trips.append(await house.count(trip()))
    return trips


async def audio_journeys(steps: Steps, times: int) -> dict[str, list[tuple[int, int]]]:
    """From a frame to the recogniser, and from its words to a webhook of ours."""
    words: list[tuple[int, int]] = []
    async with open_house(steps, source="media") as house, AsyncExitStack() as stack:
        leg = house.leg("b")
        await leg.answered()
        asked = await house.peers.until_media_is_asked_for()
        headers = {"X-Telnyx-Streaming-Auth-Token": asked.get("stream_auth_token", "")}
        socket = await stack.enter_async_context(
            house.http.ws_connect(asked["stream_url"], headers=headers)
        )
        start = {
            "call_control_id": "b",
            "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
        }
        await socket.send_json({"event": "start", "stream_id": "s", "start": start})
        send = _Frames(socket)
        await send.for_s(1.0)
        async with patience("a session with the recogniser for each track"):
            while len(house.peers.sessions) < 2:
                await send.for_s(0.2)
        frames = [await house.count(send.for_s(0.1)) for _ in range(times)]
        for number in range(times):
            said = {"transcript": f"word {number}", "is_final": True}

            async def trip(said: dict[str, object] = said, number: int = number) -> None:
                await house.peers.sessions[0].send(json.dumps(said))
                await house.peers.until("transcript.final", f"word {number}")

            await asyncio.sleep(0.5)
            words.append(await house.count(trip()))
            await send.for_s(1.0)
    return {"100 ms of audio -> the recogniser": frames, "its words -> a delivery": words}


class _Frames:
    """Sends the frames of both tracks at the pace at which people talk."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0

    async def for_s(self, duration_s: float) -> None:
        """Send that much of both tracks."""
        for _ in range(round(duration_s / 0.02)):
            self._number += 1
            for track in ("inbound", "outbound"):
                media = {
                    "track": track,
                    "chunk": str(self._number),
                    "timestamp": str(self._number * 20),
                    "payload": FRAME,
                }
                await self._socket.send_json({"event": "media", "stream_id": "s", "media": media})
            await asyncio.sleep(0.02)


async def main(watch: Callable[[Steps], None], times: int) -> None:
    """Make all journeys and print what they took."""
    steps = Steps()
    watch(steps)
    trips = {"a webhook -> a delivery": await webhook_to_delivery(steps, times)}
    trips |= await audio_journeys(steps, times)
    print(f"{'journey':<40}{'steps':>8}{'files':>8}")
    for name, made in trips.items():
        count, files = min(made)
        print(f"{name:<40}{count:>8}{files:>8}")


def _times(arguments: list[str]) -> int:
    """Return how many trips are asked for."""
    if not arguments:
        return TRIPS
    if len(arguments) > 1 or not arguments[0].isdecimal() or int(arguments[0]) == 0:
        sys.exit("usage: python tests/house/journeys.py [TRIPS], of which there is at least one")
    return int(arguments[0])


def _watch(steps: Steps) -> None:
    threading.setprofile(steps.look)
    sys.setprofile(steps.look)


if __name__ == "__main__":
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        asyncio.run(main(_watch, _times(sys.argv[1:])))
    except StuckError as stuck:
        sys.exit(f"the journey cannot be made: {stuck}")
