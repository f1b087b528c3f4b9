"""The API for those who follow the feed, in real time, and their connections to it."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from service.api.feed.connections import FeedLimits
from service.ids import CallId
from service.web.limits import Limits
from tests.api.builders import new_token
from tests.api.feed.peers import SocketClient, SseClient
from tests.api.harness import Harness, open_harness

V1: Any = ["callscribe.v1"]


def open_feed(
    folder: Path,
    *,
    limits: FeedLimits | None = None,
    origins: Sequence[str] = (),
    web_limits: Limits | None = None,
) -> AbstractAsyncContextManager[Harness]:
    """Serve the API on a new journal in this folder, with a key that may follow the feed."""
    return open_harness(
        folder,
        clock=time.time,
        scopes=("live",),
        cors_origins=origins,
        feed_limits=limits,
        web_limits=web_limits,
    )


async def live_token(harness: Harness, call_id: str | None = None, *, for_s: float = 600) -> str:
    """Return a token of the harness's key."""
    expires_at = time.time() + for_s
    return await new_token(
        harness.keys, harness.key, "live", call_id=call_id, expires_at=expires_at
    )


@asynccontextmanager
async def watch(
    harness: Harness,
    path: str,
    *,
    after: int | None = None,
    key: str | None = None,
    **headers: str,
) -> AsyncIterator[SseClient]:
    """Follow a path as an `EventSource` would."""
    headers = {"Authorization": f"Bearer {key or harness.key}", **headers}
    if after is not None:
        headers["Last-Event-ID"] = str(after)
    async with harness.session.get(harness.url + path, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        yield SseClient(answer)


@asynccontextmanager
async def talk(
    harness: Harness,
    path: str = "/v1/feed",
    **options: Any,  # noqa: ANN401 - handed on
) -> AsyncIterator[SocketClient]:
    """Connect to the feed over a WebSocket."""
    options.setdefault("additional_headers", {"Authorization": f"Bearer {harness.key}"})
    url = harness.url.replace("http", "ws", 1) + path
    async with connect(url, subprotocols=V1, proxy=None, **options) as socket:
        yield SocketClient(socket)


def seqs(call_id: CallId, first: int, last: int) -> list[tuple[str, int]]:
    """Return which durable events these are."""
    return [(call_id, seq) for seq in range(first, last + 1)]
