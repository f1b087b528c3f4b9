"""The whole API on a real journal with calls in it, without Telnyx."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry

from service.api.assembly import Sources, new_application, open_api
from service.calls.commands import Reply
from service.calls.inputs import ControlName
from service.delivery.endpoints import Endpoint
from service.delivery.lanes import open_lanes
from service.errors import ControlRefusedError
from service.feed.hub import open_hub
from service.ids import CallId, EndpointName, Transcription
from service.journal.sqlite_journal import open_sqlite_journal
from service.journal.sqlite_keys import open_sqlite_keys
from service.journal.sqlite_library import open_sqlite_library
from service.journal.sqlite_searches import open_sqlite_searches
from service.ports import Entry, Journal, LaneUpdate, StoredEvent
from service.web.listen import open_listener
from tests.api.harness import NOW, House, new_key
from tests.settings.conftest import SECRET

GOLDEN = Path(__file__).parents[2] / "fixtures" / "events"
TYPES = (
    "call.started",
    "call.answered",
    "transcription.started",
    "transcript.final",
    "transcript.gap",
    "call.ended",
    "transcript.completed",
)
CRM = EndpointName("crm")
CALL = CallId("call-1")


@dataclass
class Board:
    """Takes what is asked of live calls, and answers as it is told to."""

    answers: list[Reply | str | None] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)

    async def ask(
        self, call_id: CallId, action: ControlName, *, reason: str = "api"
    ) -> Reply | None:
        """See `CallControls.ask`."""
        del reason
        self.asked.append((call_id, action))
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            raise ControlRefusedError(answer)
        return answer

    def transcription(self, call_id: CallId) -> Transcription | None:
        """See `CallControls.transcription`."""
        del call_id
        return None

    async def erase(self, call_id: CallId, *, reason: str = "api") -> bool:
        """See `Eraser.erase`."""
        del reason
        self.erased.append(call_id)
        return call_id == CALL

    async def erase_number(self, number: str, *, reason: str = "api") -> int:
        """See `Eraser.erase_number`."""
        del reason
        self.erased.append(number)
        return 2


@dataclass
class Office(House):
    """A served API, and its journal."""

    journal: Journal | None = None
    board: Board = field(default_factory=Board)

    async def keep_call(
        self,
        call_id: str = CALL,
        types: Sequence[str] = TYPES,
        *,
        endpoints: Sequence[EndpointName] = (),
        day: int = 22,
        **data: object,
    ) -> list[bytes]:
        """Commit a call of golden events, with other data where it matters; return the bodies."""
        assert self.journal is not None
        events = []
        for seq, kind in enumerate(types, 1):
            text = (GOLDEN / f"{kind}.json").read_text().replace("2026-11-22T", f"2026-11-{day}T")
            event: dict[str, Any] = json.loads(text)
            known = {key: value for key, value in data.items() if key in event["data"]}
            event["data"] |= {**known, "call_id": call_id, "seq": seq}
            body = json.dumps(event, separators=(",", ":")).encode()
            events.append(StoredEvent(CallId(call_id), seq, kind, body))
        entry = Entry(
            call_id=CallId(call_id),
            version=0,
            epoch=0,
            state=b"",
            events=tuple(events),
            endpoints=tuple(endpoints),
        )
        await self.journal.commit(entry)
        return [event.body for event in events]

    async def park(self, seq: int, call_id: str = CALL, status: int | None = 400) -> None:
        """Give up a delivery of the call to the crm."""
        assert self.journal is not None
        update = LaneUpdate(CallId(call_id), CRM, seq, parked=(seq, status, "http_400"))
        await self.journal.settle([update])


@asynccontextmanager
async def open_office(
    folder: Path, *, crm_url: str = "http://127.0.0.1:1"
) -> AsyncIterator[Office]:
    """Open the API on a new journal in this folder, with one endpoint, and a key for everything."""
    path = folder / "journal.db"
    endpoint = Endpoint(
        name=CRM, type="webhook", url=crm_url, secret=SECRET, allow_private=True, timeout_s=5.0
    )
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        journal = await enter(open_sqlite_journal(path, clock=lambda: NOW))
        library = await enter(open_sqlite_library(path))
        keys = await enter(open_sqlite_keys(path))
        board = Board()
        sources = Sources(
            journal=journal,
            library=library,
            searches=await enter(open_sqlite_searches(path)),
            keys=keys,
            hub=await enter(open_hub(library, journal)),
            controls=board,
            lanes=await enter(open_lanes(journal, [], clock=lambda: NOW)),
            endpoints=[endpoint],
            recordings=journal,
            recordings_path=folder,
            metrics=CollectorRegistry(),
            eraser=board,
        )
        api = await enter(
            open_api(sources, rate_limit_per_minute=1_000_000, clock=lambda: office.now)
        )
        app = new_application()
        api.serve(app)
        listener = await enter(open_listener(app, "127.0.0.1", 0))
        session = await enter(aiohttp.ClientSession())
        office = Office(listener.url, keys, session, journal=journal, board=board)
        office.key = await new_key(keys)
        yield office
