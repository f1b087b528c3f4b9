"""Makes a journal of `fixtures/journals/`: `python -m tests.service.make_journal REVISION NAME`.

With `--database postgresql` it is one of `fixtures/journals/postgresql/`.

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
import asyncpg
from aiohttp import web

from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from tests.journal.postgresql_server import make_schema, schema_url
from tests.service.journal_dump import dump
from tests.service.postgresql_dump import dump as dump_postgresql
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


class _Sqlite:
    """A journal in the service's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "j.db"
        self.url = f"sqlite:///{self._path}"

    async def counts(self) -> list[int]:
        """Return how much has happened."""
        with closing(sqlite3.connect(self._path)) as db:
            return [count for (count,) in db.execute(_DONE)]

    async def dump(self) -> str:
        """Return it as SQL."""
        return dump(self._path)


class _Postgresql:
    """A journal in a schema of its own, made by the migrations in the service's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = schema_url(folder.name)

    async def counts(self) -> list[int]:
        """Return how much has happened."""
        db = await asyncpg.connect(self.url)
        try:
            return [count for (count,) in await db.fetch(_DONE)]
        finally:
            await db.close()

    async def dump(self) -> str:
        """Return it as SQL."""
        made_by = self._folder.glob("service/journal/postgresql/sql/migrations/0*.sql")
        return await dump_postgresql(self.url, [one.read_text() for one in sorted(made_by)])


_Kept = _Sqlite | _Postgresql


def _settings(telnyx: Simulator, receiver_url: str, url: str) -> Mapping[str, Any]:
    both = {"roles": {"inbound": "customer", "outbound": "agent"}, "endpoints": ["crm", "lines"]}
    in_call = {"source": "in_call", "engine": "Telnyx", **both}
    crm = {"name": "crm", "type": "webhook", "url": receiver_url, "secret": SECRET}
    return {
        "database_url": url,
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


async def make(folder: Path, journal: _Kept) -> str:
    """Run the service that is in a folder, kill it, and return its journal as SQL."""
    port = free_port()
    if isinstance(journal, _Postgresql):
        await make_schema(folder.name)
    async with (
        open_simulator(parse_scenario(_SCENARIO)) as telnyx,
        _open_receiver() as receiver_url,
        asyncio.TaskGroup() as tasks,
    ):
        settings = _settings(telnyx, receiver_url, journal.url)
        async with serving(folder, settings, port) as service:
            playing = tasks.create_task(telnyx.run(webhook_url=f"{service.url}/webhooks/telnyx"))
            if (folder / "service/cli/keys.py").exists():
                await _visit(folder, service.url)
            await _enough(journal)
            await service.stop(signal.SIGKILL)
        playing.cancel()
    return await journal.dump()


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


async def _enough(journal: _Kept) -> None:
    found = [0]
    while not _is_enough(found):
        await asyncio.sleep(0.2)
        found = await journal.counts()


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
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    arguments = parser.parse_args()
    on_server = arguments.database == "postgresql"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _extract(arguments.revision, folder, arguments.schema)
        journal = _Postgresql(folder) if on_server else _Sqlite(folder)
        made = asyncio.run(make(folder, journal))
    (FOLDER / ("postgresql" if on_server else "") / f"{arguments.name}.sql").write_text(made)


if __name__ == "__main__":
    main()
