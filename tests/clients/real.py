"""A client beside the service itself, which is killed in the middle of calls and comes back."""

import asyncio
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from service.demo.receiver import open_receiver
from service.exits import Exit
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.sqlite.library import open_sqlite_library
from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from tests.api.builders import new_key
from tests.clients.harness import Client, Command, running
from tests.delivery.builders import SECRET
from tests.service.harness import SCRIPT, Watch, settings_for
from tests.service.process import free_port, serving
from tests.serving import serve

CALLS = 4
SCENARIO = {
    "speed": 3.0,
    "recogniser": "script",
    "call": [{"say": SCRIPT, "count": CALLS, "every_s": 0.2}],
    "webhooks": {"retries_s": [0.5, 1.0, 2.0, 4.0, 15.0]},
}
TOKEN_S = 2
"""So short that tokens are over again and again."""
COMPLETED = "transcript.completed"


async def check_service(command: Command, folder: Path) -> None:
    """Feed and webhooks over a kill: both bring all of the journal, each event once, in order."""
    port, key = free_port(), await _key(folder / "j.db")
    url = f"http://127.0.0.1:{port}"
    async with (
        open_simulator(parse_scenario(SCENARIO)) as telnyx,
        running(command, "receive", "0", CALLSCRIBE_SECRET=SECRET) as receiving,
        open_token_backend(url, key) as token_url,
        running(command, "follow", f"{url}/v1/feed", token_url, CALLSCRIBE_AFTER="0") as following,
    ):
        settings = await _settings(telnyx, await receiving.port(), folder)
        await _interrupt(telnyx, settings, folder, port, (following, receiving))
    stored = await _stored(folder / "j.db")
    assert following.durable == stored
    assert _by_call(receiving.durable) == _by_call(stored)


async def _interrupt(
    telnyx: Simulator, settings: dict[str, Any], folder: Path, port: int, clients: Sequence[Client]
) -> None:
    """Play calls, kill the service in the middle of them, and start it again."""
    async with asyncio.TaskGroup() as tasks:
        async with serving(folder, settings, port) as service:
            playing = tasks.create_task(telnyx.run(webhook_url=f"{service.url}/webhooks/telnyx"))
            for client in clients:
                await client.read_until("transcript.final", 3)
            await service.stop(signal.SIGKILL)
        async with serving(folder, settings, port) as service:
            await playing
            for client in clients:
                await client.read_until(COMPLETED, CALLS)
            assert await service.stop(signal.SIGTERM) == Exit.OK


async def _settings(telnyx: Simulator, port: int, folder: Path) -> dict[str, Any]:
    async with open_receiver(Watch().told) as nobody:
        settings = dict(settings_for(telnyx, nobody, folder / "j.db", source="in_call"))
    settings["route"]["0"] |= {"engine": "Telnyx"}
    settings["endpoint"]["0"] |= {
        "url": f"http://127.0.0.1:{port}/hooks/calls",
        "secret": SECRET,
        "batch": 5,
    }
    return settings


async def _key(journal: Path) -> str:
    async with open_sqlite_journal(journal), open_sqlite_keys(journal) as keys:
        return await new_key(keys, "live", now=time.time())


@asynccontextmanager
async def open_token_backend(url: str, key: str) -> AsyncIterator[str]:
    """Serve a customer's own backend, which holds the key; yield where it gives tokens away."""
    headers = {"Authorization": f"Bearer {key}"}

    async def give(_: web.Request) -> web.Response:
        wish = {"scopes": ["live"], "expires_in_s": TOKEN_S}
        try:
            async with http.post(f"{url}/v1/tokens", json=wish) as answer:
                return web.json_response(await answer.json(), status=answer.status)
        except aiohttp.ClientError:
            return web.Response(status=503)

    app = web.Application()
    app.router.add_get("/token", give)
    async with aiohttp.ClientSession(headers=headers) as http, serve(app) as backend:
        yield f"{backend}/token"


async def _stored(journal: Path) -> list[tuple[str, int]]:
    async with open_sqlite_library(journal) as library:
        placed = await library.events(after=0, limit=10_000)
    return [(str(one.event.call_id), one.event.seq) for one in placed]


def _by_call(events: Sequence[tuple[str, int]]) -> dict[str, list[int]]:
    calls: defaultdict[str, list[int]] = defaultdict(list)
    for call_id, seq in events:
        calls[call_id].append(seq)
    return dict(calls)
