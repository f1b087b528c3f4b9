"""A session that goes quiet: stalled, or merely silent."""

import asyncio
import time
import warnings
from dataclasses import replace

import pytest
from websockets.asyncio.server import ServerConnection, serve

from service.calls.inputs import AudioSettled, RecognitionDegraded, RecognitionFinished
from service.calls.routes import Fallback
from service.stt.recognitions import open_recognitions
from service.wire.stt import KEEP_ALIVE, encode_transcript
from tests.stt.builders import HELLO, HELLO_WORDS, plan, silence, speak
from tests.stt.harness import KEY, QUICK, Clock, Received, open_line
from tests.stt.peers import Manner, open_peer
from tests.stt.sounds import samples
from tests.waiting import PATIENCE_S, until

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop


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


async def test_who_listens_for_long_and_then_speaks_is_no_stall() -> None:
    """The wait begins with the first word, not with the last answer."""
    limits = replace(QUICK, stall_s=2.0)
    async with open_peer(one=Manner(lag_ms=700)) as peer, open_line(peer, limits) as line:
        for _ in range(3):
            await line.play(silence(12_000))
            await line.play(HELLO)
        await line.finish()

    assert line.received.of(RecognitionDegraded) == []
    assert len(peer.visits["one"]) == 1
    assert line.received.words == HELLO_WORDS * 3


async def test_an_engine_without_partials_is_not_stalled_by_a_long_sentence() -> None:
    """Its final comes when the speaker has ended; until then nothing is due."""
    limits = replace(QUICK, stall_s=2.0, stall_without_partials_s=20.0)
    audio, words = speak((30, 200))
    async with open_peer(one=Manner(partials=False)) as peer, open_line(peer, limits) as line:
        await line.play(audio + silence(1000))
        await line.finish()

    assert line.received.of(RecognitionDegraded) == []
    assert line.received.words == words


@pytest.mark.parametrize("name", ["ringback, American", "strings", "white noise"])
async def test_what_sounds_and_is_no_speech_is_owed_nothing(name: str) -> None:
    """Half a minute of it, and an engine that rightly says nothing."""
    limits = replace(QUICK, stall_s=5.0, keep_alive_s=1.0)
    audio = audioop.lin2ulaw(samples(name), 2)[: 8 * 25_000]
    async with open_peer(one=Manner(deaf=[True] * 9)) as peer, open_line(peer, limits) as line:
        line.send(audio)
        visits = peer.visits["one"]
        await until(lambda: bool(visits) and len(visits[0].audio) == len(audio))
        line.clock.now += 60.0
        await until(lambda: KEEP_ALIVE in visits[0].controls)
        await line.finish()

    assert [type(item) for item in line.received.items if not isinstance(item, AudioSettled)] == [
        RecognitionFinished
    ]
    assert len(peer.visits["one"]) == 1


async def test_a_process_that_stood_still_blames_nobody() -> None:
    """It sees the time that passed, and cannot say who was late."""
    limits = replace(QUICK, stall_s=5.0)
    async with open_peer(one=Manner(deaf=[True])) as peer, open_line(peer, limits) as line:
        await line.play(HELLO)
        line.clock.now += 20.0
        time.sleep(1.1)  # noqa: ASYNC251  # this is what is tested
        await line.play(silence(500))
        assert line.received.of(RecognitionDegraded) == []
        await line.finish(timeout_s=0.1)


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
        asyncio.timeout(PATIENCE_S),
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


async def test_an_engine_that_is_slow_is_not_left_at_the_end_for_another_session() -> None:
    """That one would be as slow, and there is no time for two."""
    audio, words = speak((3, 500))
    manner = Manner(says={10**6: []}, closes=False)
    text = encode_transcript(" ".join(words), is_final=True, confidence=0.9)
    async with open_peer(one=manner) as peer, open_line(peer) as line:
        await line.play(audio + silence(500))
        (visit,) = peer.visits["one"]
        assert visit.socket
        line.clock.now += 4.0
        await visit.socket.send(text)
        await until(lambda: len(line.received.finals) == 1)
        await line.play(audio)
        finished = asyncio.ensure_future(line.recognition.finish(timeout_s=10))
        await until(lambda: bool(visit.controls))
        line.clock.now += 10.0
        at_ms = len(visit.audio) // 8
        await until(lambda: len(visit.audio) // 8 >= at_ms + 300)
        await visit.socket.send(text.replace(words[0], "another"))
        await until(lambda: len(line.received.finals) == 2)
        line.clock.now += 3.0
        await finished

    assert len(peer.visits["one"]) == 1
    assert not line.received.of(RecognitionDegraded)


async def test_an_engine_that_was_slow_may_be_dead_at_the_end() -> None:
    """It is waited for as long as it ever took, if there is time for another session then."""
    audio, words = speak((3, 500))
    manner = Manner(says={10**6: []}, closes=False)
    text = encode_transcript(" ".join(words), is_final=True, confidence=0.9)
    limits = replace(QUICK, stall_s=3.0)
    async with open_peer(one=manner) as peer, open_line(peer, limits) as line:
        await line.play(audio + silence(500))
        visits = peer.visits["one"]
        assert visits[0].socket
        line.clock.now += 4.0
        await visits[0].socket.send(text)
        await until(lambda: len(line.received.finals) == 1)
        await line.play(audio)
        finished = asyncio.ensure_future(line.recognition.finish(timeout_s=limits.last_retry_s))
        await until(lambda: bool(visits[0].controls))
        line.clock.now += 4.0
        await until(lambda: len(visits) > 1 and bool(visits[1].controls))
        assert visits[1].socket
        for said in (text, text.replace(words[0], "another")):
            await visits[1].socket.send(said)
        await until(lambda: len(line.received.finals) == 2)
        line.clock.now += 3.0
        await finished

    assert [item.reason for item in line.received.of(RecognitionDegraded)] == ["stalled"]


async def test_an_engine_that_is_slow_is_not_left_at_the_end_for_one_that_failed() -> None:
    """To ask that again, and then this one from the beginning, takes longer than there is time."""
    audio, words = speak((3, 500))
    text = encode_transcript(" ".join(words), is_final=True, confidence=0.9)
    away, slow = Manner(statuses=[503] * 9), Manner(says={10**6: []}, closes=False)
    two = (Fallback(engine="Google", model="peer/two"),)
    async with open_peer(one=away, two=slow) as peer, open_line(peer, fallback=two) as line:
        line.send(audio + silence(500))
        visits = peer.visits["two"]
        await until(lambda: bool(visits) and len(visits[0].audio) >= len(audio))
        socket = visits[0].socket
        assert socket
        line.clock.now += 4.0
        await socket.send(text)
        await until(lambda: len(line.received.finals) == 1)
        sent = len(visits[0].audio)
        line.send(audio)
        await until(lambda: len(visits[0].audio) >= sent + len(audio))
        finished = asyncio.ensure_future(line.recognition.finish(timeout_s=10))
        line.clock.now += 10.0
        sent = len(visits[0].audio)
        await until(lambda: len(visits[0].audio) >= sent + 8 * 600)
        await socket.send(text.replace(words[0], "another"))
        await until(lambda: len(line.received.finals) == 2)
        line.clock.now += 3.0
        await finished

    assert len(visits) == 1
    assert {lost.reason for lost in line.received.of(RecognitionDegraded)} == {"connect_failed"}
