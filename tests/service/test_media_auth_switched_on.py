"""`require_media_auth` is switched on between two starts, while Telnyx dials a stream again."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from service.calls.commands import StartStreaming
from service.calls.inputs import StreamingFailed
from service.ids import InputId, LegId
from service.ingress.media_route import MediaRoute
from service.ports import StreamTarget
from service.wire.media import AUTH_HEADER, MEDIA_PATH
from tests.calls.harness import CALL, MEDIA, A
from tests.ingress.builders import CLEAN, start
from tests.runtime.harness import Runtime, open_runtime
from tests.runtime.test_media import hearing, token_of
from tests.waiting import until
from tests.web.harness import serving

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@asynccontextmanager
async def restarted(folder: Path) -> AsyncIterator[tuple[Runtime, StreamTarget, str]]:
    """Have a call heard, and start again with a strict door; yield where the old one dialled."""
    async with open_runtime(folder, MEDIA) as runtime:
        await hearing(runtime)
        (old,) = runtime.carrier.targets
    app = web.Application()
    async with open_runtime(folder, MEDIA) as runtime:
        MediaRoute(runtime.calls, require_auth=True).add_to(app)
        await runtime.calls.resume()
        async with serving(app) as (url, _):
            yield runtime, old, f"{url}{MEDIA_PATH}{token_of(old)}"


async def test_a_stream_that_shows_its_header_is_taken(tmp_path: Path) -> None:
    """The old process kept what it gave Telnyx, though it did not ask for it."""
    async with restarted(tmp_path) as (runtime, old, url):
        headers = {AUTH_HEADER: old.auth_token}
        async with (
            aiohttp.ClientSession(headers=headers) as client,
            client.ws_connect(url) as socket,
        ):
            for line in (CLEAN[0], begins_of(A)):
                await socket.send_str(line)
            await until(lambda: len(runtime.recognitions.opened) == 2)


async def test_a_stream_that_shows_none_is_refused_and_that_is_told(tmp_path: Path) -> None:
    """It is asked for again; that no words come was told with the restart."""
    async with restarted(tmp_path) as (runtime, _, url):
        async with aiohttp.ClientSession() as client, client.get(url, headers=UPGRADE) as answer:
            assert answer.status == 404
        await until(lambda: starts(runtime) == 1)
        failed = StreamingFailed(
            input_id=InputId("failed"), call_id=CALL, leg_id=A, occurred_at=time.time()
        )
        await runtime.calls.tell(failed)
        await until(lambda: starts(runtime) == 2)

        assert runtime.recognitions.opened == []
        assert (await runtime.types(CALL))[-1] == "transcription.degraded"


def begins_of(leg_id: LegId) -> str:
    """Return the `start` of a leg's stream."""
    golden = json.loads(CLEAN[1])["start"]
    return start(start=golden | {"call_control_id": leg_id})


def starts(runtime: Runtime) -> int:
    """Count how often Telnyx was asked for the audio."""
    return sum(isinstance(command, StartStreaming) for command in runtime.carrier.commands)
