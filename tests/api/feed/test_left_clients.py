"""Who has left while the key was looked up: the feed begins for nobody, and nothing is an error."""

import asyncio
from pathlib import Path

import pytest
import uvloop
from structlog.testing import capture_logs

from service.ports import WordQuery
from tests.api.feed.harness import open_feed
from tests.api.feed.test_search_feed import PATH, keep
from tests.feed.builders import A, started
from tests.waiting import PATIENCE_S
from tests.web.peers import connected

WEBSOCKET = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
FEEDS = ["/v1/feed", f"/v1/calls/{A}/feed", PATH]


async def leave_early(folder: Path, path: str, headers: str) -> tuple[list[str], int]:
    """Ask for a feed and leave; return what was logged as an error, and how many feeds are open."""
    asked, left = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        asked.set()
        await left.wait()

    with capture_logs() as logs:
        async with open_feed(folder) as harness, asyncio.timeout(PATIENCE_S):
            await harness.calls.commit(A, started())
            await keep(harness, WordQuery(words="words"))
            harness.keys.hold = hold
            async with connected(harness.url) as client:
                bearer = f"Authorization: Bearer {harness.key}\r\n"
                head = f"GET {path} HTTP/1.1\r\nHost: x\r\n{bearer}{headers}\r\n"
                await client.send(head.encode())
                await asked.wait()
                client.writer.transport.abort()
            await harness.get("/openapi.json")  # by its answer the other end is known to be lost
            left.set()
    errors = [str(one["event"]) for one in logs if one["log_level"] == "error"]
    return errors, len(harness.connections)


@pytest.mark.parametrize("headers", ["", WEBSOCKET], ids=["sse", "websocket"])
@pytest.mark.parametrize("path", FEEDS, ids=["all", "call", "search"])
def test_a_feed_for_somebody_who_has_left_is_no_error(
    path: str, headers: str, tmp_path: Path
) -> None:
    """On uvloop, which lets nobody touch a closed connection."""
    assert uvloop.run(leave_early(tmp_path, path, headers)) == ([], 0)
