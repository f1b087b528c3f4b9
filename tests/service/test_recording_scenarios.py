"""The scenarios of calls that Telnyx records: what it recorded is kept, or said to be lost."""

from pathlib import Path

from tests.service.harness import durable, open_house
from tests.service.test_connecting import scenario
from tests.service.virtual_time import in_virtual_time

ROUTE = {"source": "media", "engine": "Deepgram", "model": "nova-3", "record": "telnyx"}


@in_virtual_time
async def test_recordings_whose_links_are_dead_are_kept_all_the_same(tmp_path: Path) -> None:
    """Each once, with every word of its call; nobody is told of the dead links."""
    changes = {"recordings_dir": str(tmp_path / "audio")}
    path = tmp_path / "j.db"
    async with open_house(path, scenario("recorded"), changes, None, **ROUTE) as house:
        await house.play()
        receipts = house.receiver.receipts
        await house.watch.until(
            lambda: [one.type for one in receipts].count("recording.saved") == 2, timeout_s=90
        )
        kept = list((tmp_path / "audio").iterdir())

    calls = durable(receipts).values()
    assert len(kept) == len(calls) == 2
    for events in calls:
        types = [one.type for one in events]
        assert (types.count("recording.saved"), types.count("recording.failed")) == (1, 0)
        said = {one.data["text"] for one in events if one.type == "transcript.final"}
        assert said == {one["text"] for one in scenario("recorded")["call"][0]["say"]}


@in_virtual_time
async def test_a_recording_that_cannot_be_stored_costs_no_word(tmp_path: Path) -> None:
    """Why is told, once."""
    path = tmp_path / "j.db"
    async with open_house(path, scenario("recording-fails"), None, None, **ROUTE) as house:
        await house.play()
        receipts = house.receiver.receipts
        await house.watch.until(lambda: any(one.type == "recording.failed" for one in receipts))

    (failed,) = [one.data for one in receipts if one.type == "recording.failed"]
    assert (failed["stage"], failed["reason"]) == ("storage", "storage_unauthorized")
    said = {one.data["text"] for one in receipts if one.type == "transcript.final"}
    assert said == {one["text"] for one in scenario("recording-fails")["call"][0]["say"]}
