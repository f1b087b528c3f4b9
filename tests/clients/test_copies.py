"""The ten lines that pass copies of webhooks on: as they came, once somebody takes them."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from tests.clients.harness import CLIENTS
from tests.ingress.builders import webhook_body
from tests.serving import serve

BODY = webhook_body("call.initiated.incoming") + b"\n  "
"""White space at the end is part of what was signed."""
SIGNED = {"telnyx-signature-ed25519": "c2lnbmVk", "telnyx-timestamp": "1795341600"}
PassOn = Callable[[str], Awaitable[None]]


@dataclass
class Taker:
    """A Callscribe that is not there yet, then is."""

    statuses: list[int]
    came: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Keep what came, and answer what it is the turn of."""
        headers = {name: request.headers[name] for name in SIGNED}
        self.came.append((await request.read(), headers))
        return web.Response(status=self.statuses.pop(0))


@asynccontextmanager
async def open_taker(*statuses: int) -> AsyncIterator[tuple[str, Taker]]:
    """Serve one; yield its URL."""
    taker = Taker(list(statuses))
    app = web.Application()
    app.router.add_post("/webhooks/telnyx", taker.take)
    async with serve(app) as url:
        yield f"{url}/webhooks/telnyx", taker


async def python(url: str) -> None:
    """Have the example in Python pass the webhook on."""
    spec = importlib.util.spec_from_file_location("copies", CLIENTS / "copies.py")
    assert spec is not None
    assert spec.loader is not None
    copies = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copies)
    headers = {name.title(): value for name, value in SIGNED.items()}
    await copies.pass_on(url, BODY, headers)


async def node(url: str) -> None:
    """Have the example for Node do it."""
    code = (
        f"import {{ passOn }} from {str(CLIENTS / 'copies.mjs')!r};"
        f"await passOn({url!r}, Buffer.from({BODY.hex()!r}, 'hex'), {SIGNED!r});"
    )
    program = await asyncio.create_subprocess_exec("node", "--input-type=module", "-e", code)
    assert await program.wait() == 0


@pytest.mark.parametrize("pass_on", [python, node])
@pytest.mark.parametrize("statuses", [(200,), (401,), (503, 200)])
async def test_a_copy_is_passed_on_as_it_came(pass_on: PassOn, statuses: tuple[int, ...]) -> None:
    """Byte for byte, with its signature; again only while nobody takes it."""
    async with open_taker(*statuses) as (url, taker):
        await pass_on(url)

    assert taker.came == [(BODY, SIGNED)] * len(statuses)
    assert taker.statuses == []
