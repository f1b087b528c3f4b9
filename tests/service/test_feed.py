"""The live feed of the whole service: what is stored is what was watched."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from tests.service.harness import SCRIPT, House, asking, journal_of, open_house

SCENARIO = {"call": [{"say": SCRIPT, "count": 2, "every_s": 0.2}]}


@asynccontextmanager
async def watching(house: House, journal: Path) -> AsyncIterator[aiohttp.ClientResponse]:
    """Follow all calls with a new key."""
    async with (
        asking(house, journal, "live") as client,
        client.get("/v1/feed") as answer,
    ):
        assert answer.status == 200
        yield answer


async def read(answer: aiohttp.ClientResponse) -> list[tuple[str, bytes]]:
    """Return the events of a stream until it ends: type and data."""
    events: list[tuple[str, bytes]] = []
    kind = b""
    async with asyncio.timeout(60):
        async for line in answer.content:
            name, _, value = line.rstrip(b"\n").partition(b": ")
            if name == b"event":
                kind = value
            elif name == b"data":
                events.append((kind.decode(), value))
    return events


async def test_who_watches_sees_what_is_stored_and_is_sent_off_with_a_cursor(
    tmp_path: Path,
) -> None:
    """Byte for byte and in order for each call, with partials between, until the stop."""
    path = tmp_path / "j.db"
    async with asyncio.TaskGroup() as tasks:
        async with open_house(path, SCENARIO, {"drain_timeout_s": 60}) as house:
            opened = watching(house, path)
            answer = await opened.__aenter__()
            reading = tasks.create_task(read(answer), name="read the feed")
            report = await house.play()
            began = asyncio.get_running_loop().time()
        stopped_s = asyncio.get_running_loop().time() - began
        events = await reading
        await opened.__aexit__(None, None, None)

    calls = {call.call_id for call in report.calls}
    stored = await journal_of(path, calls)
    kinds = {kind for kind, _ in events}
    assert {"transcript.partial", "transcript.final", "transcript.completed"} <= kinds
    for call_id, kept in stored.items():
        assert of_call(events, call_id) == [event.body for event in kept]
    assert events[-1][0] == "closed"
    goodbye: Any = msgspec.json.decode(events[-1][1])
    assert (goodbye["reason"], goodbye["resume_after"]) == ("stopping", len(durable(events)))
    assert stopped_s < 30  # whoever watches does not use up what a stop may take


def durable(events: list[tuple[str, bytes]]) -> list[bytes]:
    """Return the bodies that are stored."""
    return [data for kind, data in events if kind not in ("transcript.partial", "closed")]


def of_call(events: list[tuple[str, bytes]], call_id: str) -> list[bytes]:
    """Return the durable events of a call."""
    return [
        one for one in durable(events) if msgspec.json.decode(one)["data"]["call_id"] == call_id
    ]
