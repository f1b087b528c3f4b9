"""With a key: calls are recorded and transcribed as ever, and the disk holds nothing to read."""

import asyncio
import base64
import signal
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

import aiohttp

from service.exits import Exit
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.recording.encrypted import EncryptedReader
from service.recording.wav import HEADER_BYTES
from service.simulator.report import StreamReport
from service.simulator.server import Simulator
from tests.service.harness import SCRIPT, settings_for, texts
from tests.service.process import free_port, serving
from tests.service.test_stop import MEDIA, Peers, count, open_peers
from tests.waiting import until

KEY = bytes(range(32))
CALLS = 2
CALL = {"say": SCRIPT, "count": CALLS, "hangs_up": "service"}
"""Nobody hangs up before the second service heard on, however long it takes to start."""
SCENARIO = {"speed": 1.0, "recogniser": "script", "call": [CALL]}
HEARD_ON_FRAMES = 200
"""Of both tracks: two seconds."""
BYTES_PER_MS = 16
TRACES = ("booking", "goodbye", "billing", "+1312", "transcript.final", "CREATE TABLE")
SILENCE = {0x7F, 0xFF}


async def killed_and_started_again(folder: Path, peers: Peers) -> bytes:
    """Play calls on a service that is killed in the middle; return what was on the disk then."""
    telnyx, receiver, watch = peers
    settings = dict(settings_for(telnyx, receiver, folder / "j.db", **MEDIA, record="audio"))
    settings["database_key"] = base64.b64encode(KEY).decode()
    port = free_port()
    async with asyncio.TaskGroup() as tasks:
        async with serving(folder, settings, port) as service:
            tasks.create_task(telnyx.run(webhook_url=f"{service.url}/webhooks/telnyx"))
            await watch.until(lambda: count(receiver, "transcript.final") >= CALLS)
            await service.stop(signal.SIGKILL)
        left, before = on_disk(folder), len(telnyx.history.streams)
        async with serving(folder, settings, port) as service:
            await until(lambda: len(heard_on(telnyx, before)) == CALLS, timeout_s=60)
            await hang_up(telnyx)
            await watch.until(lambda: count(receiver, "transcript.completed") >= CALLS)
            assert await service.stop(signal.SIGTERM) == Exit.OK
    return left


def heard_on(telnyx: Simulator, before: int) -> list[StreamReport]:
    """Return those of the streams after the first ones that went on for a while."""
    later = telnyx.history.streams[before:]
    return [stream for stream in later if stream.frames >= HEARD_ON_FRAMES]


async def hang_up(telnyx: Simulator) -> None:
    """End every call."""
    headers = {"Authorization": f"Bearer {telnyx.api_key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for leg_id in {stream.leg_id for stream in telnyx.history.streams}:
            async with session.post(f"{telnyx.url}/calls/{leg_id}/actions/hangup") as answer:
                assert answer.status == HTTPStatus.OK


def on_disk(folder: Path) -> bytes:
    """Return what the database, its log and all recordings hold, byte for byte."""
    paths = [*folder.glob("j.db*"), *folder.glob("recordings/*")]
    return b"".join(path.read_bytes() for path in paths)


def heard(path: Path) -> bytes:
    """Return a recording's audio."""
    with closing(EncryptedReader(path, KEY)) as reader:
        return b"".join(reader.read(HEADER_BYTES, reader.size_bytes))


async def test_a_killed_service_goes_on_and_leaves_nothing_to_read(tmp_path: Path) -> None:
    """The words of both halves are in the journal, the audio of both in one file, both sealed."""
    async with open_peers(SCENARIO) as peers:
        left = await killed_and_started_again(tmp_path, peers)
    bytes_on_disk = left + on_disk(tmp_path)
    log = (tmp_path / "log.jsonl").read_text()
    again = peers[0].history.streams[-CALLS:]
    reached_ms = min(spans[-1][1] for stream in again for spans in stream.spans.values())
    calls = {receipt.data["call_id"] for receipt in peers[1].receipts}

    assert [trace for trace in TRACES if trace.encode() in bytes_on_disk] == []
    assert base64.b64encode(KEY).decode() not in log
    async with open_sqlite_journal(tmp_path / "j.db", exclusive=False, key=KEY) as journal:
        for call in calls:
            stored = await journal.read(CallId(call), after_seq=0, limit=1000)
            assert "good morning how can I help" in texts(stored)
            recording = await journal.recording(CallId(call))
            assert recording is not None
            audio = heard(tmp_path / "recordings" / recording.file)
            places = range(0, len(audio) - 32, 997)
            spoken = [p for p in (audio[at : at + 32] for at in places) if set(p) - SILENCE]
            assert len(audio) > BYTES_PER_MS * (reached_ms - 1000)
            assert len(spoken) > 20
            assert [piece for piece in spoken if piece in bytes_on_disk] == []
