"""Somebody else's call flow: it owns the webhooks of a call, answers it, and has it transcribed."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from tests.serving import serve

SIGNED = ("Telnyx-Signature-Ed25519", "Telnyx-Timestamp", "Content-Type")


@dataclass
class Ivr:
    """Answers each call; at an event of the type `attaches_at`, it has Callscribe attach.

    With `copies`, it passes each webhook on to Callscribe as well, as it came.
    """

    telnyx_url: str
    api_key: str
    callscribe_url: str
    callscribe_key: str
    attaches_at: str
    wish: Mapping[str, Any] = field(default_factory=dict)
    copies: bool = False
    listens: bool = False
    """Whether it has Telnyx transcribe the call for itself, too."""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    """What Callscribe said to it."""
    copied: list[int] = field(default_factory=list)
    """What it said to copies."""
    url: str = ""
    session: aiohttp.ClientSession | None = None

    async def take(self, request: web.Request) -> web.Response:
        """Take a webhook of Telnyx's."""
        body = await request.read()
        event = msgspec.json.decode(body)["data"]
        if self.copies:
            headers = {name: request.headers[name] for name in SIGNED}
            await self._copy(body, headers)
        leg = event["payload"]["call_control_id"]
        if event["event_type"] == "call.initiated":
            await self._command(leg, "answer", {})
        if event["event_type"] == "call.answered" and self.listens:
            engine = {"transcription_engine": "Telnyx", "transcription_tracks": "both"}
            await self._command(leg, "transcription_start", engine)
        if event["event_type"] == self.attaches_at:
            await self.attach(leg)
        return web.Response()

    async def attach(self, leg: str) -> tuple[int, Any]:
        """Have Callscribe attach to a leg; return what it answered."""
        headers = {"Authorization": f"Bearer {self.callscribe_key}"}
        wish = {"call_control_id": leg, **self.wish}
        url = self.callscribe_url + "/v1/calls"
        async with self.http.post(url, json=wish, headers=headers) as reply:
            answer = (reply.status, await reply.json(content_type=None))
        self.answers.append(answer)
        return answer

    @property
    def http(self) -> aiohttp.ClientSession:
        """What it asks others by."""
        assert self.session is not None
        return self.session

    async def _copy(self, body: bytes, headers: Mapping[str, str]) -> None:
        url = self.callscribe_url + "/webhooks/telnyx"
        async with self.http.post(url, data=body, headers=headers) as reply:
            self.copied.append(reply.status)

    async def _command(self, leg: str, name: str, body: Mapping[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {self.api_key}"}
        url = f"{self.telnyx_url}/calls/{leg}/actions/{name}"
        async with self.http.post(url, json=body, headers=headers) as reply:
            assert reply.status == 200


@asynccontextmanager
async def open_ivr(ivr: Ivr) -> AsyncIterator[Ivr]:
    """Serve it."""
    app = web.Application()
    app.router.add_post("/", ivr.take)
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout) as ivr.session, serve(app) as ivr.url:
        yield ivr
