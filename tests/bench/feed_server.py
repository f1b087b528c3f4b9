"""The feed and its journal as a program of its own, which commits finals when it is asked to."""

import asyncio
import gc
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop
from aiohttp import web

from service.api.access import Doorkeeper
from service.api.access_log import open_access_log
from service.api.assembly import new_application
from service.api.bound_calls import BoundCalls
from service.api.feed.connections import open_connections
from service.api.feed.routes import FeedRoutes
from service.api.keys import make_key
from service.api.router import add_routes
from service.feed.hub import Hub, open_hub
from service.ids import CallId
from service.journal.sqlite.access import open_sqlite_accesses
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.sqlite.library import open_sqlite_library
from service.ports import Entry, Journal, StoredEvent
from service.web.listen import open_listener
from tests.feed.builders import body, final

CALL = CallId("bench")
WORDS = [{"text": "booking", "start_ms": at, "end_ms": at + 300} for at in range(0, 12_000, 400)]
"""Of a long final, as engines time them."""


class Commits:
    """Commits finals at a pace, and says when each was committed."""

    def __init__(self, journal: Journal, hub: Hub) -> None:
        self._journal = journal
        self._hub = hub
        self._seq = 0

    async def run(self, request: web.Request) -> web.Response:
        """Commit `count` finals, one every `every_s`; answer when, by position.

        They are `longer` times as long as most.
        """
        times: dict[int, float] = {}
        for _ in range(int(request.query["count"])):
            await self._commit(int(request.query["longer"]))
            times[self._seq] = time.monotonic()
            await asyncio.sleep(float(request.query["every_s"]))
        return web.json_response(times)

    async def _commit(self, longer: int) -> None:
        self._seq += 1
        kind, data = final(f"utt_{self._seq}", "I'd like to change my booking.")
        said = body(CALL, (kind, {**data, "seq": self._seq, "words": WORDS * longer}))
        events = (StoredEvent(CALL, self._seq, kind, said),)
        entry = Entry(call_id=CALL, version=self._seq - 1, epoch=0, state=b"", events=events)
        await self._journal.commit(entry)
        self._hub.committed(events)


async def main(folder: Path) -> None:
    """Listen until told to stop."""
    path = folder / "bench.db"
    async with (
        open_sqlite_journal(path) as journal,
        open_sqlite_library(path) as library,
        open_sqlite_keys(path) as keys,
        open_sqlite_accesses(path) as accesses,
        open_hub(library, journal) as hub,
    ):
        key, kept = make_key("bench", ("live",), now=time.time())
        await keys.keep_key(kept)
        app = new_application()
        app.router.add_post("/run", Commits(journal, hub).run)
        secret, calls = await keys.token_secret(), BoundCalls(library)
        doorkeeper = Doorkeeper(keys, secret, calls, per_minute=100_000)
        async with (
            open_access_log(accesses) as access_log,
            open_connections(doorkeeper, access_log) as connections,
        ):
            add_routes(app, doorkeeper, FeedRoutes(hub, connections).routes(), access_log)
            async with open_listener(app, "127.0.0.1", 0) as listener:
                gc.collect()
                gc.freeze()  # as `callscribe serve` does
                print(f"{listener.url}#{key}", flush=True)
                await asyncio.Event().wait()


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        uvloop.run(main(Path(made)))
