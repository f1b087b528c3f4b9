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
