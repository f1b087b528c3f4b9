"""Opening and closing the listener."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web

from service.web.limits import Limits
from service.web.listen import ListenAddress, bind_address, listen, open_listener
from tests.waiting import PATIENCE_S
from tests.web.peers import GET, connected


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:81"),
        ("0.0.0.0", "http://127.0.0.1:81"),
        ("::", "http://[::1]:81"),
        ("::1", "http://[::1]:81"),
    ],
)
def test_the_url_is_one_that_a_client_here_can_use(host: str, url: str) -> None:
    """Where it listens on every address, the loopback one is named."""
    assert ListenAddress(host, 81).url == url


async def test_port_0_is_any_free_one() -> None:
    """Two listeners at once have different ports, and both answer."""
    first = open_listener(web.Application(), "127.0.0.1", 0)
    second = open_listener(web.Application(), "127.0.0.1", 0)
    async with first as one, second as two, aiohttp.ClientSession() as client:
        assert one.port != two.port
        for listener in (one, two):
            async with client.get(listener.url) as answer:
                assert answer.status == 404


async def test_an_address_is_known_before_anybody_listens() -> None:
    """Clients are refused until then; all addresses of a name have one port."""
    async with bind_address("localhost", 0) as address, aiohttp.ClientSession() as client:
        assert {one.getsockname()[1] for one in address.sockets} == {address.port}
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(address.url)
        async with listen(web.Application(), address), client.get(address.url) as answer:
            assert answer.status == 404
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(address.url)


async def test_a_taken_address_is_an_error() -> None:
    """`OSError`, before the app is set up."""
    async with open_listener(web.Application(), "127.0.0.1", 0) as listener:
        with pytest.raises(OSError, match="already in use"):
            async with open_listener(web.Application(), "127.0.0.1", listener.port):
                pass


async def test_who_is_late_to_listen_leaves_nothing_behind() -> None:
    """Both had bound the address, which the system allows: `OSError`, and the app is cleaned up."""
    app, cleaned_up = web.Application(), []

    async def clean_up(_: web.Application) -> None:
        cleaned_up.append(True)

    app.on_cleanup.append(clean_up)
    async with (
        bind_address("127.0.0.1", 0) as first,
        bind_address("127.0.0.1", first.port) as second,
        listen(web.Application(), first),
    ):
        with pytest.raises(OSError, match="already in use"):
            async with listen(app, second):
                pass

    assert cleaned_up == [True]


@pytest.mark.parametrize("stays", [True, False])
async def test_no_request_outlives_its_listener(*, stays: bool) -> None:
    """What hangs is cancelled after `shutdown_s`, whether its client still waits or has left."""
    app, began, cancelled = web.Application(), asyncio.Event(), []

    async def hang(_: web.Request) -> web.Response:
        began.set()
        try:
            return await asyncio.Future()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    app.router.add_get("/", hang)
    open_one = open_listener(app, "127.0.0.1", 0, limits=Limits(shutdown_s=0.1))
    async with asyncio.timeout(PATIENCE_S), AsyncExitStack() as clients, open_one as listener:
        client = await clients.enter_async_context(connected(listener.url))
        await client.send(GET)
        await began.wait()
        if not stays:
            await clients.aclose()

    assert cancelled == [True]


async def test_answers_do_not_tell_what_serves_them() -> None:
    """No version of anything in the `Server` header, on errors either."""
    async with (
        open_listener(web.Application(), "127.0.0.1", 0) as listener,
        aiohttp.ClientSession() as client,
        client.get(listener.url + "/nothing") as answer,
    ):
        assert answer.headers["Server"] == "callscribe"
