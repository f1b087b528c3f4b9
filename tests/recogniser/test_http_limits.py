"""The recogniser's listener against clients that only mean to be in the way, and beside files."""

from contextlib import AsyncExitStack

import pytest

from service.recogniser.files.route import PATHS
from service.recogniser.files.uploads import STALL_TIMEOUT_S, UPLOAD_TIMEOUT_S
from service.recogniser.models.networks import Networks
from service.recogniser.server import LIMITS, open_recogniser
from service.web.limits import Limits
from tests.recogniser.builders import packed
from tests.recogniser.peers import PHONE, open_client, post
from tests.waiting import until
from tests.web.peers import connected

pytestmark = pytest.mark.speech
QUICK = Limits(head_s=0.2, body_s=5, idle_s=0.4, shutdown_s=0.2, proxies=())
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_a_dripping_head_is_cut_off(networks: Networks) -> None:
    """Byte by byte, it has the same few seconds as any other."""
    async with (
        open_recogniser(networks=networks, limits=QUICK) as recogniser,
        connected(recogniser.base_url) as client,
    ):
        answer = await client.rest_while_dripping(HEALTH)

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_one_connection_too_many_of_an_address_is_turned_away(networks: Networks) -> None:
    """At once and in HTTP; when one has gone, there is room again."""
    limits = Limits(max_connections_per_address=4, proxies=(), shutdown_s=0.2)
    async with (
        open_recogniser(networks=networks, limits=limits) as recogniser,
        AsyncExitStack() as stack,
    ):
        for _ in range(3):
            await stack.enter_async_context(connected(recogniser.base_url))
        async with connected(recogniser.base_url) as fourth:
            await fourth.send(HEALTH)
            assert await fourth.answer() == b"HTTP/1.1 200 OK"
            async with connected(recogniser.base_url) as fifth:
                assert (await fifth.rest()).startswith(b"HTTP/1.1 429 ")


async def test_one_connection_too_many_has_a_silent_one_turned_out(networks: Networks) -> None:
    """At once and in HTTP; who has shown a key stays, and is in nobody's way."""
    limits = Limits(max_connections=3, shutdown_s=0.2)
    async with (
        open_recogniser(networks=networks, limits=limits) as recogniser,
        open_client(recogniser, **PHONE),
        AsyncExitStack() as stack,
    ):
        silent = await stack.enter_async_context(connected(recogniser.base_url))
        for _ in range(2):
            late = await stack.enter_async_context(connected(recogniser.base_url))
            await late.send(HEALTH)
            assert await late.answer() == b"HTTP/1.1 200 OK"
        assert (await silent.rest()).startswith(b"HTTP/1.1 503 ")
        assert recogniser.sessions == 1


async def test_sessions_do_not_use_up_their_addresss_connections(networks: Networks) -> None:
    """They have shown the key, and are counted as sessions."""
    limits = Limits(max_connections_per_address=2, proxies=(), shutdown_s=0.2)
    async with (
        open_recogniser(networks=networks, limits=limits, max_sessions=9) as recogniser,
        AsyncExitStack() as stack,
    ):
        for _ in range(5):
            await stack.enter_async_context(open_client(recogniser, **PHONE))

        assert recogniser.sessions == 5


async def test_a_file_may_take_longer_than_other_requests(networks: Networks) -> None:
    """It is read as long as it comes, and its reader knows when it does not."""
    assert LIMITS.body_s == UPLOAD_TIMEOUT_S > STALL_TIMEOUT_S
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, packed("austen_0920", "mp3"))

    assert reply.status == 200


async def test_a_held_file_is_not_held_for_ever(networks: Networks) -> None:
    """Who stops in the middle of a body is told so when its time is over."""
    limits = Limits(head_s=5, body_s=0.3, idle_s=5, shutdown_s=0.2)
    head = f"POST {PATHS[0]} HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n"
    kind = "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    async with open_recogniser(networks=networks, limits=limits) as recogniser:
        async with connected(recogniser.base_url) as client:
            await client.send((head + kind).encode())
            answer = await client.rest()
        await until(lambda: recogniser.files == 0)

    assert answer.startswith(b"HTTP/1.1 408 ")
