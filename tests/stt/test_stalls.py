"""A session that goes quiet: stalled, or merely silent."""

import asyncio
from dataclasses import replace

import pytest
from websockets.asyncio.server import ServerConnection, serve

from service.calls.inputs import RecognitionDegraded
from service.stt.recognitions import open_recognitions
from service.wire.stt import KEEP_ALIVE
from tests.stt.builders import HELLO, HELLO_WORDS, plan, silence
from tests.stt.harness import KEY, QUICK, Clock, Received, open_line
from tests.stt.peers import Manner, open_peer
from tests.waiting import until


async def test_an_engine_that_falls_silent_is_left_for_a_new_session() -> None:
    """Speech without an answer for so long is a stall; the speech is replayed."""
    limits = replace(QUICK, stall_s=1.0)
    manner = Manner(deaf=[True, False])
    async with open_peer(one=manner) as peer, open_line(peer, limits) as line:
        await line.play(HELLO)
        assert line.received.of(RecognitionDegraded) == []
        line.clock.now += 1.0
        await until(lambda: bool(line.received.of(RecognitionDegraded)))
        await line.finish()

    assert line.received.of(RecognitionDegraded)[0].reason == "stalled"
    assert line.received.words == HELLO_WORDS


async def test_silence_is_no_stall() -> None:
    """Where nobody speaks no answer is owed; the session is looked after all the same."""
    limits = replace(QUICK, stall_s=1.0, keep_alive_s=1.0)
    async with open_peer() as peer, open_line(peer, limits) as line:
        await line.play(silence(1000))
        line.clock.now += 5
        await until(lambda: peer.visits["one"][0].controls == [KEEP_ALIVE])
        await line.finish()

    assert line.received.of(RecognitionDegraded) == []
    assert len(peer.visits["one"]) == 1


async def test_a_stall_that_a_new_session_does_not_end_is_waited_for_longer() -> None:
    """Music is loud and has no words: each vain session doubles the patience.

    The clock stands still while audio is sent: it says when each session began.
    """
    limits = replace(QUICK, stall_s=1.0, keep_alive_s=1.5)
    async with open_peer(one=Manner(deaf=[True] * 9)) as peer, open_line(peer, limits) as line:
        visits = peer.visits["one"]
        line.send(HELLO)
        await until(lambda: bool(visits) and len(visits[0].audio) == len(HELLO))
        line.clock.now += 1.0
        await until(lambda: len(visits) == 2 and len(visits[1].audio) >= 8 * 2600)
        line.clock.now += 1.9
        await until(lambda: visits[1].controls == [KEEP_ALIVE])
        assert len(visits) == 2
        line.clock.now += 0.2
        await until(lambda: len(visits) == 3)
        await line.finish(timeout_s=0.1)

    assert line.received.of(RecognitionDegraded)[0].reason == "stalled"


@pytest.mark.parametrize("engine", ["Deepgram", "Reson8"])
async def test_a_line_gone_quiet_is_kept_alive_where_the_engine_knows_how(engine: str) -> None:
    """`KeepAlive` goes to engines that document it, and only when no audio comes."""
    limits = replace(QUICK, keep_alive_s=3.0)
    async with open_peer() as peer, open_line(peer, limits, engine=engine) as line:
        await line.play(silence(200))
        line.clock.now += 4
        if engine == "Deepgram":
            await until(lambda: peer.visits["one"][0].controls == [KEEP_ALIVE])
        await line.play(silence(200))
        assert (KEEP_ALIVE in peer.visits["one"][0].controls) == (engine == "Deepgram")
        await line.finish()


async def test_a_server_that_does_not_read_is_noticed_and_left() -> None:
    """First the engine is said to fall behind, then the socket is given up."""
    over = asyncio.Event()

    async def never_read(_: ServerConnection) -> None:
        await over.wait()

    limits = replace(QUICK, write_stall_s=0.6, behind_ms=1000, stable_s=0.0)
    received, clock = Received(), Clock()
    async with (
        serve(
            never_read, "127.0.0.1", 0, max_queue=1, compression=None, close_timeout=0.1
        ) as server,
        open_recognitions(
            stt_url=f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}",
            api_key=KEY,
            limits=limits,
            clock=clock,
        ) as room,
        asyncio.timeout(10),
    ):
        recognition = room.open(plan(), received)
        while not received.of(RecognitionDegraded):  # as much as the system takes
            recognition.send(silence(10_000))
            await asyncio.sleep(0)
        while len(received.of(RecognitionDegraded)) == 1:
            clock.now += 0.6
            recognition.send(silence(10_000))
            await asyncio.sleep(0)
        over.set()

    assert [item.reason for item in received.of(RecognitionDegraded)][:2] == [
        "falling_behind",
        "write_stalled",
    ]
