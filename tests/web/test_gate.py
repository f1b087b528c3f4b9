"""A full house: who has shown nothing makes room, and whom proxies speak for is counted."""

import asyncio
import resource
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from service.web.connections import client_of, may_stay, vouch
from service.web.limits import Limits
from service.web.outlet import Outlet
from tests.web.harness import serving
from tests.web.peers import GET, RawClient, connected

FULL = Limits(head_s=5, body_s=5, idle_s=5, shutdown_s=0.2, max_connections=8)
WITH_KEY = b"GET /key HTTP/1.1\r\nHost: x\r\n\r\n"
WATCH = WITH_KEY.replace(b"/key", b"/watch")
WEBHOOK = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
SLOW_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf"


def app_of(seen: list[str] | None = None) -> web.Application:
    """Serve genuine webhooks by POST, and GETs: who asks for `/key` shows one, `/watch` stays."""

    async def post(request: web.Request) -> web.Response:
        await request.read()
        vouch(request, sender=True)
        return web.Response(text="ok")

    async def get(request: web.Request) -> web.Response:
        if seen is not None:
            seen.append(client_of(request))
        return web.Response(text="ok")

    async def watch(request: web.Request) -> web.StreamResponse:
        if not may_stay(request):
            return web.Response(status=503)
        left = asyncio.Event()
        outlet = Outlet(request, left.set)
        answer = web.StreamResponse()
        await answer.prepare(request)
        while not outlet.lost:
            await left.wait()
        return answer

    async def key(request: web.Request) -> web.Response:
        vouch(request)
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/key", key)
    app.router.add_get("/watch", watch)
    app.router.add_post("/", post)
    app.router.add_get("/", get)
    return app


@contextmanager
def many_descriptors(wanted: int) -> Iterator[None]:
    """Let this process open so many, which hold both sides of every connection."""
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))


async def open_slow(stack: AsyncExitStack, url: str, number: int, sent: bytes) -> list[RawClient]:
    """Connect often, and send part of a request each time."""
    slow = [await stack.enter_async_context(connected(url)) for _ in range(number)]
    for each in slow:
        await each.send(sent)
    return slow


async def post_all(client: aiohttp.ClientSession, url: str, number: int) -> list[int]:
    """Send genuine webhooks, all at once; return the statuses."""

    async def post() -> int:
        async with client.post(url, data=b"{}") as answer:
            return answer.status

    return await asyncio.gather(*(post() for _ in range(number)))


@pytest.mark.parametrize("sent", [b"", b"POST / HT", SLOW_BODY], ids=["silent", "head", "body"])
async def test_800_slow_connections_keep_no_genuine_webhook_out(sent: bytes) -> None:
    """They fill the 512 places, through a proxy at that; each of 45 webhooks finds one."""
    limits = Limits(max_connections=512, shutdown_s=0.2)
    with many_descriptors(4096):
        async with serving(app_of(), limits=limits) as (url, client), AsyncExitStack() as stack:
            await open_slow(stack, url, 800, sent)
            statuses = await post_all(client, url, 45)

    assert statuses == [200] * 45


async def test_the_oldest_that_has_shown_nothing_makes_room() -> None:
    """It is told so; the others wait on, and whoever has shown something goes on."""
    async with serving(app_of(), limits=FULL) as (url, client), AsyncExitStack() as stack:
        async with client.post(url, data=b"{}"):
            pass
        slow = await open_slow(stack, url, 7, b"GET / HT")
        await open_slow(stack, url, 1, b"GET / HT")
        first = await slow[0].rest()
        async with client.post(url, data=b"{}") as answer:
            assert answer.status == 200
        await slow[1].send(GET.removeprefix(b"GET / HT"))
        assert await slow[1].answer() == b"HTTP/1.1 200 OK"

    assert first.startswith(b"HTTP/1.1 503 ")


