"""A sealed recording over HTTP: what a plain one would answer, and nothing without the key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from service.ids import CallId
from service.ports import Entry
from service.recording.files import open_audio
from service.recording.wav import Layout
from tests.api.builders import new_key
from tests.api.harness import Harness, open_harness

KEY = bytes(range(32))
AUDIO = bytes(range(250)) * 1000


@asynccontextmanager
async def serving(folder: Path, key: bytes | None = KEY) -> AsyncIterator[Harness]:
    """Serve two recordings of the same audio: of the calls `plain` and `sealed`."""
    async with open_harness(folder, recordings_key=key) as harness:
        for name, sealing in (("plain", None), ("sealed", KEY)):
            call_id = CallId(name)
            await harness.journal.commit(Entry(call_id=call_id, version=0, epoch=0, state=b"{}"))
            await harness.journal.keep_recording(call_id, name, started_at=0.0, delete_at=None)
            with closing(open_audio(folder / name, Layout("PCMU", 8000), sealing)) as file:
                file.append(AUDIO)
                file.flush()
                file.sync()
        yield harness


CASES = [
    {},
    {"Range": "bytes=0-0"},
    {"Range": "bytes=40-70"},
    {"Range": "bytes=65530-65600"},
    {"Range": "bytes=100000-"},
    {"Range": "bytes=-1000"},
    {"Range": "bytes=-999999999"},
    {"Range": "bytes=10-999999999"},
    {"Range": "bytes=999999999-"},
    {"Range": "bytes=7-3"},
    {"Range": "pages=1"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"something"'},
    {"If-Match": '"something"'},
    {"If-Match": "*"},
    {"If-Unmodified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"},
    {"If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"},
    {"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"},
    {"Range": "bytes=0-9", "If-Range": "Thu, 01 Jan 2015 00:00:00 GMT"},
    {"Range": "bytes=0-9", "If-Range": "Thu, 01 Jan 2099 00:00:00 GMT"},
]


async def test_it_answers_as_the_plain_file_does(tmp_path: Path) -> None:
    """Status, bytes and ranges are the same, whatever is asked; and it has a tag and a date."""
    async with serving(tmp_path) as harness:
        key = await new_key(harness.keys, "calls:read")
        for headers in CASES:
            sealed = await harness.get("/v1/calls/sealed/audio", key=key, headers=headers)
            plain = await harness.get("/v1/calls/plain/audio", key=key, headers=headers)

            assert (sealed.status, sealed.body) == (plain.status, plain.body), headers
            for name in ("Content-Range", "Content-Type", "Cache-Control"):
                assert sealed.headers.get(name) == plain.headers.get(name), headers
            if sealed.body:
                assert sealed.headers["Content-Length"] == plain.headers["Content-Length"]
            assert "ETag" in sealed.headers
            assert "Last-Modified" in sealed.headers


async def test_a_tag_tells_whether_it_grew(tmp_path: Path) -> None:
    """With its own tag a client is spared the body, or given the range; else it gets all of it."""
    async with serving(tmp_path) as harness:
        key, path = await new_key(harness.keys, "calls:read"), "/v1/calls/sealed/audio"
        tag = (await harness.get(path, key=key)).headers["ETag"]
        for headers, status in (
            ({"If-None-Match": tag}, 304),
            ({"Range": "bytes=0-9", "If-Range": tag}, 206),
            ({"Range": "bytes=0-9", "If-Range": '"older"'}, 200),
        ):
            assert (await harness.get(path, key=key, headers=headers)).status == status


async def test_a_head_has_no_body(tmp_path: Path) -> None:
    """And says how much there is."""
    async with serving(tmp_path) as harness:
        key = await new_key(harness.keys, "calls:read")
        answer = await harness.ask("HEAD", "/v1/calls/sealed/audio", key=key)

        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["Content-Length"] == str(58 + len(AUDIO))


@pytest.mark.parametrize("key", [None, bytes(32)])
async def test_without_the_key_there_is_no_recording(tmp_path: Path, key: bytes | None) -> None:
    """The client is told no more than that; the log says why. Plain ones are still served."""
    async with serving(tmp_path, key) as harness:
        reading = await new_key(harness.keys, "calls:read")
        with capture_logs() as logs:
            assert (await harness.get("/v1/calls/sealed/audio", key=reading)).status == 404

        assert "recording_unreadable" in [line["event"] for line in logs]
        assert (await harness.get("/v1/calls/plain/audio", key=reading)).status == 200


async def test_what_was_changed_on_the_disk_is_cut_off(tmp_path: Path) -> None:
    """What is before it is played; nothing that was tampered with ever is."""
    async with serving(tmp_path) as harness:
        key, path = await new_key(harness.keys, "calls:read"), "/v1/calls/sealed/audio"
        changed = bytearray((tmp_path / "sealed").read_bytes())
        changed[150_000] ^= 1
        (tmp_path / "sealed").write_bytes(changed)
        early = await harness.get(path, key=key, headers={"Range": "bytes=58-1057"})
        with capture_logs() as logs, pytest.raises(aiohttp.ClientPayloadError):
            await harness.get(path, key=key)

        assert early.body == AUDIO[:1000]
        assert "answer_broken_off" in [line["event"] for line in logs]
