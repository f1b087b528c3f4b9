"""The client of the STT WebSocket: checked results, and what it means that a connection ended."""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from service.errors import RecognitionError, RecognitionLostError, RecognitionRefusedError
from service.name_lookup import open_name_lookup
from service.stt.connection import Connection, open_connection
from service.stt.limits import ConnectionLimits
from service.stt.results import UNREACHABLE
from service.wire.stt import CLOSE_STREAM, encode_error, encode_transcript
from tests.name_server import open_name_server
from tests.stt.peers import Script, ScriptedPeer, open_scripted_peer
from tests.waiting import until

LIMITS = ConnectionLimits()
HELLO, BYE = (encode_transcript(text, is_final=True) for text in ("hello", "bye"))


async def texts(connection: Connection) -> list[str | None]:
    """Read to the end."""
    return [result.transcript async for result in connection]


async def used(peer: ScriptedPeer) -> None:
    """Send a little, read to the end, and raise what that end means."""
    async with open_connection(peer.url, None, LIMITS) as connection:
        await connection.send(b"audio")
        await texts(connection)
        raise connection.close_fault()


async def closed_by_us(peer: ScriptedPeer, error: Exception | None = None) -> None:
    """Connect, and leave over an error or without."""
    async with open_connection(peer.url, "KEY0123", LIMITS) as connection:
        await connection.send(b"audio")
        await until(lambda: bool(peer.sessions[0].audio))
        if error:
            raise error


async def test_results_come_in_order_until_the_engine_closes() -> None:
    """What had arrived by then is read; nothing can be sent any more."""
    script = Script(says={1: [HELLO]}, last=[BYE])
    async with (
        open_scripted_peer(script) as peer,
        open_connection(peer.url, "KEY0123", LIMITS) as connection,
    ):
        assert not connection.had_result
        assert await connection.send(b"audio")
        assert await connection.send(CLOSE_STREAM)
        assert await texts(connection) == ["hello", "bye"]
        assert connection.had_result
        assert connection.closed_in_order
        assert not await connection.send(b"more")
        connection.send_now(b"more")

    assert peer.sessions[0].headers["authorization"] == "Bearer KEY0123"
    assert peer.sessions[0].audio == b"audio"


async def test_reading_may_be_broken_off_and_begun_again() -> None:
    """No result is lost over it."""
    async with (
        open_scripted_peer(Script(says={1: [HELLO]}, last=[BYE])) as peer,
        open_connection(peer.url, None, LIMITS) as connection,
    ):
        await connection.send(b"audio")
        assert (await anext(connection)).transcript == "hello"
        await connection.send(CLOSE_STREAM)
        assert await texts(connection) == ["bye"]


@pytest.mark.parametrize(
    ("script", "kind", "reason"),
    [
        (Script(drops_at=1), RecognitionLostError, "connection_lost"),
        (Script(closes_at=1, close_code=1011), RecognitionLostError, "connection_lost"),
        (Script(closes_at=1, close_code=1008), RecognitionRefusedError, "refused_by_engine"),
        (Script(says={1: [HELLO]}, closes_at=1, close_code=1008), RecognitionLostError, "lost"),
        (Script(says={1: [encode_error("40002", "no", "no")]}), RecognitionRefusedError, "engine"),
        (
            Script(says={1: [encode_error("50000", "no", "no")]}),
            RecognitionLostError,
            "engine_error",
        ),
        (Script(says={1: ["{"] * 3}), RecognitionLostError, "garbage"),
        (Script(status=401), RecognitionRefusedError, "refused_at_upgrade"),
        (Script(status=503), RecognitionLostError, "connect_failed"),
    ],
)
async def test_an_end_says_whether_to_come_again(
    script: Script, kind: type[RecognitionError], reason: str
) -> None:
    """A policy that was violated after results came was not about the key."""
    async with open_scripted_peer(script) as peer:
        with pytest.raises(kind, match=reason):
            await used(peer)


async def test_garbage_is_counted_in_a_row() -> None:
    """A readable result in between begins anew."""
    script = Script(says={1: ["{", "{", HELLO, "{", "{", BYE]}, closes_at=1)
    async with (
        open_scripted_peer(script) as peer,
        open_connection(peer.url, None, LIMITS) as connection,
    ):
        await connection.send(b"audio")

        assert await texts(connection) == ["hello", "bye"]


async def test_leaving_closes_in_order_and_over_an_error_at_once() -> None:
    """There is no time for goodbyes where another session is to be had."""
    async with open_scripted_peer() as peer:
        await closed_by_us(peer)
        await until(lambda: peer.sessions[0].close_code is not None)
        with pytest.raises(RuntimeError):
            await closed_by_us(peer, RuntimeError())
        await until(lambda: peer.sessions[1].close_code is not None)

    assert [visit.close_code for visit in peer.sessions] == [1000, 1006]


class Addresses(AbstractResolver):
    """Knows of every host that it is at two addresses, at the first of which nobody listens."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return both."""
        assert family == socket.AF_UNSPEC
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0
            )
            for one in ("127.0.0.2", "127.0.0.1")
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_name_is_looked_up_by_whom_it_is_told() -> None:
    """Not in the threads that Telnyx is reached with; each of its addresses is tried."""
    names = Addresses()
    async with open_scripted_peer(Script(last=[BYE])) as peer:
        url = peer.url.replace("127.0.0.1", "engine.example")
        async with open_connection(url, None, LIMITS, names=names) as connection:
            await connection.send(CLOSE_STREAM)
            assert await texts(connection) == ["bye"]

    assert names.asked == ["engine.example"]
    assert peer.sessions[0].headers["host"].startswith("engine.example:")


async def test_a_name_server_that_never_answers_is_no_connection() -> None:
    """It is told in time, and trying goes on."""
    async with open_name_server() as server:
        server.silent = True
        async with open_name_lookup([server.address], deadline_s=0.1) as names:
            with pytest.raises(RecognitionLostError, match=UNREACHABLE):
                async with open_connection("ws://engine.example/", None, LIMITS, names=names):
                    pass

    assert server.asked[0] == "engine.example"
