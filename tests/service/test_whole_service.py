"""Calls from a simulated Telnyx, through everything, to a receiver that checks signatures."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.service.harness import SCRIPT, durable, finals, journal_of, open_house
from tests.service.virtual_time import in_virtual_time

AGENT = ["good morning how can I help", "yes", "yes"]
CUSTOMER = ["I would like to move my booking", "thank you so much goodbye"]
ROUTES: dict[str, Mapping[str, object]] = {
    "media": {"source": "media", "engine": "Deepgram", "model": "nova-3"},
    "in_call": {"source": "in_call", "engine": "Telnyx"},
}
CALL = {"say": SCRIPT}
ROUGH = {
    "webhooks": {
        "concurrent": True,
        "unknown_events": 0.3,
        "unknown_fields": 0.3,
        "fault": [
            {"duplicate": 0.5, "reorder": 0.3, "reorder_within_s": 0.2, "delay": 0.3,
             "delay_s": [0.05, 0.25]}
        ],
    },
    "media": {"reorder": 0.1, "duplicate": 0.1, "jitter_ms": 60},
}  # fmt: skip


@pytest.mark.parametrize("source", ROUTES)
async def test_every_word_arrives_once_in_order_and_signed(tmp_path: Path, source: str) -> None:
    """The words of the script, by speaker; the same word twice in a row stays twice."""
    async with open_house(tmp_path / "j.db", {"call": [CALL]}, **ROUTES[source]) as house:
        await house.play()

    receipts = house.receiver.receipts
    assert (finals(receipts, "outbound"), finals(receipts, "inbound")) == (AGENT, CUSTOMER)
    assert house.receiver.forged == 0
    (call,) = durable(receipts).values()
    assert [receipt.data["seq"] for receipt in call] == list(range(1, len(call) + 1))
    assert (call[0].type, call[-1].type) == ("call.started", "transcript.completed")


@pytest.mark.parametrize("source", ROUTES)
async def test_rough_delivery_changes_nothing(tmp_path: Path, source: str) -> None:
    """Duplicated, reordered, late, unknown: the receiver sees an orderly call all the same."""
    scenario = {"seed": 11, "call": [CALL | {"count": 3, "every_s": 0.1}], **ROUGH}
    async with open_house(tmp_path / "j.db", scenario, **ROUTES[source]) as house:
        await house.play()

    calls = durable(house.receiver.receipts)
    assert len(calls) == 3
    for receipts in calls.values():
        assert [receipt.data["seq"] for receipt in receipts] == list(range(1, len(receipts) + 1))
        assert sorted(finals(receipts, "outbound")) == sorted(AGENT)
        assert sorted(finals(receipts, "inbound")) == sorted(CUSTOMER)


async def test_what_is_delivered_is_what_is_in_the_journal(tmp_path: Path) -> None:
    """After the stop the journal has the same events under the same numbers, and no more."""
    path = tmp_path / "j.db"
    async with open_house(path, {"call": [CALL]}, **ROUTES["media"]) as house:
        await house.play()

    calls = durable(house.receiver.receipts)
    stored = await journal_of(path, calls)
    for call, receipts in calls.items():
        assert [(event.seq, event.type) for event in stored[call]] == [
            (receipt.data["seq"], receipt.type) for receipt in receipts
        ]


@in_virtual_time
async def test_partials_come_before_their_final_and_share_its_utterance(tmp_path: Path) -> None:
    """For each final that had partials, they came first, with growing revisions."""
    async with open_house(tmp_path / "j.db", {"call": [CALL]}, **ROUTES["media"]) as house:
        await house.play()

    revisions: dict[str, list[int]] = {}
    for receipt in house.receiver.receipts:
        if receipt.type in ("transcript.partial", "transcript.final"):
            revisions.setdefault(receipt.data["utterance_id"], []).append(receipt.data["revision"])
    assert len(revisions) == len(AGENT + CUSTOMER)
    assert any(len(numbers) > 1 for numbers in revisions.values())
    for numbers in revisions.values():
        assert numbers == sorted(set(numbers))


@in_virtual_time
async def test_words_are_placed_on_the_call_clock(tmp_path: Path) -> None:
    """From the audio's position, within half a second of the script."""
    async with open_house(
        tmp_path / "j.db", {"speed": 1.0, "call": [{"say": SCRIPT[:2]}]}, **ROUTES["media"]
    ) as house:
        await house.play()

    places = [
        (receipt.data["start_ms"], receipt.data["time_source"])
        for receipt in house.receiver.receipts
        if receipt.type == "transcript.final"
    ]
    assert [source for _, source in places] == ["audio", "audio"]
    offset_ms = places[0][0] - 400
    assert 0 <= offset_ms < 1500
    assert places[1][0] - 3000 == pytest.approx(offset_ms, abs=500)


@in_virtual_time
async def test_every_second_of_a_heard_call_is_accounted_for(tmp_path: Path) -> None:
    """Transcribed, silence, paused and lost sum to the call's length."""
    scenario = {"speed": 1.0, "call": [{"say": SCRIPT[:1]}]}
    async with open_house(tmp_path / "j.db", scenario, **ROUTES["media"]) as house:
        await house.play()

    completed = house.receiver.receipts[-1].data
    for books in completed["coverage"].values():
        told_ms = sum(books[f"{kind}_ms"] for kind in ("transcribed", "silence", "paused", "lost"))
        assert told_ms == pytest.approx(completed["duration_ms"], abs=1)
    assert completed["coverage"]["outbound"]["transcribed_ms"] > 1000


@in_virtual_time
async def test_a_media_socket_that_drops_costs_a_told_gap_and_no_more(tmp_path: Path) -> None:
    """The fork is asked for again, and the rest of the call is heard."""
    scenario = {"call": [CALL], "media": {"drop_after_ms": 5800}, "speed": 1.0}
    async with open_house(tmp_path / "j.db", scenario, **ROUTES["media"]) as house:
        await house.play()

    types = [receipt.type for receipt in house.receiver.receipts]
    assert "transcription.degraded" in types
    assert finals(house.receiver.receipts, "inbound") == CUSTOMER
