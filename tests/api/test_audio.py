"""A call's recording over HTTP: whole, in ranges, and only for whoever may hear it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.ports import Entry
from tests.api.builders import CALL, new_key
from tests.api.harness import Harness, open_harness

PATH = "/v1/calls/call-1/audio"
AUDIO = b"RIFF" + bytes(range(200))


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Harness]:
    """Serve the recording of one call."""
    (folder / "call-1.wav").write_bytes(AUDIO)
    async with open_harness(folder) as harness:
        journal = harness.journal
        await journal.commit(Entry(call_id=CALL, version=0, epoch=0, state=b"{}"))
        await journal.keep_recording(CALL, "call-1.wav", started_at=0.0, delete_at=None)
        yield harness


async def test_a_recording_is_served_whole(tmp_path: Path) -> None:
    """With its type, a tag, and no place in any cache."""
    async with serving(tmp_path) as harness:
        answer = await harness.get(PATH, key=await new_key(harness.keys, "calls:read"))

        assert (answer.status, answer.body) == (200, AUDIO)
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" in answer.headers


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=4-7", 206, AUDIO[4:8]),
        ("bytes=200-", 206, AUDIO[200:]),
        ("bytes=-4", 206, AUDIO[-4:]),
        ("bytes=9999-", 416, None),
    ],
)
async def test_a_player_may_seek(
    tmp_path: Path, wanted: str, status: int, body: bytes | None
) -> None:
    """Byte ranges are what a seek is made of."""
    async with serving(tmp_path) as harness:
        key = await new_key(harness.keys, "calls:read")
        answer = await harness.get(PATH, key=key, headers={"Range": wanted})

        assert answer.status == status
        assert body is None or answer.body == body


async def test_a_call_without_a_recording_has_none(tmp_path: Path) -> None:
    """Nor has one whose file was erased a moment ago."""
    async with serving(tmp_path) as harness:
        key = await new_key(harness.keys, "calls:read")
        assert (await harness.get("/v1/calls/call-2/audio", key=key)).status == 404
        (tmp_path / "call-1.wav").unlink()
        assert (await harness.get(PATH, key=key)).status == 404
        assert (await harness.get(PATH, key=await new_key(harness.keys, "live"))).status == 403
