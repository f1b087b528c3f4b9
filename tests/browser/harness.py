"""The whole service with a key to its API, on a journal that may hold calls already."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from service.api.keys import make_key
from service.ids import Scope
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.ports.journal import Journal
from tests.browser.builders import EventData, StoredCall
from tests.service.harness import SCRIPT, House, open_house

SCOPES: tuple[Scope, ...] = ("calls:read", "calls:write", "live")
TALK: Mapping[str, object] = {"say": SCRIPT}
MEDIA: Mapping[str, object] = {"source": "media", "engine": "Deepgram", "model": "nova-3"}
Prepare = Callable[[Journal], Awaitable[None]]


@dataclass(slots=True)
class RunningService:
    """The running service and a key to its API."""

    house: House
    key: str
    journal: Path

    @property
    def url(self) -> str:
        """Where the console is."""
        return self.house.service.url

    async def append(
        self, call: StoredCall, events: Sequence[EventData], *, after_seq: int
    ) -> None:
        """Have more happen in a call that the journal holds; whoever follows it is told."""
        async with open_sqlite_journal(self.journal, exclusive=False) as journal:
            await call.append(journal, self.house.service.hub, events, after_seq=after_seq)

    async def token(
        self,
        *scopes: Scope,
        call_id: str | None = None,
        expires_in_s: int = 600,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Return a token of these scopes, or of all that the key has; bound to this metadata."""
        wish = {
            "scopes": scopes or SCOPES,
            "call_id": call_id,
            "expires_in_s": expires_in_s,
            "metadata": dict(metadata or {}),
        }
        headers = {"Authorization": f"Bearer {self.key}"}
        async with (
            aiohttp.ClientSession(self.url, headers=headers) as client,
            client.post("/v1/tokens", json=wish) as answer,
        ):
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["token"])


@asynccontextmanager
async def open_service(
    journal: Path,
    *,
    prepare: Prepare | None = None,
    calls: Sequence[Mapping[str, object]] = (TALK,),
    speed: float = 2.0,
    scopes: Sequence[Scope] = SCOPES,
    changes: Mapping[str, object] | None = None,
    **route: object,
) -> AsyncIterator[RunningService]:
    """Open the service with a scenario for `playing`; `prepare` fills its journal before.

    `scopes` are those of the key, `changes` are to the settings.
    """
    async with open_sqlite_journal(journal) as before:
        if prepare:
            await prepare(before)
    async with open_sqlite_keys(journal) as keys:
        key, kept = make_key("test", list(scopes), now=time.time())
        await keys.keep_key(kept)
    scenario = {"speed": speed, "call": list(calls)}
    async with open_house(journal, scenario, changes, **{**MEDIA, **route}) as house:
        yield RunningService(house, key, journal)


@asynccontextmanager
async def playing(service: RunningService) -> AsyncIterator[None]:
    """Play the calls of the scenario beside the block; both have ended when it ends."""
    async with asyncio.TaskGroup() as group:
        group.create_task(service.house.play())
        yield
