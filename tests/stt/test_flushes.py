"""An engine that waits for `Finalize`: it is sent one when somebody has stopped speaking."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from service.calls.inputs import AudioLost, RecognitionDegraded
from service.stt.choices import Choice
from service.stt.circuits import Circuit
from service.stt.line import Service
from service.stt.query import engine_of
from service.stt.recognition import TrackRecognition
from service.wire.stt import FINALIZE
from tests.stt.builders import HELLO, HELLO_WORDS, plan, silence, speak
from tests.stt.harness import KEY, QUICK, Clock, Line, Received
from tests.stt.peers import Manner, Peer, open_peer
from tests.waiting import until

WAITS = Manner(partials=False, endpointing_ms=10**8)


@asynccontextmanager
async def open_line(peer: Peer) -> AsyncIterator[Line]:
    """Open one recognition whose engine does not find out by itself that an utterance is over."""
    received, clock, of = Received(), Clock(), plan()
    engine = replace(engine_of(of.route), endpointing="finalize")
    recognition = TrackRecognition(
        of,
        received,
        [Choice(of.route, engine, Circuit())],
        lambda _: Service(peer.url, KEY),
        switches=Counter(),
        limits=QUICK,
        clock=clock,
        dice=lambda: 0.0,
    )
    running = asyncio.create_task(recognition.run())
    yield Line(peer, recognition, received, clock)
    await running


async def test_one_flush_an_utterance() -> None:
    """When it is over; none for the silence that follows, however long."""
    audio, words = speak((3, 500), (2, 1000), (0, 5000))
    async with open_peer(one=WAITS) as peer, open_line(peer) as line:
        await line.play(audio)
        await until(lambda: line.received.words == words)
        assert peer.visits["one"][0].controls == [FINALIZE] * 2
        await line.finish()

    assert [final.text for final in line.received.finals] == ["Good morning this.", "Is claire."]
    assert line.received.of(RecognitionDegraded) == []


async def test_an_utterance_that_ends_with_the_call_is_flushed_too() -> None:
    """Nobody waits for the pause after it."""
    async with open_peer(one=WAITS) as peer, open_line(peer) as line:
        await line.play(HELLO)
        await line.finish()

    assert line.received.words == HELLO_WORDS
    assert line.received.of(AudioLost) == []


async def test_a_replay_is_flushed_when_it_is_over() -> None:
    """What waited for the connection is sent at once; the call goes on."""
    hold = asyncio.Event()
    manner = replace(WAITS, hold=hold)
    async with open_peer(one=manner) as peer, open_line(peer) as line:
        line.send(HELLO + silence(1000))
        hold.set()
        await until(lambda: line.received.words == HELLO_WORDS)
        await line.finish()
