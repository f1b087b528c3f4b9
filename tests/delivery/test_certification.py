"""Certification, against receivers with one planted fault each."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service.calls.events import CallAnswered, CallEnded, CallStarted
from service.delivery.certification import certify
from service.errors import SettingsError
from tests.delivery.builders import SECRET
from tests.serving import serve

KNOWN_TYPES = {CallStarted.type, CallAnswered.type, CallEnded.type, "transcript.erased"}
FAULTS = {
    "trusts_everybody": "a signature of somebody else",
    "trusts_the_id": "a body that was changed",
    "trusts_what_is_not_signed": "no signature",
    "never_looks_at_the_time": "an old time stamp",
    "reads_one_signature": "two signatures, as while secrets rotate",
    "refuses_repeats": "the same event twice",
    "wants_one_call_at_a_time": "two calls at once",
    "knows_all_types": "a type that nobody knows yet",
    "knows_all_fields": "fields that nobody knows yet",
    "breaks_at_erasures": "an erasure",
    "takes_one_at_a_time": "a slow sender, beside a quick one",
    "remembers_too_early": "a sender that hangs up in the middle",
    "moved": "a call's events, signed",
    "breaks_and_forgets": "a call's events, signed",
}


class Crm:
    """A receiver as the README has it, with a fault or none."""

    def __init__(self, fault: str = "") -> None:
        self._fault = fault
        self._webhook = Webhook(SECRET)
        self._known: set[str] = set()
        self._call = ""
        self._lock = asyncio.Lock()

    async def take(self, request: web.Request) -> web.Response:
        """Take one webhook."""
        if self._fault == "takes_one_at_a_time":
            async with self._lock:
                return await self._take(request)
        return await self._take(request)

    async def _take(self, request: web.Request) -> web.Response:
        webhook_id = request.headers["webhook-id"]
        if self._fault == "remembers_too_early":
            if webhook_id in self._known and "aborted" in webhook_id:
                return web.Response(status=409)
            self._known.add(webhook_id)
        body = await request.read()
        try:
            event = self._verify(body, request)
        except WebhookVerificationError:
            return web.Response(status=401)
        return web.Response(status=self._handle(webhook_id, event))

    def _verify(self, body: bytes, request: web.Request) -> Any:  # noqa: ANN401 - JSON
        headers = dict(request.headers)
        signature = headers["webhook-signature"]
        match self._fault:
            case "trusts_everybody":
                return json.loads(body)
            case "trusts_the_id" | "never_looks_at_the_time":
                signed = b"" if self._fault == "trusts_the_id" else body
                self._check(headers, signed)
                return json.loads(body)
            case "trusts_what_is_not_signed" if not signature:
                return json.loads(body)
            case "reads_one_signature":
                headers["webhook-signature"] = signature.split()[0] if signature else ""
        return self._webhook.verify(body, headers)

    def _check(self, headers: dict[str, str], body: bytes) -> None:
        if self._fault == "trusts_the_id":
            return
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        mine = base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
        if f"v1,{mine}" not in headers["webhook-signature"].split():
            raise WebhookVerificationError("it is not ours")

    def _handle(self, webhook_id: str, event: dict[str, Any]) -> int:
        kind, call, known = event["type"], event["data"]["call_id"], webhook_id in self._known
        self._known.add(webhook_id)
        if event["data"].get("seq") == 1 and not known:
            self._call = call
        wrong = {
            "refuses_repeats": (known, 409),
            "wants_one_call_at_a_time": (not known and call != self._call, 400),
            "knows_all_types": (kind not in KNOWN_TYPES, 400),
            "knows_all_fields": ("something_new" in event, 422),
            "breaks_at_erasures": (kind == "transcript.erased", 500),
            "moved": (True, 302),
            "breaks_and_forgets": (True, 409 if known else 500),
        }
        bothered, status = wrong.get(self._fault, (False, 204))
        return status if bothered else 204


@asynccontextmanager
async def open_crm(fault: str = "") -> AsyncIterator[str]:
    """Serve a receiver; yield where."""
    app = web.Application()
    app.router.add_post("/hooks/calls", Crm(fault).take)
    async with serve(app) as url:
        yield f"{url}/hooks/calls"


async def problems_of(fault: str) -> dict[str, str]:
    """Certify a receiver with this fault; return what is wrong, by check."""
    async with open_crm(fault) as url:
        findings = await certify(url, SECRET)
    return {one.check: one.problem for one in findings if one.problem is not None}


async def test_a_receiver_without_a_fault_passes() -> None:
    """As the README has it."""
    assert await problems_of("") == {}


async def test_the_receiver_of_the_readme_passes() -> None:
    """As it stands there, with the secret put in."""
    text = (Path(__file__).parents[2] / "README.md").read_text()
    (code,) = re.findall(
        r"```python\n(# pip install aiohttp standard.*?)web\.run_app", text, re.DOTALL
    )
    names: dict[str, Any] = {}
    exec(code.replace("whsec_…", SECRET), names)  # noqa: S102 - our own page

    async with serve(names["app"]) as url:
        findings = await certify(f"{url}/hooks/calls", SECRET)

    assert {one.check: one.problem for one in findings if one.problem} == {}


async def test_every_planted_fault_is_named() -> None:
    """By the check that it fails, whatever else it fails."""
    found = dict(zip(FAULTS, await asyncio.gather(*map(problems_of, FAULTS)), strict=True))

    assert {fault: check in found[fault] for fault, check in FAULTS.items()} == dict.fromkeys(
        FAULTS, True
    )


async def test_a_receiver_that_is_not_there_fails_everything() -> None:
    """Nothing is taken for a refusal."""
    findings = await certify("http://127.0.0.1:1/hooks", SECRET)

    assert all(one.problem for one in findings)
    assert "did not answer" in str(findings[0].problem)


async def test_a_secret_that_is_none_is_told() -> None:
    """Without repeating it."""
    with pytest.raises(SettingsError, match="should be whsec_"):
        await certify("http://127.0.0.1:1/hooks", "whsec_?")