async def test_places_are_kept_for_who_sends_webhooks() -> None:
    """People with keys cannot take all of them; an address that a webhook came from may."""
    limits = replace(FULL, proxies=())
    async with serving(app_of(), limits=limits) as (url, client), AsyncExitStack() as stack:
        shown = [await stack.enter_async_context(connected(url)) for _ in range(7)]
        for each in shown:
            await each.send(WITH_KEY)
            assert await each.answer() == b"HTTP/1.1 200 OK"
        async with connected(url) as late:
            assert (await late.rest()).startswith(b"HTTP/1.1 503 ")
        await shown[0].send(WEBHOOK)
        assert await shown[0].answer() == b"HTTP/1.1 200 OK"
        async with client.post(url, data=b"{}") as answer:
            assert answer.status == 200


async def test_who_watches_takes_no_place_that_is_kept() -> None:
    """Also from an address that webhooks come from: through a proxy, everybody does."""
    async with serving(app_of(), limits=FULL) as (url, client), AsyncExitStack() as stack:
        sender = await stack.enter_async_context(connected(url))
        await sender.send(WEBHOOK)
        assert await sender.answer() == b"HTTP/1.1 200 OK"
        for _ in range(7):
            watcher = await stack.enter_async_context(connected(url))
            await watcher.send(WATCH)
            assert await watcher.answer() == b"HTTP/1.1 200 OK"
        await sender.send(WATCH.replace(b"Host", b"Connection: close\r\nHost"))
        assert (await sender.rest()).startswith(b"HTTP/1.1 503 ")
        statuses = await post_all(client, url, 1)

    assert statuses == [200]


@pytest.mark.parametrize(
    ("headers", "counted"),
    [
        ({"X-Forwarded-For": "198.51.100.7"}, "198.51.100.7"),
        ({"X-Forwarded-For": "203.0.113.1, 198.51.100.7, 10.0.0.4"}, "198.51.100.7"),
        ({"X-Forwarded-For": "198.51.100.7:4711"}, "198.51.100.7"),
        ({"Forwarded": 'for=203.0.113.1;proto=https, for="[2001:db8::7]:80"'}, "2001:db8::7"),
        ({"Forwarded": "for=unknown", "X-Forwarded-For": "198.51.100.7"}, "127.0.0.1"),
        ({"X-Forwarded-For": "198.51.100.7, nonsense"}, "127.0.0.1"),
        ({}, "127.0.0.1"),
    ],
)
async def test_a_proxy_says_whom_it_speaks_for(headers: dict[str, str], counted: str) -> None:
    """The last one that is no proxy: what stands before it, anybody may have written."""
    seen: list[str] = []
    async with (
        serving(app_of(seen), limits=FULL) as (url, client),
        client.get(url, headers=headers) as answer,
    ):
        assert answer.status == 200

    assert seen == [counted]


async def test_who_is_no_proxy_speaks_for_itself() -> None:
    """Whatever its headers say."""
    seen: list[str] = []
    async with (
        serving(app_of(seen), limits=replace(FULL, proxies=())) as (url, client),
        client.get(url, headers={"X-Forwarded-For": "198.51.100.7"}),
    ):
        pass

    assert seen == ["127.0.0.1"]


def asking_for(client: str) -> bytes:
    """Return a request that a proxy passes on."""
    return b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %b\r\n\r\n" % client.encode()


async def statuses_of(held: Sequence[RawClient], client: str) -> list[bytes]:
    """Ask on all connections in turn for one client; return the statuses."""
    statuses = []
    for each in held:
        await each.send(asking_for(client))
        statuses.append((await each.answer())[9:12])
    return statuses


async def test_one_greedy_client_behind_a_proxy_is_refused_and_no_other() -> None:
    """It counts as if it had come by itself, until the connection serves somebody else."""
    limits = replace(FULL, max_connections_per_address=2)
    async with serving(app_of(), limits=limits) as (url, _), AsyncExitStack() as stack:
        held = [await stack.enter_async_context(connected(url)) for _ in range(3)]

        assert await statuses_of(held, "198.51.100.7") == [b"200", b"200", b"429"]
        assert await statuses_of(held[:1], "198.51.100.8") == [b"200"]
        assert await statuses_of(held[2:], "198.51.100.7") == [b"200"]
