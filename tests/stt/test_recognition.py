"""A recognition against a real STT service: what is said, what is emitted, how it ends."""

import asyncio
import logging
from dataclasses import replace

import pytest
import structlog

from service.calls.inputs import (
    AudioLost,
    RecognitionFinished,
)
from service.wire.audio import Decoder, little_endian
from service.wire.stt import CLOSE_STREAM
from tests.stt.builders import GAP_MS, HELLO, HELLO_WORDS, silence
from tests.stt.harness import KEY, QUICK, open_line
from tests.stt.peers import Manner, open_peer
from tests.waiting import PATIENCE_S, until


async def test_partials_come_first_and_the_final_ends_them() -> None:
    """Words come as they grow, each utterance ends in one final, and the end comes once."""
    async with open_peer(one=Manner()) as peer, open_line(peer) as line:
        await line.play(HELLO)
        await line.finish()

    assert [partial.text for partial in line.received.partials][:3] == [
        "good",
        "good morning",
        "good morning this",
    ]
    assert [final.text for final in line.received.finals] == ["Good morning this.", "Is claire."]
    assert line.received.items[-1] == RecognitionFinished(
        ref=line.received.finals[0].ref,
        audio_ms=len(HELLO) // 8,
    )
    assert len(line.received.of(RecognitionFinished)) == 1


async def test_words_without_times_get_those_of_the_speech() -> None:
    """Start and end are those of the loud stretch, to a window of the detector."""
    async with open_peer(one=Manner(lag_ms=200)) as peer, open_line(peer) as line:
        await line.play(HELLO)
        await line.finish()

    first, second = line.received.finals
    assert abs(first.start_ms - 500) <= 50
    assert abs(first.end_ms - (500 + 3 * 360 - 60)) <= 50
    assert abs(second.start_ms - (500 + 3 * 360 + 800)) <= 50


async def test_partials_are_not_emitted_where_nobody_wants_them() -> None:
    """A route without interim results gets finals only, whatever the engine sends."""
    async with open_peer() as peer, open_line(peer, interim_results=False) as line:
        await line.play(HELLO)
        await line.finish()

    assert line.received.partials == []
    assert line.received.words == HELLO_WORDS


async def test_the_session_is_asked_for_as_telnyx_wants_it() -> None:
    """The key is in the header and nowhere else; no Origin, no compression."""
    async with open_peer() as peer, open_line(peer, language="en-US") as line:
        await line.play(silence(100))
        await line.finish()

    visit = peer.visits["one"][0]
    assert visit.headers["authorization"] == f"Bearer {KEY}"
    assert "origin" not in visit.headers
    assert "sec-websocket-extensions" not in visit.headers
    assert visit.query["input_format"] == ["mulaw"]
    assert KEY not in str(visit.query)


async def test_audio_from_before_the_connection_arrives_byte_for_byte() -> None:
    """What was sent while the recogniser was still connecting is all there, in order."""
    hold = asyncio.Event()
    async with open_peer(one=Manner(hold=hold)) as peer, open_line(peer) as line:
        line.send(HELLO)
        hold.set()
        await line.finish()

    assert peer.visits["one"][0].audio.startswith(HELLO)
    assert line.received.words == HELLO_WORDS


async def test_an_engine_that_takes_no_mu_law_gets_samples() -> None:
    """The same audio, as the `linear16` that every engine takes."""
    async with open_peer() as peer, open_line(peer, engine="Azure") as line:
        line.send(HELLO)
        await line.finish(timeout_s=0.5)

    visit = peer.visits["one"][0]
    assert visit.query["input_format"] == ["linear16"]
    assert visit.query["sample_rate"] == ["8000"]
    assert visit.audio.startswith(little_endian(Decoder("PCMU", 8000).decode(HELLO)))


async def test_the_tail_shorter_than_a_piece_is_flushed() -> None:
    """The last bytes go out at the end, then silence, then `CloseStream`."""
    async with open_peer() as peer, open_line(peer) as line:
        line.send(HELLO + b"\x80\x00" * 100)
        await line.finish()

    visit = peer.visits["one"][0]
    assert visit.audio == HELLO + b"\x80\x00" * 100 + silence(300)
    assert visit.controls == [CLOSE_STREAM]
    assert line.received.of(RecognitionFinished)[0].audio_ms == len(HELLO) // 8 + 25


async def test_a_server_that_never_closes_cannot_hold_the_call() -> None:
    """By the deadline the last partial becomes a final: nothing said is lost."""
    manner = Manner(closes=False, endpointing_ms=60_000)
    async with open_peer(one=manner) as peer, open_line(peer) as line:
        await line.play(HELLO)
        async with asyncio.timeout(PATIENCE_S):
            await line.finish(timeout_s=1)

    assert [final.text for final in line.received.finals] == [" ".join(HELLO_WORDS)]
    assert isinstance(line.received.items[-1], RecognitionFinished)


