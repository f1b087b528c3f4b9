"""A Telnyx, or what stands before it, that answers oddly: nothing of it stays open."""

import asyncio
import gc
from contextlib import suppress

import aiohttp
import pytest

from service.calls.commands import Answer
from service.carrier import open_carrier
from service.carrier.providers import fetch_offers
from service.carrier.tapes import TapeLimits, open_tapes
from service.client_connections import ClientConnector
from service.errors import CarrierError, TapeError
from service.ids import LegId
from tests.odd_answers import ODD
from tests.raw_server import RawServer, open_raw_server


async def command(server: RawServer) -> None:
    """Have a call answered."""
    async with open_carrier("KEY", server.origin, max_retries=0, attempt_timeout_s=0.2) as carrier:
        await carrier.run(Answer(leg_id=LegId("v3:a")), command_id="i")


async def fetch(server: RawServer) -> None:
    """Fetch a recording."""
    limits = TapeLimits(stall_s=0.2)
    async with open_tapes(server.origin, [], limits=limits) as tapes:
        async for _ in tapes.download(f"{server.origin}/file.wav"):
            pass


async def ask(server: RawServer) -> None:
    """Ask for the engines."""
    async with aiohttp.ClientSession(connector=ClientConnector()) as session:
        async with asyncio.timeout(0.5):
            await fetch_offers(session, server.origin, "KEY")


@pytest.mark.parametrize("client", [command, fetch, ask])
@pytest.mark.parametrize("name", ODD)
async def test_an_odd_answer_leaves_nothing_open(name: str, client: object) -> None:
    """Whatever is made of it: no error that nobody expects, and no connection."""
    assert callable(client)
    async with open_raw_server(ODD[name][0]) as server:
        with suppress(CarrierError, TapeError, TimeoutError):
            await client(server)
        gc.collect()  # warns of what nobody closed
        await server.all_closed()

    assert server.requests == 1
