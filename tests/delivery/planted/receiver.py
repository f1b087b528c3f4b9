"""A good receiver of webhooks, in steps that a fault may have another way of."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

from service.calls.events import CallAnswered, CallEnded, CallStarted
from tests.delivery.builders import SECRET
from tests.serving import serve

_KEY: Final = base64.b64decode(SECRET.removeprefix("whsec_"))
KNOWN: Final = {
    *(CallStarted.type, CallAnswered.type, CallEnded.type, "call.report", "endpoint.disabled"),
    *("transcript.partial", "transcript.final", "transcript.gap", "transcript.erased"),
    *("recording.transcribed", "endpoint.test"),
}
Event = dict[str, Any]


class RefusedError(Exception):
    """What is answered at once."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__()


class Crm:
    """A good one: the steps of taking a webhook, each of which a fault may have another way of."""

    def __init__(self) -> None:
        self.had: set[str] = set()
        self.marked: set[str] = set()
        self.busy = 0
        self.is_broken = False

    async def take(self, request: web.Request) -> web.Response:
        """Take one webhook."""
        self.busy += 1
        try:
            return web.Response(status=await self.answer(request))
        except RefusedError as refused:
            return web.Response(status=refused.status)
        finally:
            self.busy -= 1

    async def answer(self, request: web.Request) -> int:
        """Read, verify, and take: return the status."""
        headers = self.headers(request)
        self.begin(headers.get("webhook-id", ""))
        try:
            body = self.cut(await request.read())
        except ConnectionError:
            self.broke_off()
            return 400
        if not self.trusts(headers) and not self.is_genuine(headers, body):
            return self.refusal()
        sent = json.loads(body)
        return self.events(headers["webhook-id"], headers, sent)

    def headers(self, request: web.Request) -> dict[str, str]:
        """Return the headers by their names in small letters."""
        return {name.lower(): value for name, value in request.headers.items()}

    def begin(self, webhook_id: str) -> None:
        """Do something before the body is there."""

    def broke_off(self) -> None:
        """Do something once a body ended before its end."""

    def cut(self, body: bytes) -> bytes:
        """Return what is read of a body."""
        return body

    def trusts(self, headers: Mapping[str, str]) -> bool:
        """Say whether to look at no signature."""
        del headers
        return False

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Say whether it is signed, and of now."""
        try:
            webhook_id, stamp = headers["webhook-id"], int(headers["webhook-timestamp"])
            given = self.signatures(headers["webhook-signature"])
        except (KeyError, ValueError):
            return False
        signed = f"{webhook_id}.{stamp}.".encode() + self.signed(body)
        mine = "v1," + base64.b64encode(hmac.digest(_KEY, signed, hashlib.sha256)).decode()
        return self.fits(mine, given) and self.is_fresh(time.time() - stamp)

    def signatures(self, header: str) -> Sequence[str]:
        """Return what is read of the header."""
        return header.split()

    def signed(self, body: bytes) -> bytes:
        """Return what of a body was signed."""
        return body

    def fits(self, mine: str, given: Sequence[str]) -> bool:
        """Say whether one of the signatures is right."""
        return any(hmac.compare_digest(mine.encode(), one.encode()) for one in given)

    def is_fresh(self, age_s: float) -> bool:
        """Say whether a time stamp is of now."""
        return abs(age_s) <= 300

    def refusal(self) -> int:
        """Return what forgeries are answered with."""
        return 401

    def events(self, webhook_id: str, headers: Mapping[str, str], sent: Any) -> int:  # noqa: ANN401 - JSON
        """Take what came."""
        del headers
        known = webhook_id in self.had
        self.had.add(webhook_id)
        events: list[Event] = sent if isinstance(sent, list) else [sent]
        return max(self.event(one, known=known) for one in events)

    def event(self, event: Event, *, known: bool) -> int:
        """Take an event, which came before under this id or did not."""
        del event, known
        return 204


FAULTS: Final[dict[type[Crm], str]] = {}
"""Receivers with a planted fault, and the check that is to name it."""


def named_by(check: str) -> Callable[[type[Crm]], type[Crm]]:
    """Say which check names a fault."""

    def note(faulty: type[Crm]) -> type[Crm]:
        FAULTS[faulty] = check
        return faulty

    return note


@asynccontextmanager
async def open_crm(kind: type[Crm] = Crm) -> AsyncIterator[str]:
    """Serve a receiver; yield where."""
    app = web.Application(client_max_size=4 * 1024 * 1024)
    app.router.add_post("/hooks/calls", kind().take)
    async with serve(app) as url:
        yield f"{url}/hooks/calls"
