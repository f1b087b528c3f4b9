"""A simulated Telnyx: it does what it is told, and posts webhooks until they are acknowledged."""

import asyncio
import base64
import itertools
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus

import aiohttp
import msgspec
from aiohttp import web
from nacl.signing import SigningKey

from service.wire.signature import sign
from tests.serving import serve

API_KEY = "KEY-of-chaos"
_ANSWER_S = 5.0
_PAUSE_S = 0.15
"""Between two posts of a webhook that was not acknowledged."""


class Telnyx:
    """Calls whose finals are numbered. `acknowledged` has the texts that were taken."""

    def __init__(self, dice: random.Random, client: aiohttp.ClientSession) -> None:
        self.api_url = ""
        self.webhook_url = ""
        self.acknowledged: dict[str, str] = {}
        """The call of each text."""
        self.answered = asyncio.Event()
        """Set whenever a final is acknowledged."""
        self.repeats = 0
        """Posts of webhooks that had not been acknowledged before."""
        self.completed: set[str] = set()
        """Calls whose hang-up was acknowledged."""
        self.refused: list[int] = []
        """Statuses that Telnyx takes for an answer, and should not have got."""
        self._dice = dice
        self._client = client
        self._key = SigningKey(dice.randbytes(32))
        self._names = (f"call-{number}" for number in itertools.count(1))

    @property
    def public_key(self) -> str:
        """What the portal shows."""
        return base64.b64encode(bytes(self._key.verify_key)).decode()

    async def command(self, request: web.Request) -> web.Response:
        """Do whatever is asked for, and know of no webhook that was given up."""
        if request.method == "POST":
            return web.json_response({"data": {"result": "ok"}})
        if request.path.endswith("/webhook_deliveries"):
            return web.json_response({"data": []})
        return web.json_response({"data": {"is_alive": True}})

    async def keep_calling(self, stop: asyncio.Event, *, finals: int, pause_s: float) -> None:
        """Make one call after the other until told to stop; the last is made to its end."""
        while not stop.is_set():
            call = await self.begin()
            for number in range(finals):
                await self.say(call, number)
                await asyncio.sleep(self._dice.uniform(0.2, 1.8) * pause_s)
            await self.hang_up(call)

    async def begin(self) -> str:
        """Have somebody call, and be answered; return the call."""
        call = next(self._names)
        numbers = {"direction": "incoming", "from": "+12025550133", "to": "+12025550100"}
        await self.post(self.webhook(call, "call.initiated", **numbers))
        await self.post(self.webhook(call, "call.answered"))
        return call

    async def say(self, call: str, number: int) -> None:
        """Have a final be heard, and return once it was acknowledged."""
        await self.post_words(call, text_of(call, number), self.words(call, number))

    def words(self, call: str, number: int) -> bytes:
        """Return the webhook of a final."""
        said = {"transcript": text_of(call, number), "is_final": True, "confidence": 0.9}
        said["transcription_track"] = "inbound"
        return self.webhook(call, "call.transcription", transcription_data=said)

    async def post_words(self, call: str, text: str, body: bytes) -> None:
        """Post a final until it is acknowledged, and remember that it was."""
        if await self.post(body):
            self.acknowledged[text] = call
            self.answered.set()

    async def hang_up(self, call: str) -> None:
        """End a call."""
        if await self.post(self.webhook(call, "call.hangup", hangup_cause="normal_clearing")):
            self.completed.add(call)

    def webhook(self, call: str, kind: str, **payload: object) -> bytes:
        """Return the body of a webhook that occurs now, under an id of its own."""
        ids = {"call_control_id": f"v3:{call}", "call_leg_id": call, "call_session_id": call}
        data = {
            "record_type": "event",
            "event_type": kind,
            "id": f"{self._dice.getrandbits(128):032x}",
            "occurred_at": datetime.now(UTC).isoformat(),
            "payload": {**ids, "client_state": None, "connection_id": "1", **payload},
        }
        return msgspec.json.encode({"data": data})

    async def post(self, body: bytes) -> bool:
        """Post until there is an answer that Telnyx takes for one; return whether it is a 2xx."""
        while True:
            status = await self.post_once(body)
            if status is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR:
                break
            await asyncio.sleep(_PAUSE_S)
            self.repeats += 1
        if status == HTTPStatus.OK:
            return True
        self.refused.append(status)
        return False

    async def post_once(self, body: bytes, *, ago_s: float = 0.0) -> int | None:
        """Post, signed that long ago; return the status, or None if there was no answer."""
        headers = sign(self._key, body, int(time.time() - ago_s))
        timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
        try:
            async with self._client.post(
                self.webhook_url, data=body, headers=headers, timeout=timeout
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None


def text_of(call: str, number: int) -> str:
    """Return what is said: every text of a run is another."""
    return f"{call} says {number}"


def number_of(text: str) -> int:
    """Return the number of a text within its call."""
    return int(text.rpartition(" ")[2])


@asynccontextmanager
async def open_telnyx(dice: random.Random) -> AsyncIterator[Telnyx]:
    """Serve a Telnyx on a free port of this machine."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as client:
        telnyx = Telnyx(dice, client)
        app = web.Application()
        app.router.add_route("*", "/v2/{path:.*}", telnyx.command)
        async with serve(app) as url:
            telnyx.api_url = f"{url}/v2"
            yield telnyx
