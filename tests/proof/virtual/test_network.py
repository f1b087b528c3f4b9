"""The network in memory, under the libraries that the service and the simulator are made of."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import httpx
import pytest
from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.proof.virtual.loop import BEGINS_AT_S
from tests.proof.virtual.process import Process
from tests.proof.virtual.test_loop import machine, run

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serve(handler: Handler) -> AsyncIterator[str]:
    """Serve a handler at `/`; give the host and the port."""
    app = web.Application()
    app.router.add_route("*", "/", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield "{}:{}".format(*runner.addresses[0])
    finally:
        await runner.cleanup()


async def echo(request: web.Request) -> web.StreamResponse:
    """Answer with what was sent, over HTTP or a WebSocket."""
    socket = web.WebSocketResponse(heartbeat=15)
    if not socket.can_prepare(request).ok:
        return web.Response(body=await request.read())
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


def test_http_clients_get_answers() -> None:
    """Aiohttp and httpx, which Telnyx's SDK uses, connect as they do elsewhere."""

    async def work() -> None:
        async with serve(echo) as address:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"http://{address}/", data=b"x" * 300_000) as answer,
            ):
                assert await answer.read() == b"x" * 300_000
            async with httpx.AsyncClient() as client:
                assert (await client.post(f"http://{address}/", content=b"y")).content == b"y"

    run(work())


def test_nobody_listens_at_other_ports() -> None:
    """A connection is refused, and one to a server that was closed, too."""

    async def work() -> None:
        async with serve(echo) as address:
            pass
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"http://{address}/")

    run(work())


def test_a_websocket_lives_for_an_hour() -> None:
    """Its pings are answered, and its messages come in order."""

    async def work() -> float:
        async with serve(echo) as address, connect(f"ws://{address}/", proxy=None) as socket:
            for number in range(60):
                await socket.send(str(number))
                assert await socket.recv() == str(number)
                await asyncio.sleep(60)
        return machine().time() - BEGINS_AT_S

    assert run(work()) == pytest.approx(3600, abs=2)


def test_a_peer_that_does_not_read_is_waited_for() -> None:
    """What is written without end is held back, as by TCP."""

    async def deaf(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await asyncio.sleep(100)
        return socket

    async def send_without_end(socket: ClientConnection) -> None:
        while True:
            await socket.send(b"x" * 60_000)

    async def work() -> None:
        async with serve(deaf) as address, connect(f"ws://{address}/", proxy=None) as socket:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(send_without_end(socket), timeout=10)
            socket.transport.abort()

    run(work())


def test_a_killed_process_is_gone_for_its_peers() -> None:
    """Its connections are reset and its port refuses; it can be buried afterwards."""

    async def live() -> None:
        async with serve(echo) as address:
            addresses.append(address)
            await asyncio.Event().wait()

    addresses: list[str] = []

    async def work() -> None:
        process = Process("victim")
        task = process.start(live())
        await asyncio.sleep(1)
        async with connect(f"ws://{addresses[0]}/", proxy=None) as socket:
            machine().kill_process(process)
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        with pytest.raises(ConnectionRefusedError):
            await connect(f"ws://{addresses[0]}/", proxy=None)
        machine().continue_process(process)
        task.cancel()
        await asyncio.wait([task])

    run(work())


def test_a_connection_that_is_forgotten_is_half_open() -> None:
    """Nothing arrives, and whoever listens does not even hear that the other end is gone."""

    async def live() -> None:
        async with serve(keep) as address:
            addresses.append(address)
            await asyncio.Event().wait()

    async def keep(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        heard.append(await socket.receive_str())
        await socket.receive()
        heard.append("over")
        return socket

    addresses: list[str] = []
    heard: list[str] = []

    async def work() -> None:
        process = Process("listener")
        task = process.start(live())
        await asyncio.sleep(1)
        socket = await connect(f"ws://{addresses[0]}/", proxy=None, ping_interval=None)
        await socket.send("before")
        await asyncio.sleep(1)
        machine().network.forget_busiest(process)
        await socket.send("after")
        socket.transport.abort()
        await asyncio.sleep(10)
        assert heard == ["before"]
        machine().kill_process(process)
        machine().continue_process(process)
        task.cancel()
        await asyncio.wait([task])

    run(work())
