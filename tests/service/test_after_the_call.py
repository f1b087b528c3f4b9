"""What follows once a call is over."""

import json
from pathlib import Path

from tests.service.harness import SCRIPT, open_house
from tests.waiting import until

ROUTE = {"source": "media", "engine": "Deepgram", "model": "nova-3"}
WORDS = [str(line["text"]) for line in SCRIPT]


async def test_a_crm_gets_the_whole_call_in_one_request(tmp_path: Path) -> None:
    """All words, in the order they were said, by whom; no event beside it."""
    crm = {"report": True, "events": ["call.report"], "partials": "off"}
    async with open_house(
        tmp_path / "j.db", {"call": [{"say": SCRIPT}]}, None, None, [crm], **ROUTE
    ) as house:
        await house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
        await house.watch.until(lambda: len(house.receiver.receipts) > 0)

    (report,) = house.receiver.receipts
    assert report.type == "call.report"
    assert [one["text"] for one in report.data["utterances"]] == WORDS
    assert {one["role"] for one in report.data["utterances"]} == {"agent", "customer"}
    assert report.data["revision"] == 1
    assert report.data["metadata"] == {"queue": "billing"}
    assert house.receiver.forged == 0


async def test_an_archive_has_the_whole_call_until_it_is_erased(tmp_path: Path) -> None:
    """Document, transcript and audio; who watches is told; an erasure goes there, too."""
    cold = tmp_path / "cold"
    changes = {"recordings_dir": str(tmp_path / "audio")}
    crm = {"partials": "off"}
    route = ROUTE | {"record": "audio", "endpoints": ["crm", "cold"]}
    archive = {
        "name": "cold",
        "type": "archive",
        "url": f"file://{cold}",
        "formats": ["txt", "vtt"],
    }
    async with open_house(
        tmp_path / "j.db", {"call": [{"say": SCRIPT}]}, changes, None, [crm, archive], **route
    ) as house:
        await house.play()
        receipts = house.receiver.receipts
        await house.watch.until(lambda: any(one.type == "archive.stored" for one in receipts))
        (stored,) = [one.data for one in receipts if one.type == "archive.stored"]
        kept = {path.name: path.read_bytes() for path in cold.rglob("*") if path.is_file()}
        manifest = json.loads(kept["manifest.json"])
        document = json.loads(kept["call.json"])
        call_id = document["call_id"]
        assert await house.service.keeper.erase(call_id)
        await until(lambda: not [path for path in cold.rglob("*") if path.is_file()])

    assert [one["text"] for one in document["utterances"]] == WORDS
    assert (stored["endpoint"], stored["revision"], stored["files"]) == ("cold", 1, 5)
    assert [one["name"].rpartition("/")[2] for one in manifest["files"]][:3] == [
        "call.json",
        "transcript.txt",
        "transcript.vtt",
    ]
    (audio,) = [body for name, body in kept.items() if name.endswith(".wav")]
    assert audio[:4] == b"RIFF"
    assert len(audio) == document["recording"]["size_bytes"]
    assert [one.type for one in receipts][-1] == "transcript.erased"


async def test_a_recording_is_transcribed_once_more_after_the_call(tmp_path: Path) -> None:
    """Each side by itself, so that it is known who spoke; beside the live words."""
    changes = {"recordings_dir": str(tmp_path / "audio")}
    after = {"engine": "Deepgram", "model": "nova-3"}
    route = ROUTE | {"record": "audio", "after_call": after}
    crm = {"report": True, "partials": "off"}
    scenario = {"call": [{"say": SCRIPT}]}
    async with open_house(tmp_path / "j.db", scenario, changes, None, [crm], **route) as house:
        await house.play()
        receipts = house.receiver.receipts
        await house.watch.until(lambda: receipts[-1].data.get("transcribed") is not None)

    (event,) = [one.data for one in receipts if one.type == "recording.transcribed"]
    assert [one["text"] for one in event["segments"]] == WORDS
    assert [one["role"] for one in event["segments"]] == [str(line["speaker"]) for line in SCRIPT]
    assert (event["engine"], event["model"], event["revision"]) == ("Deepgram", "nova-3", 1)
    live = [one.data["text"] for one in receipts if one.type == "transcript.final"]
    assert sorted(live) == sorted(WORDS)
    report = receipts[-1].data
    assert report["transcribed"]["text"] == event["text"]
    assert [one["text"] for one in report["utterances"]] == WORDS
