"""What people get of a call besides its webhooks: its recording, and what is measured of it."""

from pathlib import Path

import aiohttp
import av
from prometheus_client.parser import text_string_to_metric_families

from tests.service.harness import SCRIPT, asking, open_house

SCENARIO = {"call": [{"say": SCRIPT}]}
MEDIA = {"source": "media", "engine": "Deepgram", "model": "nova-3"}


async def test_a_call_is_recorded_from_its_media(tmp_path: Path) -> None:
    """Both tracks, told of and served, at the length that was told; only owners may read it."""
    journal = tmp_path / "calls.db"
    async with open_house(journal, SCENARIO, **MEDIA, record="audio") as house:
        report = await house.play()
        (call,) = report.calls
        async with (
            asking(house, journal, "calls:read") as client,
            client.get(f"/v1/calls/{call.call_id}/audio") as answer,
        ):
            assert answer.status == 200
            (tmp_path / "fetched.wav").write_bytes(await answer.read())

    saved = next(r for r in house.receiver.receipts if r.type == "recording.saved")
    with av.open(str(tmp_path / "fetched.wav")) as container:
        frames = list(container.decode(audio=0))
    samples = sum(frame.samples for frame in frames)
    assert frames[0].layout.nb_channels == 2
    assert samples * 1000 // frames[0].sample_rate == saved.data["duration_ms"] > 9_000
    (kept,) = (tmp_path / "recordings").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_a_call_is_measured(tmp_path: Path) -> None:
    """Its words, commits, webhooks and deliveries, at `/metrics`, for who has a key."""
    journal = tmp_path / "calls.db"
    async with open_house(journal, SCENARIO, **MEDIA) as house:
        await house.play()
        async with asking(house, journal, "calls:read") as client, client.get("/metrics") as answer:
            text = await answer.text()
        async with aiohttp.ClientSession() as stranger:
            refused = await stranger.get(f"{house.service.url}/metrics")

    assert refused.status == 401
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["callscribe_words_total", "customer", "media"] == 12
    assert found["callscribe_webhooks_total", "accepted"] >= 3
    assert found["callscribe_final_latency_seconds_count", "Deepgram"] == 5
    assert found["callscribe_delivery_attempts_total", "crm", "delivered"] >= 8
    assert found["callscribe_journal_commit_seconds_count",] > 0
    assert found["callscribe_recognitions_live",] == 0


async def test_every_event_tells_what_it_took(tmp_path: Path) -> None:
    """How long after its speech a final came, and how long an event waited."""
    async with open_house(tmp_path / "calls.db", SCENARIO, **MEDIA) as house:
        await house.play()

    for receipt in house.receiver.receipts:
        assert receipt.data["timing"]["queue_ms"] >= 0
        heard = receipt.type in ("transcript.final", "transcript.partial")
        assert (receipt.data["timing"]["stt_ms"] is not None) == heard
