"""Calls of which everything comes in at another worker than theirs."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from service.ids import CallId
from tests.service.harness import durable, finals
from tests.service.test_whole_service import AGENT, CALL, CUSTOMER, ROUGH, ROUTES
from tests.waiting import until
from tests.workers.harness import Office, open_office

WORDS = [f"word{number}" for number in range(40)]
TEXT = " ".join(WORDS)
UNTOLD_MS, WORD_MS = 500, 250
"""A gap that is told is at least so long; a word of these takes longer than that."""
THREE: Mapping[str, object] = {"seed": 5, "call": [CALL | {"count": 3, "every_s": 0.1}]}


def check(office: Office) -> None:
    """Check that the receiver saw three orderly calls, and no event under two ids."""
    calls = durable(office.receiver.receipts)
    assert len(calls) == 3
    for receipts in calls.values():
        seqs = [receipt.data["seq"] for receipt in receipts]
        first = list(dict.fromkeys(seqs))
        assert first == list(range(1, len(first) + 1))
        once = list({receipt.data["seq"]: receipt for receipt in receipts}.values())
        assert sorted(finals(once, "outbound")) == sorted(AGENT)
        assert sorted(finals(once, "inbound")) == sorted(CUSTOMER)


@pytest.mark.parametrize("source", ROUTES)
async def test_webhooks_may_come_in_anywhere(tmp_path: Path, source: str) -> None:
    """Each to the next worker: every word is there once, by speaker, in order."""
    async with open_office(tmp_path, THREE, ROUTES[source], count=3) as office:
        await office.play(office.balancer)
    check(office)


@pytest.mark.parametrize("source", ROUTES)
async def test_rough_delivery_to_anywhere_changes_nothing(tmp_path: Path, source: str) -> None:
    """Duplicated at two workers, reordered, late."""
    async with open_office(tmp_path, {**THREE, **ROUGH}, ROUTES[source], count=3) as office:
        await office.play(office.balancer)
    check(office)


async def test_whoever_has_the_audio_has_the_call(tmp_path: Path) -> None:
    """All webhooks come to the second worker, all audio to the first, who takes the calls."""
    async with open_office(tmp_path, THREE, ROUTES["media"]) as office:
        ann, bob = office.workers
        playing = asyncio.create_task(office.play(bob.url))
        await until(lambda: ann.calls.hearing == 6)
        await until(lambda: bob.calls.live == 0)
        await playing
        assert ann.workers.counters.taken == {"audio": 3}
        sent, taken = (one.workers.counters.mail for one in (bob, ann))
        assert sent["sent", "webhook"] >= taken["taken", "webhook"] > 0  # Telnyx repeats itself
    check(office)


@pytest.mark.parametrize("source", ROUTES)
async def test_a_pause_may_be_asked_for_anywhere(tmp_path: Path, source: str) -> None:
    """It holds at once where the call is, and whoever asked is told since when."""
    scenario = {"call": [{**CALL, "linger_ms": 5_000}]}  # nobody hangs up meanwhile
    async with open_office(tmp_path, scenario, ROUTES[source], speed=1.0) as office:
        ann, bob = office.workers
        playing = asyncio.create_task(office.play(ann.url))
        await office.watch.until(
            lambda: any(one.type == "transcript.final" for one in office.receiver.receipts)
        )
        call_id = CallId(office.receiver.receipts[0].data["call_id"])
        assert not bob.calls.has(call_id)
        paused = await bob.calls.ask(call_id, "pause", reason="card")
        assert paused is not None
        assert paused.transcription == "paused"
        assert await office.told(call_id) == ["paused", "paused"]
        again = await bob.calls.ask(call_id, "pause")
        assert again is not None
        assert again.at_ms == paused.at_ms
        resumed = await bob.calls.ask(call_id, "resume", reason="card")
        assert resumed is not None
        assert resumed.transcription == "on"
        assert await office.told(call_id) == ["on", "on"]
        assert await bob.calls.ask(CallId("nobody"), "pause") is None
        await playing


async def test_a_call_may_be_erased_anywhere(tmp_path: Path) -> None:
    """Nothing is left but the tombstone, which is delivered."""
    async with open_office(tmp_path, {"call": [CALL]}, ROUTES["in_call"]) as office:
        (call_id,) = await office.play(office.workers[0].url)
        assert await office.workers[1].keeper.erase(CallId(call_id))
        await office.watch.until(
            lambda: office.receiver.receipts[-1].type == "transcript.erased", timeout_s=10
        )
        assert [event.type for event in await office.stored(call_id)] == ["transcript.erased"]


async def test_whoever_loses_its_lease_hangs_up_and_the_gap_is_told(tmp_path: Path) -> None:
    """Its calls go on elsewhere, under another epoch; it comes back as another worker."""
    scenario = {"call": [{"say": [{"speaker": "customer", "text": TEXT, "at_ms": 400}]}]}
    async with open_office(tmp_path, scenario, ROUTES["media"], speed=1.0) as office:
        ann, _ = office.workers
        playing = asyncio.create_task(office.play(ann.url))
        await office.watch.until(
            lambda: any(one.type == "transcript.partial" for one in office.receiver.receipts)
        )
        former = office.leases[0].holder
        office.leases[0].end()
        await until(lambda: ann.calls.hearing == 0)
        await until(lambda: ann.calls.hearing == 2)
        assert office.leases[0].worker not in (former, None)
        assert ann.workers.counters.leases_lost == {"no_heartbeat": 1}
        await playing
    (receipts,) = durable(office.receiver.receipts).values()
    gaps = [one.data for one in receipts if one.type == "transcript.gap"]
    assert {gap["track"] for gap in gaps} == {"inbound", "outbound"}
    assert {gap["reason"] for gap in gaps} >= {"service_restarted"}
    assert all(gap["end_ms"] - gap["start_ms"] >= 500 for gap in gaps)
    assert finals(receipts, "inbound") != []


async def test_whoever_stops_hands_its_audio_over(tmp_path: Path) -> None:
    """What was being said is settled first; the next one is dialled, and a gap is told if long."""
    scenario = {"call": [{"say": [{"speaker": "customer", "text": TEXT, "at_ms": 400}]}]}
    opening = open_office(tmp_path, scenario, ROUTES["media"], speed=1.0, audio_at_first=False)
    async with opening as office:
        ann, bob = office.workers
        playing = asyncio.create_task(office.play(office.balancer))
        await office.watch.until(
            lambda: any(one.type == "transcript.partial" for one in office.receiver.receipts)
        )
        first = 0 if ann.calls.hearing else 1
        await office.stops[first].aclose()
        assert (office.workers[first].calls_left, office.workers[first].lanes_left) == (0, 0)
        other = bob if first == 0 else ann
        await until(lambda: other.calls.hearing == 2)
        assert other.workers.counters.taken["handed_over"] == 1
        await playing
    (receipts,) = durable(office.receiver.receipts).values()
    told_ms = sum(
        one.data["end_ms"] - one.data["start_ms"]
        for one in receipts
        if (one.type, one.data.get("track")) == ("transcript.gap", "inbound")
    )
    heard = " ".join(finals(receipts, "inbound")).split()
    assert heard == sorted(heard, key=lambda word: int(word.removeprefix("word")))
    assert len(heard) == len(set(heard))
    assert heard[-1] == "word39"
    assert len(WORDS) - len(heard) <= (told_ms + UNTOLD_MS) / WORD_MS
