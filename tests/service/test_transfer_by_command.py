"""An application behind the tee that transfers its callers by command, twice."""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from aiohttp import web

from tests.service.harness import durable, open_house
from tests.service.ivr import Ivr, open_ivr
from tests.waiting import until

SCENARIO = {
    "seed": 31,
    "speed": 2,
    "recogniser": "script",
    "call": [
        {
            "callee": {"picks_up_after_s": 0.1},
            "hangs_up": "service",
            "say": [
                {"speaker": "agent", "at_ms": 2000, "text": "Front desk, hello.", "who": 0},
                {"speaker": "customer", "at_ms": 5000, "text": "Billing, if you please."},
                {"speaker": "agent", "at_ms": 12000, "text": "Billing here, good day.", "who": 1},
                {"speaker": "customer", "at_ms": 15000, "text": "My invoice is wrong."},
            ],
        }
    ],
}
DESK, BILLING = "+13125550171", "+13125550172"


@dataclass
class FrontDesk(Ivr):
    """It transfers who calls to the desk, and whoever says so to billing; then it hangs up."""

    caller: str = ""
    came: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Take a webhook, and do what follows."""
        event = msgspec.json.decode(await request.read())["data"]
        leg, kind = event["payload"]["call_control_id"], event["event_type"]
        self.came.append(kind)
        words = event["payload"].get("transcription_data", {}).get("transcript", "")
        if kind == "call.initiated" and not self.caller:
            self.caller = leg
            await self._command(leg, "answer", {})
        elif kind == "call.answered" and leg == self.caller:
            await self._command(leg, "transfer", {"to": DESK})
        elif words.startswith("Billing, if"):
            await self._command(self.caller, "transfer", {"to": BILLING})
        elif words.startswith("My invoice"):
            await self._command(self.caller, "hangup", {})
        return web.Response()


async def test_roles_follow_the_legs_through_transfers_by_command(tmp_path: Path) -> None:
    """One call, every word once, customer and agents by their roles; the desk's leg is gone."""
    desk = FrontDesk("", "", "", "", attaches_at="never")
    route = {"source": "in_call", "engine": "Telnyx"}
    async with open_ivr(desk):
        forward = {"forward": {"url": desk.url, "allow_private": True}}
        async with open_house(tmp_path / "j.db", SCENARIO, forward, **route) as house:
            desk.telnyx_url, desk.api_key = house.telnyx.url, house.telnyx.api_key
            await house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
            await house.watch.until(
                lambda: any(one.type == "transcript.completed" for one in house.receiver.receipts)
            )
            await until(lambda: desk.came.count("call.hangup") == 3)

    (receipts,) = durable(house.receiver.receipts).values()
    said = {
        one.data["text"]: one.data["role"] for one in receipts if one.type == "transcript.final"
    }
    assert said == {
        "Front desk, hello.": "agent",
        "Billing, if you please.": "customer",
        "Billing here, good day.": "agent",
        "My invoice is wrong.": "customer",
    }
    assert len([one for one in receipts if one.type == "transcript.final"]) == 4
    assert [one.type for one in receipts].count("call.transferred") == 1
    (ended,) = [one.data for one in receipts if one.type == "call.ended"]
    assert [one["number"] for one in ended["participants"]][1:] == [DESK, BILLING]
    assert [one["role"] for one in ended["participants"]] == ["customer", "agent", "agent"]
