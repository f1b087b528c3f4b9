"""Connections made ahead: where sessions end sooner than the next one is opened."""

from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from service.stt.connection import Connection, held, make_connection
from service.stt.habits import Habits
from service.stt.limits import ConnectionLimits
from service.stt.spares import Opening, open_spares
from tests.stt.builders import HELLO, HELLO_WORDS
from tests.stt.harness import QUICK, open_line
from tests.stt.peers import Manner, Script, ScriptedPeer, open_peer, open_scripted_peer
from tests.waiting import until


def opening(peer: ScriptedPeer) -> Opening:
    """Return what makes a connection to a peer."""

    def make() -> Coroutine[Any, Any, Connection]:
        return make_connection(peer.url, None, ConnectionLimits())

    return make


@pytest.mark.parametrize(
    ("open_s", "life_s", "spares"),
    [(6.0, 5.0, 2), (6.0, 0.1, 3), (6.0, 20.0, 0), (1.9, 0.01, 0), (2.0, 1.5, 2)],
)
def test_as_many_are_made_ahead_as_end_while_one_is_made(
    open_s: float, life_s: float, spares: int
) -> None:
    """None where a session lasts, or the next one is there at once."""
    assert Habits(slowest_open_s=open_s, last_life_s=life_s).spares(2.0) == spares
    assert Habits(slowest_open_s=open_s).spares(2.0) == 0


async def test_those_that_stand_by_are_taken_and_the_others_dropped_at_the_end() -> None:
    """Each is taken once, and there are no more than were wanted."""
    async with open_scripted_peer() as peer, open_spares() as spares:
        make = partial(spares.make, peer.url, opening(peer), count=2)
        assert await spares.take(peer.url) is None
        make()
        make()
        connection = await spares.take(peer.url)
        assert connection is not None
        async with held(connection):
            assert await connection.send(b"audio")
        await until(lambda: len(peer.sessions) == 2)
        make()
        await until(lambda: len(peer.sessions) == 3)

    assert not any(visit.audio for visit in peer.sessions[1:])


async def test_one_that_could_not_be_made_is_none() -> None:
    """Whoever needs one tries for himself."""
    async with open_scripted_peer(Script(status=401)) as peer, open_spares() as spares:
        spares.make(peer.url, opening(peer), count=1)
        assert await spares.take(peer.url) is None


async def test_one_that_was_closed_meanwhile_is_none() -> None:
    """Engines do not keep a session for which no audio comes."""
    async with open_scripted_peer() as peer, open_spares() as spares:
        made: list[Connection] = []

        async def make() -> Connection:
            made.append(await opening(peer)())
            return made[0]

        spares.make(peer.url, make, count=1)
        await until(lambda: bool(made))
        await made[0].close()

        assert await spares.take(peer.url) is None


async def test_sessions_that_end_sooner_than_they_are_opened_get_on() -> None:
    """The next connections are made while the first of them is."""
    limits = replace(QUICK, open_timeout_s=5.0, slow_open_s=0.5)
    manner = Manner(handshake_s=0.6, drops_ms=[1000] * 3)
    async with open_peer(one=manner) as peer, open_line(peer, limits) as line:
        line.send(HELLO)
        await line.finish(timeout_s=10)

    assert line.received.words == HELLO_WORDS
    assert peer.knocks >= 4
