"""Limits of time that do not count for how long this process stood still, in virtual time."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from service.patience import LAST_LOOK_S, Patience, post_patiently
from tests.proof.virtual.loop import VirtualLoop
from tests.serving import serve

CONNECT_S = 3.0
T = TypeVar("T")


def play(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run something in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work())


def stand_still(seconds: float) -> None:
    """Have the process stand still, as one does that has no processor."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.stand_still(seconds)


async def gave_up_after_s(limit_s: float, *still: tuple[float, float]) -> float:
    """Wait in vain; return for how long. `still` has when it stands still, and for how long."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for after_s, for_s in still:
        loop.call_later(after_s, stand_still, for_s)
    with pytest.raises(TimeoutError):
        async with Patience(limit_s):
            await asyncio.Event().wait()
    return loop.time() - began


@pytest.mark.parametrize("limit_s", [0.3, 1.0, 15.0])
def test_it_ends_at_its_limit(limit_s: float) -> None:
    """As long as the loop runs."""
    assert play(lambda: gave_up_after_s(limit_s)) == pytest.approx(limit_s, abs=0.01)


@pytest.mark.parametrize(
    ("still", "ends_at_s"),
    [
        ([(4.5, 20.0)], 34.5),
        ([(2.5, 20.0), (30.0, 20.0)], 54.0),
        ([(14.5, 20.0)], 34.5 + LAST_LOOK_S),
        ([(14.5, 20.0), (35.4, 20.0)], 55.4),
        ([(2.5, 0.1), (3.5, 0.1), (7.0, 0.15)], 15.0),
    ],
)
def test_what_it_stood_still_does_not_count(
    still: list[tuple[float, float]], ends_at_s: float
) -> None:
    """Afterwards there is time to read what came, once; short hitches count as ever."""
    took_s = play(lambda: gave_up_after_s(15.0, *still))

    assert took_s == pytest.approx(ends_at_s, abs=0.01)


def test_what_is_done_in_time_ends_it() -> None:
    """It says for how long it stood still."""

    async def work() -> float:
        async with Patience(5.0) as patience:
            asyncio.get_running_loop().call_later(0.5, stand_still, 60.0)
            await asyncio.sleep(2.0)
        await asyncio.sleep(60.0)
        return patience.stood_still_s

    assert play(work) == pytest.approx(59.5, abs=0.01)


async def answer_of(app: web.Application, *connecting_s: float) -> int:
    """Post to an application that has 5 s; return its status.

    So long does the process stand still while it connects, the first time, the second and so on.
    """
    still_s = list(connecting_s)

    def make_socket(info: aiohttp.AddrInfoType) -> socket.socket:
        asyncio.get_running_loop().call_soon(stand_still, still_s.pop(0) if still_s else 0.0)
        return socket.socket(*info[:3])

    async with serve(app) as url:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
        connector = aiohttp.TCPConnector(socket_factory=make_socket)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            posting = post_patiently(session, URL(url), 5.0, body=b"{}", headers={})
            async with await posting as answer:
                return answer.status


def test_an_answer_that_came_while_it_stood_still_is_read() -> None:
    """And nothing is posted twice."""
    asked = []

    async def take(request: web.Request) -> web.Response:
        asked.append(await request.read())
        stand_still(60.0)
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)

    assert play(lambda: answer_of(app)) == 204
    assert asked == [b"{}"]


def test_a_connection_that_took_too_long_as_it_stood_still_is_tried_again() -> None:
    """Its own limit is over by then; nothing was posted."""
    asked = []

    async def take(request: web.Request) -> web.Response:
        asked.append(await request.read())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)

    assert play(lambda: answer_of(app, 60.0, 60.0)) == 204
    assert asked == [b"{}"]


def test_who_does_not_answer_is_given_up() -> None:
    """By its own fault, and although the process stood still before."""

    async def hang(_: web.Request) -> web.Response:
        stand_still(60.0)
        await asyncio.Event().wait()
        raise AssertionError

    app = web.Application()
    app.router.add_post("/", hang)

    with pytest.raises(TimeoutError):
        play(lambda: answer_of(app))
