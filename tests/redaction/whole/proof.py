"""Has dialogues said to a running service, and counts in each place the calls that leak."""

import asyncio
import json
import random
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from service.journal.sqlite.keys import open_sqlite_keys
from service.redaction.labels import Kind
from service.redaction.memory import Level
from tests.api.builders import new_key
from tests.chaos.telnyx import API_KEY, Telnyx, open_telnyx
from tests.redaction.dialogues import dialogue
from tests.redaction.secrets import MAKERS
from tests.redaction.whole.calls import Call, talk
from tests.redaction.whole.judging import leaks_in_events, leaks_in_text
from tests.redaction.whole.peers import Peers, open_peers
from tests.redaction.whole.places import Seen, ask, flat, look, receive
from tests.service.process import Process, free_port, serving
from tests.waiting import until

HEADS: Final = ("place", "calls", "that leak")
SPEED: Final = 3.0
WITH_WORDS: Final = (
    *("webhooks", "webhooks: reports", "feed", "API: events", "API: exports", "API: search"),
    *("journal", "journal: bytes", "log", "archive"),
)
"""The places that have what was said; in the others there is to be none of it, hidden or not."""
_PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Leaks:
    """How many calls show too much of their secret in a place."""

    calls: int
    leaked: int

    def cells(self, name: str) -> tuple[str, ...]:
        """Return it as the table shows it."""
        return (name, f"{self.calls:,}", f"{self.leaked:,}")


def leaks(rows: Mapping[str, Leaks]) -> bool:
    """Return whether every place leaks that has what was said, as all do with nothing hidden."""
    return all(rows[place].leaked for place in WITH_WORDS)


async def listen(
    folder: Path, seed: int, dialogues: int, level: Level, kinds: Sequence[Kind]
) -> dict[str, Leaks]:
    """Have so many dialogues of each kind said, hide these kinds, and look everywhere."""
    made = [
        dialogue(random.Random(f"{seed} {kind} {number}"), kind, loses_before=False)  # noqa: S311
        for number in range(dialogues)
        for kind in MAKERS
    ]
    seen = Seen()
    async with open_telnyx(random.Random(seed)) as telnyx, open_peers() as peers:  # noqa: S311
        settings = _settings(folder, telnyx, peers, level, kinds)
        async with (
            serving(folder, settings, free_port()) as service,
            _watched(service, folder, seen),
        ):
            telnyx.webhook_url = f"{service.url}/webhooks/telnyx"
            calls = await talk(telnyx, made, speed=SPEED)
            await _all_told(peers, calls)
            async with _asking(service, folder) as client:
                await ask(client, calls, seen)
            await service.stop(signal.SIGTERM)
        receive(peers, seen)
    look(folder, seen)
    return _count(calls, seen, level)


def _count(calls: Sequence[Call], seen: Seen, level: Level) -> dict[str, Leaks]:
    rows = {}
    for place, by_call in seen.events.items():
        leaks = [leaks_in_events(call, by_call[call.call_id], level) for call in calls]
        rows[place] = Leaks(sum(call.call_id in by_call for call in calls), sum(map(bool, leaks)))
    for place, text in seen.texts.items():
        assert text.strip(), f"nothing was looked at: {place}"
        rows[place] = Leaks(len(calls), leaks_in_text(calls, text))
    return rows


async def _all_told(peers: Peers, calls: Sequence[Call]) -> None:
    """Wait until everything that is said of the calls was delivered."""
    wanted = {call.call_id for call in calls}

    def done() -> bool:
        reported = {
            one.data["call_id"] for one in peers.receiver.receipts if one.type == "call.report"
        }
        return wanted <= reported

    await until(done, timeout_s=_PATIENCE_S)


@asynccontextmanager
async def _watched(service: Process, folder: Path, seen: Seen) -> AsyncIterator[None]:
    """Follow the feed of all calls until the service ends it."""
    events: list[Mapping[str, Any]] = []
    async with _asking(service, folder) as client, client.get("/v1/feed") as answer:
        reading = asyncio.create_task(_read(answer, events), name="read the feed")
        yield
        await reading
    seen.saw("feed", events)


async def _read(answer: aiohttp.ClientResponse, events: list[Mapping[str, Any]]) -> None:
    async for line in answer.content:
        name, _, value = line.rstrip(b"\n").partition(b": ")
        if name == b"data" and "data" in (event := json.loads(value)):
            events.append(flat(event))


@asynccontextmanager
async def _asking(service: Process, folder: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with open_sqlite_keys(folder / "j.db") as keys:
        key = await new_key(keys, now=time.time())
    timeout = aiohttp.ClientTimeout(total=None)
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(service.url, headers=headers, timeout=timeout) as client:
        yield client


def _settings(
    folder: Path, telnyx: Telnyx, peers: Peers, level: Level, kinds: Sequence[Kind]
) -> Mapping[str, Any]:
    hidden = {"redact": list(kinds), "redact_level": level} if kinds else {}
    return {
        "database_url": f"sqlite:///{folder / 'j.db'}",
        "drain_timeout_s": 2,
        "telnyx_api_key": API_KEY,
        "telnyx_public_key": telnyx.public_key,
        "telnyx_base_url": telnyx.api_url,
        "telemetry": {"otlp_url": peers.collector_url},
        "api": {"rate_limit_per_minute": 1_000_000},
        "route": {
            "0": {
                "source": "in_call",
                "engine": "Telnyx",
                "language": "en",
                "endpoints": ["crm", "echo", "log", "files"],
                **hidden,
            }
        },
        "endpoint": _endpoints(folder, peers),
    }


def _endpoints(folder: Path, peers: Peers) -> Mapping[str, Mapping[str, Any]]:
    """Return a receiver, one that fails with what came, the log, and an archive."""
    (folder / "archive").mkdir()
    private = {"type": "webhook", "allow_private": True, "partials": "all"}
    receiver = {"url": peers.receiver.url, "secret": peers.receiver.secret, "report": True}
    archive = {"type": "archive", "url": f"file://{folder / 'archive'}", "formats": ["txt", "vtt"]}
    return {
        "0": {"name": "crm", **receiver, **private},
        "1": {"name": "echo", "url": peers.echo_url, "secret": peers.secret, **private},
        "2": {"name": "log", "type": "log"},
        "3": {"name": "files", **archive},
    }
