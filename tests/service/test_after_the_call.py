"""What follows once a call is over."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.service.harness import SCRIPT, House, asking, open_house
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


async def test_an_archive_gets_a_call_again_by_a_replay_and_by_a_retry(tmp_path: Path) -> None:
    """A replay writes the same again, and nothing is told twice; what is refused is listed.

    As the report that it is; tried again, it is written as soon as nothing is in its place.
    """
    async with open_archived(tmp_path) as (house, client, cold):
        kept = files_in(cold)
        (manifest,), (document,) = cold.rglob("manifest.json"), cold.rglob("call.json")
        replay = {"call_id": json.loads(document.read_bytes())["call_id"], "endpoint": "cold"}
        shutil.rmtree(cold)
        assert (await client.post("/v1/replays", json=replay)).status == 202
        assert await parked_by(house, client) == []
        assert files_in(cold) == kept

        manifest.unlink()
        document.write_bytes(b"something else")
        assert (await client.post("/v1/replays", json=replay)).status == 202
        (parked,) = await parked_by(house, client)
        assert (parked["type"], parked["endpoint"]) == ("call.report", "cold")

        document.unlink()
        async with client.post(f"/v1/deliveries/{parked['id']}/retry") as answer:
            assert (await answer.json())["state"] == "trying"
        assert await parked_by(house, client) == []
        assert files_in(cold) == kept

    assert [one.type for one in house.receiver.receipts].count("archive.stored") == 1


@asynccontextmanager
async def open_archived(
    folder: Path,
) -> AsyncIterator[tuple[House, aiohttp.ClientSession, Path]]:
    """Have a call archived; yield the house, a client of its API, and where the archive is."""
    cold, journal = folder / "cold", folder / "j.db"
    archive = {"name": "cold", "type": "archive", "url": f"file://{cold}"}
    endpoints, route = [{"partials": "off"}, archive], ROUTE | {"endpoints": ["crm", "cold"]}
    scenario = {"call": [{"say": SCRIPT}]}
    async with open_house(journal, scenario, None, None, endpoints, **route) as house:
        await house.play()
        receipts = house.receiver.receipts
        await house.watch.until(lambda: any(one.type == "archive.stored" for one in receipts))
        async with asking(house, journal, "calls:read", "calls:write") as client:
            yield house, client, cold


async def parked_by(house: House, client: aiohttp.ClientSession) -> list[dict[str, Any]]:
    """Return what is parked once the lanes have done what they can."""
    await house.service.lanes.list_backlog()
    house.service.lanes.wake()
    await house.service.lanes.flushed()
    async with client.get("/v1/deliveries") as answer:
        found: list[dict[str, Any]] = (await answer.json())["data"]
        return found


def files_in(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, by its path there."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


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
