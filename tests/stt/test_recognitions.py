"""The room: many recognitions side by side, and what becomes of them when it closes."""

import asyncio

import pytest

from service.calls.inputs import (
    AudioLost,
    Input,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionFinished,
)
from service.stt.line import Service
from service.stt.recognitions import open_recognitions
from service.wire.stt import CLOSE_STREAM
from tests.stt.builders import HELLO, HELLO_WORDS, plan, silence
from tests.stt.harness import KEY, QUICK, Received, open_line
from tests.stt.peers import Manner, open_peer
from tests.waiting import until


async def test_one_that_fails_stops_no_other() -> None:
    """A refused track and a healthy one, in one room."""
    bad, good = Received(), Received()
    async with (
        open_peer(bad=Manner(statuses=[401])) as peer,
        open_recognitions(stt_url=peer.url, api_key=KEY, limits=QUICK) as room,
    ):
        room.open(plan("bad"), bad).send(HELLO)
        recognition = room.open(plan("good"), good)
        await until(lambda: bool(bad.of(RecognitionFailed)))
        recognition.send(HELLO)
        await recognition.finish(timeout_s=5)

    assert good.words == HELLO_WORDS


async def test_a_listener_that_fails_ends_nothing() -> None:
    """Whatever `tell` raises is logged; the words after it are told all the same."""
    received = Received()

    def tell(item: Input) -> None:
        received(item)
        raise RuntimeError("listener")

    async with (
        open_peer() as peer,
        open_recognitions(stt_url=peer.url, api_key=KEY, limits=QUICK) as room,
    ):
        recognition = room.open(plan(), tell)
        recognition.send(HELLO)
        await recognition.finish(timeout_s=5)

    assert received.words == HELLO_WORDS
    assert isinstance(received.items[-1], RecognitionFinished)


async def test_leaving_the_room_tells_what_is_left() -> None:
    """The last partial stands as a final, what was not heard is lost, and it is finished."""
    manner = Manner(endpointing_ms=60_000)
    async with open_peer(one=manner) as peer, open_line(peer) as line:
        await line.play(HELLO)
        await until(lambda: len(line.received.partials) == len(HELLO_WORDS))

    assert line.received.words == HELLO_WORDS
    assert isinstance(line.received.items[-1], RecognitionFinished)


async def test_leaving_the_room_before_anything_began_tells_all_as_lost() -> None:
    """Even a recognition whose task never ran has an end."""
    received = Received()
    async with open_recognitions(stt_url="ws://127.0.0.1:9", api_key=KEY) as room:
        room.open(plan(), received).send(HELLO)

    assert [type(item) for item in received.items] == [AudioLost, RecognitionFinished]
    assert received.of(AudioLost)[0].reason == "cut_short"


async def test_one_that_is_finishing_when_the_room_closes_says_the_end_last() -> None:
    """What is lost is told before the end is, also to whoever waits in `finish`."""
    async with open_peer(one=Manner(closes=False, deaf=[True])) as peer:
        async with open_line(peer) as line:
            await line.play(HELLO)
            finishing = asyncio.create_task(line.recognition.finish(timeout_s=60))
            await until(lambda: CLOSE_STREAM in peer.visits["one"][0].controls)
        await finishing

    assert [type(item) for item in line.received.items] == [AudioLost, RecognitionFinished]


async def test_our_own_recogniser_gets_no_key_of_telnyx() -> None:
    """The engine `local` goes to its own address, with its own key or none."""
    async with open_peer() as peer, open_line(peer, engine="local") as line:
        await line.play(HELLO)
        await line.finish()

    assert "authorization" not in peer.visits["one"][0].headers
    assert peer.visits["one"][0].query["transcription_engine"] == ["local"]
    assert line.received.words == HELLO_WORDS


async def test_the_engine_local_needs_an_address() -> None:
    """Without one the recognition fails, and says so."""
    received = Received()
    async with open_recognitions(stt_url="ws://127.0.0.1:9", api_key=KEY) as room:
        recognition = room.open(plan(engine="local"), received)
        recognition.send(silence(100))
        await recognition.finish(timeout_s=5)

    assert received.of(RecognitionFailed)[0].reason == "no_local_recogniser"


async def test_an_address_that_is_none_fails_at_once() -> None:
    """A URL that cannot be one is no outage."""
    received = Received()
    async with open_recognitions(stt_url="http://127.0.0.1:9", api_key=KEY) as room:
        recognition = room.open(plan(), received)
        recognition.send(silence(100))
        await recognition.finish(timeout_s=5)

    assert received.of(RecognitionFailed)[0].reason == "bad_url"
    assert received.of(RecognitionDegraded) == []


async def test_a_fault_of_our_own_fails_one_recognition() -> None:
    """Here the clock breaks; it is logged and told, and the room goes on."""
    received = Received()

    def broken() -> float:
        raise RuntimeError("clock")

    async with open_recognitions(stt_url="ws://127.0.0.1:9", api_key=KEY, clock=broken) as room:
        recognition = room.open(plan(), received)
        recognition.send(silence(100))
        await recognition.finish(timeout_s=5)

    assert received.of(RecognitionFailed)[0].reason == "internal_error"
    assert isinstance(received.items[-1], RecognitionFinished)


async def test_audio_nobody_can_decode_is_refused_when_opening() -> None:
    """The media side asks `decodable` first; this is for whoever did not."""
    async with open_recognitions(stt_url="ws://127.0.0.1:9", api_key=KEY) as room:
        with pytest.raises(ValueError, match="OPUS"):
            room.open(plan(encoding="OPUS"), Received())


def test_a_service_shows_no_key() -> None:
    """Its `repr` may end up in a log."""
    assert KEY not in repr(Service("wss://stt.example.com", KEY))
