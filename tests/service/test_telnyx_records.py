"""Telnyx records the call; what it recorded is fetched, kept as our own, and heard once more."""

from pathlib import Path

import pytest

from tests.service.harness import SCRIPT, open_house

SOURCES: list[dict[str, object]] = [
    {"source": "media", "engine": "Deepgram", "model": "nova-3"},
    {"source": "in_call", "engine": "Deepgram", "model": "nova-3"},
]
AFTER = {"engine": "Deepgram", "model": "nova-3"}
HEARD = "recording.transcribed"
WORDS = [str(line["text"]) for line in SCRIPT]


@pytest.mark.parametrize("source", SOURCES)
async def test_what_telnyx_recorded_is_kept_and_heard_again(
    source: dict[str, object], tmp_path: Path
) -> None:
    """On both sources; by whom each stretch was said is known, and when."""
    changes = {"recordings_dir": str(tmp_path / "audio")}
    route = source | {"record": "telnyx", "after_call": AFTER}
    crm = {"partials": "off"}
    scenario = {"call": [{"say": SCRIPT}]}
    async with open_house(tmp_path / "j.db", scenario, changes, None, [crm], **route) as house:
        await house.play()
        receipts = house.receiver.receipts
        await house.watch.until(lambda: HEARD in [one.type for one in receipts])
        (kept,) = (tmp_path / "audio").iterdir()
        audio = kept.read_bytes()

    (saved,) = [one.data for one in receipts if one.type == "recording.saved"]
    assert saved["size_bytes"] == len(audio)
    assert saved["channels"] == ["inbound", "outbound"]
    (event,) = [one.data for one in receipts if one.type == HEARD]
    assert [one["text"] for one in event["segments"]] == WORDS
    assert [one["role"] for one in event["segments"]] == [str(line["speaker"]) for line in SCRIPT]
    live = [one.data["start_ms"] for one in receipts if one.type == "transcript.final"]
    apart = [abs(one["start_ms"] - at) for one, at in zip(event["segments"], live, strict=True)]
    assert max(apart) < 600