async def test_an_engine_without_close_stream_ends_by_hearing_silence() -> None:
    """Silence goes on in real time until its endpointing has ended the last utterance."""
    manner = Manner(closes=False, endpointing_ms=700)
    async with open_peer(one=manner) as peer, open_line(peer, engine="Reson8") as line:
        await line.play(HELLO)
        await line.finish()

    assert line.received.words == HELLO_WORDS
    assert peer.visits["one"][0].controls == []


async def test_speech_without_a_result_is_lost() -> None:
    """An engine that answers nothing until the deadline leaves a gap where somebody spoke."""
    async with open_peer(one=Manner(closes=False, deaf=[True])) as peer, open_line(peer) as line:
        await line.play(HELLO)
        await line.finish(timeout_s=0.3)

    (lost,) = line.received.of(AudioLost)
    assert abs(lost.start_ms - 500) <= 50
    assert abs(lost.end_ms - (len(HELLO) // 8 - GAP_MS)) <= 50
    assert lost.reason == "not_answered"


async def test_audio_that_does_not_fit_is_lost() -> None:
    """While nobody answers, the oldest goes first; of that, what somebody said is lost."""
    hold = asyncio.Event()
    limits = replace(QUICK, keep_ms=2000)
    length_ms = len(HELLO) // 8
    async with open_peer(one=Manner(hold=hold)) as peer, open_line(peer, limits) as line:
        line.send(silence(3000) + HELLO + HELLO[: 2000 * 8])
        hold.set()
        await line.finish()

    (lost,) = line.received.of(AudioLost)
    assert abs(lost.start_ms - 3500) <= 50
    assert abs(lost.end_ms - (3000 + length_ms - GAP_MS)) <= 50
    assert lost.reason == "buffer_full"
    assert abs(line.received.finals[0].start_ms - (3000 + length_ms + 500)) <= 50


async def test_a_gap_in_the_audio_moves_the_clock() -> None:
    """Words after it have times after it; the engine hears no more than a second of silence.

    The hole is told as lost, before anything after it.
    """
    async with open_peer() as peer, open_line(peer) as line:
        await line.play(silence(1000))
        line.recognition.skip(9000)
        await line.play(HELLO)
        await line.finish()

    assert abs(line.received.finals[0].start_ms - 10_500) <= 50
    (lost,) = line.received.of(AudioLost)
    assert (lost.start_ms, lost.end_ms, lost.reason) == (1000, 10_000, "frames_lost")
    assert line.received.items.index(lost) < line.received.items.index(line.received.finals[0])
    assert len(peer.visits["one"][0].audio) == (2000 + 300) * 8 + len(HELLO)
    assert line.received.of(RecognitionFinished)[0].audio_ms == 10_000 + len(HELLO) // 8


async def test_a_call_that_ends_while_connecting_without_a_word_just_ends() -> None:
    """The connection that comes too late is closed unused."""
    hold = asyncio.Event()
    async with open_peer(one=Manner(hold=hold)) as peer, open_line(peer) as line:
        await until(lambda: peer.knocks == 1)
        finishing = asyncio.create_task(line.finish())  # runs before who waits for `hold`
        hold.set()
        await finishing

    assert [type(item) for item in line.received.items] == [RecognitionFinished]
    assert peer.visits["one"][0].audio == b""


async def test_no_key_and_no_word_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Even with the WebSocket library at DEBUG."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        async with open_peer(one=Manner(drops_ms=[1500])) as peer, open_line(peer) as line:
            await line.play(HELLO)
            await line.finish()

    # The peer runs in this process and logs what it likes.
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("websockets.server")]
    logged = "\n".join([*map(str, lines), *ours])
    assert "recognition_lost" in logged
    assert KEY not in logged
    assert "morning" not in logged


async def test_finishing_twice_tells_it_once() -> None:
    """A second caller waits for the same end."""
    async with open_peer() as peer, open_line(peer) as line:
        line.send(HELLO)
        await asyncio.gather(line.finish(), line.finish())
        line.send(HELLO)

    assert len(line.received.of(RecognitionFinished)) == 1
    assert line.received.of(RecognitionFinished)[0].audio_ms == len(HELLO) // 8


async def test_asked_again_it_takes_no_longer_than_it_was_told_last() -> None:
    """The call goes on, and then it is over."""
    async with open_peer(one=Manner(closes=False, deaf=[True])) as peer, open_line(peer) as line:
        await line.play(HELLO)
        slow = asyncio.create_task(line.finish(timeout_s=60))
        await line.finish(timeout_s=0.2)
        await slow

    assert len(line.received.of(RecognitionFinished)) == 1


async def test_finishing_before_anything_was_heard_is_quick() -> None:
    """A stream that never carried a frame has an end all the same."""
    async with open_peer() as peer, open_line(peer) as line:
        await line.finish()

    assert [type(item) for item in line.received.items] == [RecognitionFinished]
    assert line.received.of(RecognitionFinished)[0].audio_ms == 0
