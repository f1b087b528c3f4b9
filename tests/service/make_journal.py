"""Makes a journal of `fixtures/journals/`: `python -m tests.service.make_journal REVISION NAME`.

The service of that revision is run between a simulated Telnyx and a receiver, and killed: two calls
have ended and two go on, one by each source. The receiver refused an event for good, so that one
delivery is parked, and then answered nothing but 503, so that every lane has a backlog.
"""

import argparse
import asyncio
import io
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from subprocess import PIPE
from typing import Any

import aiohttp
from aiohttp import web

from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from tests.service.journal_dump import dump
from tests.service.process import free_port, serving

FOLDER = Path("fixtures/journals")
SECRET = "whsec_" + "A" * 43 + "="
ENDED, LIVE_IN_CALL, LIVE_MEDIA = "+13125550110", "+13125550120", "+13125550130"
_SHORT = [
    {"speaker": "agent", "text": "good morning how can I help", "at_ms": 200},
    {"speaker": "customer", "text": "I would like to move my booking", "at_ms": 2200},
]
_SCENARIO = {
    "recogniser": "script",
    "call": [
        {"to": ENDED, "say": _SHORT, "count": 2, "every_s": 3.0},
        {"to": LIVE_IN_CALL, "numbered": {"duration_s": 120}},
        {"to": LIVE_MEDIA, "numbered": {"duration_s": 120}},
    ],
}
_DONE = """SELECT count(DISTINCT call_no) FROM event WHERE type = 'transcript.final'
UNION ALL SELECT count(*) FROM event WHERE type = 'transcript.completed'
UNION ALL SELECT min(n) FROM (SELECT count(*) AS n FROM event GROUP BY call_no)
UNION ALL SELECT count(*) FROM parked
UNION ALL SELECT count(*) FROM lane WHERE acked_seq < head_seq"""


class _Receiver:
    """Takes what comes until the first call is over; refuses one event for good."""

    def __init__(self) -> None:
        self._refused = False
        self._is_away = False

    async def receive(self, request: web.Request) -> web.Response:
        kind = (await request.json())["type"]
        if self._is_away:
            return web.Response(status=503)
        if kind == "call.answered" and not self._refused:
            self._refused = True
            return web.Response(status=400)
        self._is_away = kind == "transcript.completed"
        return web.Response(status=204)


@asynccontextmanager
async def _open_receiver() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/", _Receiver().receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def _settings(telnyx: Simulator, receiver_url: str, path: Path) -> Mapping[str, Any]:
    both = {"roles": {"inbound": "customer", "outbound": "agent"}, "endpoints": ["crm", "lines"]}
    in_call = {"source": "in_call", "engine": "Telnyx", **both}
    crm = {"name": "crm", "type": "webhook", "url": receiver_url, "secret": SECRET}
    return {
        "database_url": f"sqlite:///{path}",
        "telnyx_api_key": telnyx.api_key,
        "telnyx_public_key": telnyx.public_key,
        "telnyx_base_url": telnyx.url,
        "telnyx_stt_url": telnyx.stt_url,
        "route": {
            "0": {"match": {"to": LIVE_MEDIA}, "source": "media", "engine": "Deepgram", **both},
            "1": in_call,
        },
        "endpoint": {"0": crm | {"allow_private": True}, "1": {"name": "lines", "type": "log"}},
    }


async def make(folder: Path) -> str:
    """Run the service that is in a folder, kill it, and return its journal as SQL."""
    path, port = folder / "j.db", free_port()
    async with (
        open_simulator(parse_scenario(_SCENARIO)) as telnyx,
        _open_receiver() as receiver_url,
        asyncio.TaskGroup() as tasks,
    ):
        settings = _settings(telnyx, receiver_url, path)
        async with serving(folder, settings, port) as service:
            playing = tasks.create_task(telnyx.run(webhook_url=f"{service.url}/webhooks/telnyx"))
            if (folder / "service/cli/keys.py").exists():
                await _visit(folder, service.url)
            await _enough(path)
            await service.stop(signal.SIGKILL)
        playing.cancel()
    return dump(path)


async def _visit(folder: Path, url: str) -> None:
    """Make a key as people do, and save a search with it."""
    command = ["-m", "service", "keys", "create", "--name", "crm", "--scope", "admin"]
    given = [sys.executable, *command, "--config", "callscribe.toml"]
    environ = {"PATH": os.environ["PATH"], "CALLSCRIBE_PUBLIC_URL": url}
    done = await asyncio.to_thread(
        subprocess.run, given, cwd=folder, env=environ, check=True, stdout=PIPE, text=True
    )
    headers = {"Authorization": f"Bearer {done.stdout.strip()}"}
    search = {"name": "bookings", "q": "booking"}
    async with (
        aiohttp.ClientSession(headers=headers, raise_for_status=True) as client,
        client.post(f"{url}/v1/searches", json=search),
    ):
        pass


async def _enough(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        found = [0]
        while not _is_enough(found):
            await asyncio.sleep(0.2)
            found = [count for (count,) in db.execute(_DONE)]


def _is_enough(found: list[int]) -> bool:
    if len(found) < 5:
        return False
    spoke, completed, least, parked, behind = found
    return (spoke, completed, parked, behind) == (4, 2, 1, 3) and least >= 5


def _extract(revision: str, folder: Path, schema: int | None) -> None:
    packed = subprocess.run(["git", "archive", revision, "service"], check=True, stdout=PIPE).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    for migration in folder.glob("service/journal/**/0*.sql"):
        if schema is not None and int(migration.name[:4]) > schema:
            migration.unlink()


def main() -> None:
    """Make one journal, of the revision and under the name that are given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", help="at which the schema was the newest")
    parser.add_argument("name", help="of the file, as in schema-7")
    parser.add_argument("--schema", type=int, help="leave out what makes a later one of it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _extract(arguments.revision, folder, arguments.schema)
        (FOLDER / f"{arguments.name}.sql").write_text(asyncio.run(make(folder)))


if __name__ == "__main__":
    main()
