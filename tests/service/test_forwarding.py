"""The tee: an IVR behind the service gets every webhook as Telnyx sent it, and owns the call."""

import asyncio
import signal
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from nacl.encoding import Base64Encoder
from nacl.signing import VerifyKey

from service.wire.signature import parse_public_key, verify
from tests.forwarding.peers import open_application
from tests.ingress.builders import KEY, signed, webhook_body
from tests.service.harness import House, durable, finals, open_house
from tests.service.ivr import Ivr, open_ivr
from tests.service.process import free_port, serving
from tests.waiting import until

SCENARIO = tomllib.loads(
    (Path(__file__).parents[2] / "fixtures/scenarios/slow-ivr.toml").read_text()
)
AGENT = ["Welcome to the slow line.", "What can I do for you?"]
CUSTOMER = ["That is quite all right.", "Nothing, thank you."]
SLOW_S = 0.3
"""How long the IVR takes for each webhook: longer than the service may."""


@dataclass
class SlowIvr(Ivr):
    """It believes what verifies, answers calls, and takes its time."""

    keys: tuple[VerifyKey, ...] = ()
    came: list[dict[str, Any]] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        """The types of what came, in order."""
        return [one["event_type"] for one in self.came]

    async def take(self, request: web.Request) -> web.Response:
        """Take a webhook, in its time."""
        body = await request.read()
        verify(self.keys, request.headers, body, now=int(request.headers["Telnyx-Timestamp"]))
        self.came.append(msgspec.json.decode(body)["data"])
        await asyncio.sleep(SLOW_S)
        return await super().take(request)


async def play(house: House) -> str:
    """Play the scenario to the service as Telnyx's application; return the call's id."""
    report = await house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
    (call,) = report.calls
    assert call.outcome == "normal_clearing"
    await house.watch.until(lambda: not house.missing({call.call_id}))
    return call.call_id


async def test_a_slow_ivr_behind_it_owns_the_call(tmp_path: Path) -> None:
    """Every word once, by the right voice, in one call; every webhook once, in order, as signed."""
    ivr = SlowIvr("", "", "", "", attaches_at="never")
    async with open_ivr(ivr):
        forward = {"forward": {"url": ivr.url, "allow_private": True}}
        async with open_house(tmp_path / "j.db", SCENARIO, forward, source="media") as house:
            ivr.telnyx_url, ivr.api_key = house.telnyx.url, house.telnyx.api_key
            ivr.keys = (parse_public_key(house.telnyx.public_key),)
            await play(house)
            await until(lambda: "call.hangup" in ivr.types)
            history = house.telnyx.history

    (receipts,) = durable(house.receiver.receipts).values()
    assert (finals(receipts, "outbound"), finals(receipts, "inbound")) == (AGENT, CUSTOMER)
    assert receipts[-1].type == "transcript.completed"
    assert ivr.types[:2] == ["call.initiated", "call.answered"]
    assert [one["id"] for one in ivr.came] == [one.event_id for one in history.webhooks]
    assert {one.status for one in history.webhooks} == {200}
    answers = [one for one in history.commands if one.name == "answer"]
    assert len(answers) == 1, "the IVR answers, and the service leaves that to it"


async def test_what_was_acknowledged_is_passed_on_after_a_kill(tmp_path: Path) -> None:
    """Once in effect: Telnyx does not send it again, and the IVR was away."""
    now = time.time()
    bodies = [
        webhook_body("call.initiated.incoming").replace(b'"id": "', b'"id": "%d-' % number, 1)
        for number in range(3)
    ]
    async with open_application() as application:
        application.goes_on.clear()
        settings = {
            "telnyx_api_key": "KEY0123456789",
            "telnyx_public_key": KEY.verify_key.encode(Base64Encoder).decode(),
            "forward": {"url": application.url, "allow_private": True},
        }
        port = free_port()
        async with serving(tmp_path, settings, port) as service, aiohttp.ClientSession() as telnyx:
            for body in bodies:
                url, headers = f"{service.url}/webhooks/telnyx", signed(body, at=now)
                async with telnyx.post(url, data=body, headers=headers) as answer:
                    assert answer.status == 200
            await until(lambda: application.came != [])
            await service.stop(signal.SIGKILL)
        application.came.clear()
        application.goes_on.set()
        async with serving(tmp_path, settings, port):
            await until(lambda: len(application.came) == len(bodies))

    assert [body for body, _ in application.came] == bodies
    assert application.came[0][1]["Telnyx-Signature-Ed25519"]
