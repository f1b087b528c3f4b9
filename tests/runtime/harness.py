"""A registry on a real journal, with peers that keep what they were told."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from service.calls.routes import Route
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.library import open_sqlite_library
from service.ports import Journal, Ownership
from service.runtime.registry import CallRegistry, open_calls
from tests.runtime.peers import (
    FailingJournal,
    KeptAudience,
    KeptLanes,
    KeptRecordings,
    ObedientCarrier,
    ScriptedRecognitions,
)


@dataclass
class Runtime:
    """A registry and its peers."""

    calls: CallRegistry
    journal: Journal
    disk: FailingJournal
    lanes: KeptLanes
    audience: KeptAudience
    carrier: ObedientCarrier
    recognitions: ScriptedRecognitions
    recorder: KeptRecordings
    path: Path
    """Of the journal."""

    async def types(self, call_id: CallId) -> list[str]:
        """Return the types of what is in the call's journal."""
        stored = await self.journal.read(call_id, after_seq=0, limit=1000)
        assert [event.seq for event in stored] == list(range(1, len(stored) + 1))
        return [event.type for event in stored]

    async def transcription(self, call_id: CallId) -> str | None:
        """Return whether the call's words are to be had, as its journal tells everybody."""
        async with open_sqlite_library(self.path) as library:
            call = await library.call(call_id)
        return call.transcription if call else None

    async def texts(self, call_id: CallId) -> list[str]:
        """Return the finals in the call's journal."""
        stored = await self.journal.read(call_id, after_seq=0, limit=1000)
        bodies = [msgspec.json.decode(event.body) for event in stored]
        return [b["data"]["text"] for b in bodies if b["type"] == "transcript.final"]


@asynccontextmanager
async def open_runtime(
    path: Path,
    *routes: Route,
    faults: Mapping[str, Exception] | None = None,
    clock: Callable[[], float] = time.time,
    ownership: Ownership | None = None,
) -> AsyncIterator[Runtime]:
    """Open a registry on the journal in this folder, whose methods fail once as `faults` says."""
    async with open_sqlite_journal(path / "journal.db") as journal:
        disk = FailingJournal(journal)
        disk.faults.update(faults or {})
        lanes, carrier, recognitions, recorder = (
            KeptLanes(),
            ObedientCarrier(),
            ScriptedRecognitions(),
            KeptRecordings(),
        )
        audience = KeptAudience()
        async with open_calls(
            journal=disk,  # type: ignore[arg-type]  # what it does not do itself, the journal does
            lanes=lanes,
            audience=audience,
            carrier=carrier,
            recognitions=recognitions,
            recorder=recorder,
            routes=routes,
            media_url="ws://here/media/",
            clock=clock,
            ownership=ownership,
        ) as calls:
            kept = lanes, audience, carrier, recognitions, recorder
            yield Runtime(calls, journal, disk, *kept, path / "journal.db")
