"""Deadlines and caps of connections, against clients that drip, wait and flood."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from structlog.testing import capture_logs

from service.web.connections import vouch
from service.web.limits import Limits
from tests.waiting import PATIENCE_S
from tests.web.harness import serving
from tests.web.peers import GET, RawClient, connected

QUICK = Limits(head_s=0.2, body_s=0.3, idle_s=0.4, shutdown_s=0.2, proxies=())
"""The shape of the defaults, short enough for a test."""
PATIENT = Limits(head_s=5, body_s=5, idle_s=5, shutdown_s=0.2, proxies=())
NEVER_S = 3600.0
"""For the limits that a test is not about: what ends is then ended by the one that it is about."""
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n"


def app_of(get: Handler | None = None) -> web.Application:
    """Serve `/`: GET answers at once (or by `get`), POST after reading the body."""

    async def fast(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def post(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    app = web.Application()
    app.router.add_get("/", get or fast)
    app.router.add_post("/", post)
    return app


async def test_a_silent_connection_is_closed() -> None:
    """Who connects and says nothing has as long as for a head."""
    limits = replace(QUICK, body_s=NEVER_S, idle_s=NEVER_S)
    async with serving(app_of(), limits=limits) as (url, _), connected(url) as client:
        assert await client.seconds_to_close() >= 0.15


async def test_a_dripping_head_is_cut_off() -> None:
    """Bytes that come one by one do not move the deadline."""
    async with serving(app_of(), limits=QUICK) as (url, _), connected(url) as client:
        answer = await client.rest_while_dripping(GET)

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_dripping_body_is_cut_off() -> None:
    """The head was quick, the body is not."""
    async with serving(app_of(), limits=QUICK) as (url, _), connected(url) as client:
        await client.send(POST)
        answer = await client.rest_while_dripping(bytes(50))

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_dripping_second_head_is_cut_off_too() -> None:
    """A first good request does not buy a slow second one the time to be idle."""
    limits = Limits(head_s=0.2, body_s=0.3, idle_s=30, proxies=(), shutdown_s=0.2)
    async with serving(app_of(), limits=limits) as (url, _), connected(url) as client:
        await client.send(GET)
        assert await client.answer() == b"HTTP/1.1 200 OK"
        answer = await client.rest_while_dripping(GET)

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_an_idle_connection_is_closed_without_a_word() -> None:
    """After an answer there is time for another request, and then none."""
    limits = replace(QUICK, head_s=NEVER_S, body_s=NEVER_S)
    async with serving(app_of(), limits=limits) as (url, _), connected(url) as client:
        await client.send(GET)
        assert await client.answer() == b"HTTP/1.1 200 OK"
        await client.send(GET)
        assert await client.answer() == b"HTTP/1.1 200 OK"

        assert await client.seconds_to_close() >= 0.3


async def test_a_slow_handler_is_not_hurried() -> None:
    """Deadlines are for clients: our own work may take longer than all of them."""

    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(0.7)  # longer than head, body and idle
        return web.Response(text="ok")

    async with serving(app_of(slow), limits=QUICK) as (url, _), connected(url) as client:
        await client.send(GET)

        assert await client.answer() == b"HTTP/1.1 200 OK"


async def test_who_does_not_take_the_answer_is_cut_off() -> None:
    """An answer larger than the sockets' buffers is not kept for a client that never reads."""

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=bytes(32 * 1024 * 1024))

    limits = replace(QUICK, idle_s=NEVER_S, answer_s=0.3)
    async with serving(app_of(large), limits=limits) as (url, _), connected(url) as client:
        begun = asyncio.get_running_loop().time()
        await client.send(GET)
        async with asyncio.timeout(PATIENCE_S):
            await client.drip(GET * 1000, every_s=0.02)  # for minutes, if nobody ends it

        assert asyncio.get_running_loop().time() - begun >= 0.25


async def known(request: web.Request) -> web.Response:
    """Answer who has shown a key."""
    vouch(request)
    return web.Response(text="ok")


