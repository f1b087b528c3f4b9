"""What the service shows of calls: to receivers, who watch, who ask, and on the disk."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.redaction.whole.calls import Call
from tests.redaction.whole.peers import Peers

Event = Mapping[str, Any]
_FORMS = ("txt", "srt", "vtt", "json")
_ASKED = ("seven", "eight nine", "it's", "card", "4")


@dataclass(slots=True)
class Seen:
    """What is to be seen in each place: events of calls in their order, or whatever text."""

    events: dict[str, dict[str, list[Event]]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def saw(self, place: str, events: Iterable[Event]) -> None:
        """Take the events of a place, in the order in which they came."""
        by_call = self.events.setdefault(place, defaultdict(list))
        for event in events:
            by_call[event["call_id"]].append(event)

    def read(self, place: str, *texts: bytes | str) -> None:
        """Take what else is there to be read."""
        made = (one.decode(errors="replace") if isinstance(one, bytes) else one for one in texts)
        self.texts[place] = "\n".join([self.texts.get(place, ""), *made])


async def ask(client: aiohttp.ClientSession, calls: Sequence[Call], seen: Seen) -> None:
    """Ask the API for all that it has."""
    kept: list[Event] = []
    for call in calls:
        path = f"/v1/calls/{call.call_id}"
        kept += [flat(one) for one in json.loads(await _get(client, f"{path}/events"))["data"]]
        seen.read("API: attempts", await _get(client, f"{path}/attempts"))
        for form in _FORMS:
            seen.read("API: exports", await _get(client, f"{path}/transcript?format={form}"))
    seen.saw("API: events", kept)
    for place in ("/v1/calls?limit=200", "/v1/deliveries?limit=200", "/v1/endpoints", "/v1/access"):
        seen.read("API: lists", await _get(client, place))
    for word in _ASKED:
        seen.read("API: search", await _get(client, f"/v1/search?q={word}&limit=100"))
    seen.read("metrics", await _get(client, "/metrics"))


async def _get(client: aiohttp.ClientSession, path: str) -> bytes:
    async with client.get(path) as answer:
        body = await answer.read()
        assert answer.status == 200, (path, answer.status, body)
        return body


def receive(peers: Peers, seen: Seen) -> None:
    """Take what came to receivers and collector."""
    receipts = peers.receiver.receipts
    seen.saw("webhooks", ({"type": one.type, **one.data} for one in receipts))
    reports = [json.dumps(dict(one.data)) for one in receipts if one.type == "call.report"]
    seen.read("webhooks: reports", *reports)
    seen.read("traces", *peers.traces)


def look(folder: Path, seen: Seen) -> None:
    """Take what is on the disk."""
    with closing(sqlite3.connect(folder / "j.db")) as db:
        rows = db.execute("SELECT body FROM event ORDER BY call_no, seq").fetchall()
    seen.saw("journal", (flat(json.loads(body)) for (body,) in rows))
    seen.read("journal: bytes", *(path.read_bytes() for path in folder.glob("j.db*")))
    seen.read("log", *(path.read_bytes() for path in folder.glob("log*")))
    kept = [path for path in (folder / "archive").rglob("*") if path.is_file()]
    seen.read("archive", *(path.read_bytes() for path in kept))


def flat(event: Event) -> Event:
    """Return an event with its type beside what it says."""
    return {"type": event["type"], **event["data"]}
