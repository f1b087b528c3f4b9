"""Applications that answer oddly: each answer is heard, and nothing of it stays open."""

import gc

import pytest

from service.forwarding.envelope import Envelope
from service.forwarding.post import ForwardTarget, open_poster
from tests.odd_answers import ODD
from tests.raw_server import open_raw_server


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_answer_is_heard_and_leaves_nothing_open(name: str) -> None:
    """A 2xx is one whatever follows it; what says nothing, as 101, is tried again."""
    answer, status = ODD[name]
    async with open_raw_server(answer) as server:
        target = ForwardTarget(url=server.origin, allow_private=True)
        async with open_poster(target) as poster:
            came = {await poster.post(Envelope({}, b"{}")) for _ in range(2)}
            gc.collect()  # warns of what nobody closed
        await server.all_closed()

    if 200 <= status < 300:
        assert came == {"taken"}
    else:
        assert came == {"refused" if 300 <= status < 400 else "again"}


async def test_what_a_kept_connection_was_lost_over_is_passed_on_at_once() -> None:
    """The application hung up after an answer without saying that it would."""
    async with open_raw_server(b"HTTP/1.1 204 No Content\r\n\r\n", answers=1) as server:
        target = ForwardTarget(url=server.origin, allow_private=True)
        async with open_poster(target) as poster:
            assert [await poster.post(Envelope({}, b"{}")) for _ in range(2)] == ["taken"] * 2

        assert server.requests == 3
