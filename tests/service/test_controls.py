"""Pauses and erasures through everything: a simulated Telnyx, the service, a checked receiver."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from service.ids import CallId
from service.journal.sqlite.audit import open_audit
from tests.service.harness import House, asking, durable, finals, journal_of, open_house, texts
from tests.service.virtual_time import in_virtual_time

ROUTES: dict[str, Mapping[str, object]] = {
    "media": {"source": "media", "engine": "Deepgram", "model": "nova-3"},
    "in_call": {"source": "in_call", "engine": "Google"},
}
SAY = [
    {"speaker": "agent", "text": "may I have your card number", "at_ms": 400},
    {
        "speaker": "customer",
        "text": "certainly it is quintillion marmalade zeppelin xylophone obelisk",
        "at_ms": 2500,
    },
    {"speaker": "agent", "text": "wonderful kaleidoscope", "at_ms": 5500},
    {"speaker": "customer", "text": "thank you goodbye", "at_ms": 8500},
]
SECRETS = ("marmalade", "zeppelin", "xylophone", "obelisk", "kaleidoscope")
SCENARIO = {"speed": 1.0, "call": [{"say": SAY}]}
RESUMED_MS = 7_600
"""When what nobody is to hear has been said."""


async def heard(house: House, words: str) -> tuple[CallId, float]:
    """Wait until somebody said this, partly or finally; return the call and its answer's time."""

    def found() -> bool:
        return any(words in str(r.data.get("text", "")).lower() for r in house.receiver.receipts)

    await house.watch.until(found)
    first = next(r for r in house.receiver.receipts if r.type == "call.answered")
    return CallId(first.data["call_id"]), time.time()


async def pause_mid_sentence(house: House) -> None:
    """Pause while the customer speaks, and resume once the words are said."""
    call_id, _ = await heard(house, "certainly")
    paused = await house.service.calls.ask(call_id, "pause", reason="card_payment")
    assert paused is not None
    assert paused.at_ms is not None
    await asyncio.sleep((RESUMED_MS - paused.at_ms) / 1000)  # people take their time to speak
    resumed = await house.service.calls.ask(call_id, "resume", reason="agent")
    assert resumed is not None
    assert resumed.transcription == "on"


@pytest.mark.parametrize("source", ROUTES)
@in_virtual_time
async def test_words_of_a_pause_appear_nowhere(tmp_path: Path, source: str) -> None:
    """Not in a partial, a final, a gap, the journal or a file; what follows is heard again."""
    path = tmp_path / "j.db"
    async with open_house(path, SCENARIO, **ROUTES[source]) as house, asyncio.timeout(60):
        pausing = asyncio.ensure_future(pause_mid_sentence(house))
        await house.play()
        await pausing

    receipts = house.receiver.receipts
    everything = str([receipt.data for receipt in receipts]).lower()
    assert [word for word in SECRETS if word in everything] == []
    spoken = [receipt.data["text"] for receipt in receipts if receipt.type == "transcript.final"]
    assert spoken[-1] == "thank you goodbye"
    types = [receipt.type for receipt in receipts]
    assert types.index("transcription.paused") < types.index("transcription.resumed")
    assert "transcript.gap" not in types
    with open_audit(path) as audit:
        assert [word for word in SECRETS if audit.where_found(word)] == []


@in_virtual_time
async def test_the_books_of_a_paused_call_sum_up(tmp_path: Path) -> None:
    """What was paused is told in milliseconds."""
    async with open_house(tmp_path / "j.db", SCENARIO, **ROUTES["media"]) as house:
        pausing = asyncio.ensure_future(pause_mid_sentence(house))
        await house.play()
        await pausing

    assert finals(house.receiver.receipts, "outbound") == ["may I have your card number"]
    assert finals(house.receiver.receipts, "inbound")[-1] == "thank you goodbye"
    told = {receipt.type: receipt.data for receipt in house.receiver.receipts}
    resumed, completed = told["transcription.resumed"], told["transcript.completed"]
    paused_ms = resumed["start_ms"] - resumed["paused_since_ms"]
    for books in completed["coverage"].values():
        assert books["paused_ms"] == paused_ms
        told_ms = sum(books[f"{kind}_ms"] for kind in ("transcribed", "silence", "paused", "lost"))
        assert told_ms == completed["duration_ms"]


@in_virtual_time
async def test_a_call_that_is_erased_while_people_talk_leaves_a_tombstone(tmp_path: Path) -> None:
    """The receiver is told; what Telnyx and the recogniser still send comes to nothing."""
    path = tmp_path / "j.db"
    async with open_house(path, SCENARIO, **ROUTES["media"], record="audio") as house:
        playing = asyncio.ensure_future(
            house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
        )
        call_id, _ = await heard(house, "certainly")
        async with asking(house, path) as client:
            pause = f"/v1/calls/{call_id}/transcription/pause"
            async with client.post(pause) as answer:
                assert (await answer.json())["transcription"] == "paused"
            for _ in range(2):  # again is harmless
                async with client.delete(f"/v1/calls/{call_id}") as answer:
                    assert answer.status == 204
            async with client.post(pause) as answer:
                assert answer.status == 404
        await house.watch.until(
            lambda: any(r.type == "transcript.erased" for r in house.receiver.receipts)
        )
        await playing

    (stored,) = (await journal_of(path, [call_id])).values()
    assert [event.type for event in stored] == ["transcript.erased"]
    assert texts(stored) == []
    assert durable(house.receiver.receipts)[call_id][-1].type == "transcript.erased"
    with open_audit(path) as audit:
        assert audit.left_of_erased() == []
        assert [audit.where_found(word) for word in ("certainly", *SECRETS)] == [[]] * 6
        assert audit.stray_recordings(tmp_path / "recordings") == []