async def fill(stack: AsyncExitStack, url: str, connections: int) -> list[RawClient]:
    """Hold connections open, each with one request answered."""
    held = [await stack.enter_async_context(connected(url)) for _ in range(connections)]
    for client in held:
        await client.send(GET)
        assert await client.answer() == b"HTTP/1.1 200 OK"
    return held


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (replace(PATIENT, max_connections=3), b"503"),
        (replace(PATIENT, max_connections_per_address=3), b"429"),
    ],
)
async def test_one_connection_too_many_is_turned_away(limits: Limits, status: bytes) -> None:
    """It is told so and closed; the others go on, and room that gets free is given.

    The others have shown who they are: strangers would have made room.
    """
    async with serving(app_of(known), limits=limits) as (url, _), AsyncExitStack() as stack:
        held = await fill(stack, url, 3)
        async with connected(url) as late:
            refusal = await late.rest()
        await held[0].send(GET)
        assert await held[0].answer() == b"HTTP/1.1 200 OK"
        await held[1].send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await held[1].rest()
        await fill(stack, url, 1)

    assert refusal.startswith(b"HTTP/1.1 " + status)


async def test_a_proxy_counts_as_no_single_address() -> None:
    """Behind a reverse proxy every client has the same address: only the cap for all holds."""
    limits = Limits(max_connections_per_address=1, shutdown_s=0.2)
    async with serving(app_of(), limits=limits) as (url, _), AsyncExitStack() as stack:
        assert len(await fill(stack, url, 3)) == 3


async def test_websockets_leave_room_for_their_address() -> None:
    """All media of all calls comes from a few addresses of Telnyx's."""

    async def socket(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        await answer.receive()
        return answer

    app, limits = app_of(), replace(PATIENT, max_connections_per_address=1)
    app.router.add_get("/socket", socket)
    async with serving(app, limits=limits) as (url, client), AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(client.ws_connect(url + "/socket"))

        assert len(await fill(stack, url, 1)) == 1


async def test_a_hundred_slow_clients_do_not_slow_a_good_one() -> None:
    """Slowloris: requests are answered while none of them has been sent away yet."""
    limits = replace(PATIENT, head_s=NEVER_S, max_connections=150)
    async with serving(app_of(), limits=limits) as (url, client), AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(connected(url)) for _ in range(100)]
        for each in slow:
            await each.send(b"GET / HT")
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(20):
                async with client.get(url) as answer:
                    assert answer.status == 200


async def test_a_hundred_slow_clients_are_all_sent_away() -> None:
    """After the deadline, which each of them has for itself."""
    limits = replace(QUICK, max_connections=150)
    async with serving(app_of(), limits=limits) as (url, _), AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(connected(url)) for _ in range(100)]
        for each in slow:
            await each.send(b"GET / HT")
        ends = await asyncio.gather(*(each.rest() for each in slow))

    assert all(end.startswith(b"HTTP/1.1 408 ") for end in ends)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"GET /secret-token-" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["tls", "version", "length", "long_line", "many_headers", "long_header", "chunks"],
)
async def test_what_is_no_http_is_a_bad_request_without_a_traceback(
    request_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """400 and a closed connection; nothing of what was sent is logged."""
    with capture_logs() as logs:
        async with serving(app_of(), limits=PATIENT) as (url, _), connected(url) as client:
            await client.send(request_bytes)
            answer = await client.rest()

    assert answer.split(b"\r\n")[0].endswith(b" 400 Bad Request")
    assert [log for log in logs if "exc_info" in log] == []
    assert [record for record in caplog.records if record.exc_info] == []
    assert "secret-token" not in repr(logs) + caplog.text


async def test_a_fault_of_ours_is_a_500_that_tells_nothing() -> None:
    """The answer says that it is logged; the log has the exception and the route."""

    async def broken(_: web.Request) -> web.Response:
        raise LookupError("inner secret")

    with capture_logs() as logs:
        async with (
            serving(app_of(broken), limits=PATIENT) as (url, client),
            client.get(url) as answer,
        ):
            text = await answer.text()

    assert answer.status == 500
    assert "inner secret" not in text
    assert [log["route"] for log in logs if log["event"] == "request_failed"] == ["/"]


async def test_a_fault_in_the_middle_of_an_answer_ends_it() -> None:
    """Half an answer cannot be taken back: the connection closes and the log has it."""

    async def broken(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"half")
        raise LookupError

    with capture_logs() as logs:
        async with serving(app_of(broken), limits=PATIENT) as (url, _), connected(url) as client:
            await client.send(GET)
            answer = await client.rest()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert not answer.endswith(b"0\r\n\r\n")
    assert [log["event"] for log in logs if "exc_info" in log] == ["request_failed"]
