"""Calls on a real journal, and the keeper of them."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from service.archive.retention import RetentionKeeper
from service.calls.inputs import WordsReported
from service.calls.routes import Route
from service.ids import EndpointName, InputId
from service.journal.sqlite.audit import open_audit
from service.ports import StoredEvent
from tests.calls.harness import CALL, IN_CALL, answered, hung_up, initiated, said
from tests.runtime.harness import Runtime, open_runtime
from tests.waiting import until

SECRET = "rumpelstiltskin"
ROUTE = replace(IN_CALL, endpoints=(EndpointName("crm"),))


def words(at: float, name: str = "words") -> WordsReported:
    """Return words that are to be forgotten; the webhook's id is none of them."""
    return structs.replace(said(SECRET, at), input_id=InputId(name))


@dataclass
class SetClock:
    """A clock that a test moves on."""

    ahead_s: float = 0.0

    def __call__(self) -> float:
        """Return the time, ahead of the real one."""
        return time.time() + self.ahead_s


@dataclass
class Archive:
    """Calls, and the keeper of them."""

    runtime: Runtime
    keeper: RetentionKeeper
    clock: SetClock
    folder: Path

    @property
    def recordings(self) -> Path:
        """Return the folder of the recordings."""
        return self.folder / "recordings"

    async def talk(self, *, ended: bool = True) -> None:
        """Have a call in which somebody says something that is to be forgotten."""
        now = time.time()
        for webhook in (initiated(now), answered(now + 0.01), words(now + 0.02)):
            await self.runtime.calls.tell(webhook)
        if ended:
            await self.runtime.calls.tell(hung_up(now + 0.03))
        wanted = "call.ended" if ended else "transcript.final"
        await until(lambda: any(event.type == wanted for event in self.runtime.lanes.events))

    async def record(self, delete_at: float | None = None) -> Path:
        """Make a recording of the call, as if the fork had been kept."""
        self.recordings.mkdir(exist_ok=True)
        file = self.recordings / "call.wav"
        file.write_bytes(SECRET.encode())
        await self.runtime.journal.keep_recording(
            CALL, file.name, started_at=time.time(), delete_at=delete_at
        )
        return file

    async def stored(self) -> list[StoredEvent]:
        """Return what the journal has of the call."""
        return await self.runtime.journal.read(CALL, after_seq=0, limit=9)

    def where_found(self, sought: str) -> list[str]:
        """Ask the audit where this is still to be found."""
        with open_audit(self.folder / "journal.db") as audit:
            return audit.where_found(sought)

    def left_of_erased(self) -> list[str]:
        """Ask the audit what is left of erased calls."""
        with open_audit(self.folder / "journal.db") as audit:
            return audit.left_of_erased()


@asynccontextmanager
async def open_archive(path: Path, route: Route = ROUTE) -> AsyncIterator[Archive]:
    """Open calls on a journal in this folder, and a keeper that does what it is asked."""
    clock = SetClock()
    async with open_runtime(path, route) as runtime:
        keeper = RetentionKeeper(runtime.journal, runtime.calls, path / "recordings", clock=clock)
        yield Archive(runtime, keeper, clock, path)
