"""Calls of somebody else's call flow: attached to, and told of by copies of its webhooks."""

import time
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from service.demo.receiver import Receipt
from service.journal.sqlite.keys import open_sqlite_keys
from tests.api.builders import new_key
from tests.service.harness import House, durable, finals, open_house
from tests.service.ivr import Ivr, open_ivr
from tests.service.virtual_time import in_virtual_time

SCENARIO = tomllib.loads(
    (Path(__file__).parents[2] / "fixtures/scenarios/attach-mid-call.toml").read_text()
)
BESIDE = {"name": "beside", "match": {"to": "nobody"}}
"""A route that gets no call but those that are asked for."""
WISH = {"route": "beside", "metadata": {"ticket": "T-7"}}
AGENT = ["Of course.", "Of course, to which day?"]
CUSTOMER = ["I would like to move my booking.", "Tuesday would be lovely."]


@asynccontextmanager
async def beside(
    folder: Path,
    route: Mapping[str, object],
    **ivr: Any,  # noqa: ANN401 - its fields
) -> AsyncIterator[tuple[House, Ivr]]:
    """Open everything, with an IVR that owns the calls."""
    path = folder / "j.db"
    async with open_house(path, SCENARIO, **{**BESIDE, **route}) as house:
        async with open_sqlite_keys(path) as keys:
            key = await new_key(keys, "calls:write", now=time.time())
        flow = Ivr(house.telnyx.url, house.telnyx.api_key, house.service.url, key, wish=WISH, **ivr)
        await house.service.carrier.ready()
        async with open_ivr(flow):
            yield house, flow


async def play(house: House, ivr: Ivr) -> list[Receipt]:
    """Play the scenario to the IVR as Telnyx's application; return the one call's events."""
    report = await house.telnyx.run(webhook_url=ivr.url)
    (call,) = report.calls
    assert call.outcome == "normal_clearing"
    await house.watch.until(lambda: not house.missing({call.call_id}))
    (receipts,) = durable(house.receiver.receipts).values()
    return receipts


@in_virtual_time
async def test_a_call_is_transcribed_from_the_middle_on(tmp_path: Path) -> None:
    """By its audio, though none of its webhooks come here: every word once, by the right voice."""
    ivr = {"attaches_at": "call.transcription", "listens": True}
    async with beside(tmp_path, {"source": "media"}, **ivr) as (house, flow):
        receipts = await play(house, flow)

    assert [receipt.type for receipt in receipts][:4] == [
        "call.started",
        "call.attached",
        "call.answered",
        "transcription.started",
    ]
    assert (finals(receipts, "outbound"), finals(receipts, "inbound")) == (AGENT, CUSTOMER)
    assert {receipt.data["metadata"]["ticket"] for receipt in receipts} == {"T-7"}
    (first, *_) = (one for one in receipts if one.type == "transcript.final")
    assert first.data["role"] == "customer"
    assert first.data["start_ms"] < 5_500, (
        "seven seconds into the talk, counted from the attachment"
    )
    assert receipts[1].data["before_ms"] > 0
    assert receipts[-1].type == "transcript.completed"
    (once, *again) = flow.answers
    assert again, "it asked at each word that it heard"
    assert all(answer == once for answer in again)
    assert once[0] == 200
    assert len([one for one in receipts if one.type == "call.attached"]) == 1


@in_virtual_time
async def test_in_call_words_come_by_copies(tmp_path: Path) -> None:
    """Their signatures hold, and commands are left to the IVR, whose call no route matches."""
    ivr = {"attaches_at": "call.answered", "copies": True}
    route = {"source": "in_call", "engine": "Telnyx"}
    async with beside(tmp_path, route, **ivr) as (house, flow):
        receipts = await play(house, flow)

    assert set(flow.copied) == {200}
    said = finals(receipts, "outbound"), finals(receipts, "inbound")
    assert said == (["Welcome, please hold the line.", *AGENT], CUSTOMER)
    assert [one.type for one in receipts].count("call.attached") == 1
    assert receipts[-1].type == "transcript.completed"


@in_virtual_time
async def test_a_leg_that_is_over_or_unknown_is_told(tmp_path: Path) -> None:
    """409 after its end; 404 for an id that nobody has."""
    async with beside(tmp_path, {"source": "media"}, attaches_at="call.hangup") as (house, flow):
        report = await house.telnyx.run(webhook_url=flow.url)
        unknown = await flow.attach("v3:nobody")

    assert [status for status, _ in flow.answers] == [409, 404]
    assert unknown[1]["detail"] == "There is no such leg."
    assert report.calls[0].outcome == "normal_clearing"
    assert house.receiver.receipts == []
