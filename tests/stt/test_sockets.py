"""The engine `Telnyx`: it answers once, when the audio stops, so each utterance has a socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from service.calls.inputs import (
    AudioLost,
    AudioSettled,
    RecognitionDegraded,
    RecognitionFinished,
    RecognitionRecovered,
)
from service.ports import Recognition
from service.stt.limits import Limits
from service.stt.recognitions import open_recognitions
from tests.stt.builders import plan, silence, speak, tone
from tests.stt.harness import KEY, QUICK, Received
from tests.stt.once_peer import OncePeer, open_once_peer
from tests.stt.sounds import encoded
from tests.waiting import PATIENCE_S, until

AUDIO, SPOKEN = speak((3, 500), (2, 1000), (4, 1200), (0, 900))


@dataclass
class Line:
    """One recognition by the engine, and all around it."""

    peer: OncePeer
    recognition: Recognition
    received: Received


@asynccontextmanager
async def open_line(
    peer: OncePeer | None = None, *, interim_results: bool = True, limits: Limits = QUICK
) -> AsyncIterator[Line]:
    """Open one recognition."""
    received = Received()
    async with (
        open_once_peer(peer) as running,
        open_recognitions(
            stt_url=running.url, api_key=KEY, limits=limits, dice=lambda: 0.0
        ) as recognitions,
    ):
        of = plan("whisper", engine="Telnyx", interim_results=interim_results)
        yield Line(running, recognitions.open(of, received), received)


async def test_each_utterance_is_answered_on_a_socket_of_its_own() -> None:
    """And its words are where its speech was."""
    async with open_line() as line:
        line.recognition.send(AUDIO)
        await line.recognition.finish(timeout_s=5)

    assert line.received.words == SPOKEN
    assert len(line.peer.visits) == 3
    expected = [(500, 1520), (2580, 3240), (4500, 5880)]
    for final, (start_ms, end_ms) in zip(line.received.finals, expected, strict=True):
        assert abs(final.start_ms - start_ms) <= 60
        assert abs(final.end_ms - end_ms) <= 60
    assert line.received.of(RecognitionDegraded) == []
    assert line.received.of(AudioLost) == []


async def test_it_is_sent_no_flags_and_no_audio_but_the_utterance() -> None:
    """`interim_results` would silence it; silence at the end would keep it waiting."""
    async with open_line(interim_results=True) as line:
        line.recognition.send(AUDIO[: 2500 * 8])
        await line.recognition.finish(timeout_s=5)

    (visit,) = line.peer.visits
    assert "interim_results" not in visit.query
    assert "endpointing" not in visit.query
    assert visit.query["transcription_engine"] == "Telnyx"
    assert visit.controls == []
    assert len(visit.audio) <= (300 + 1020 + 400) * 16


async def test_words_come_while_the_call_goes_on() -> None:
    """Once the utterance is over, and not at the hang-up; silence is settled in between."""
    async with open_line() as line:
        line.recognition.send(AUDIO[: 2300 * 8])
        await until(lambda: line.received.words == SPOKEN[:3])
        line.recognition.send(silence(30_000))
        await until(lambda: bool(line.received.of(AudioSettled)))
        await line.recognition.finish(timeout_s=5)

    assert len(line.peer.visits) == 1
    assert line.received.of(RecognitionFinished)[0].audio_ms == 32_300


async def test_an_engine_that_holds_the_socket_open_is_left_when_it_has_answered() -> None:
    """It would hold it for twenty seconds."""
    async with open_line(OncePeer(closes=False)) as line, asyncio.timeout(PATIENCE_S):
        line.recognition.send(AUDIO)
        await line.recognition.finish(timeout_s=20)

    assert line.received.words == SPOKEN


async def test_words_keep_their_order_when_a_later_utterance_is_answered_first() -> None:
    """The next one is heard while the one before is being answered."""
    hold = asyncio.Event()
    async with open_line(OncePeer(holds={0: hold})) as line:
        line.recognition.send(AUDIO)
        await until(lambda: len([v for v in line.peer.visits if v.said]) == 2)
        assert line.received.words == []
        hold.set()
        await line.recognition.finish(timeout_s=5)

    assert line.received.words == SPOKEN


async def test_a_socket_that_drops_costs_no_word() -> None:
    """Its utterance is heard again, and those after it are told once."""
    async with open_line(OncePeer(drops={0})) as line:
        line.recognition.send(AUDIO)
        await line.recognition.finish(timeout_s=5)

    assert line.received.words == SPOKEN
    assert [item.reason for item in line.received.of(RecognitionDegraded)] == ["connection_lost"]
    assert len(line.received.of(RecognitionRecovered)) == 1


async def test_an_orderly_close_without_the_words_is_asked_again_once() -> None:
    """Closing is no answer to speech; the second time it answers."""
    async with open_line(OncePeer(says_nothing={0})) as line:
        line.recognition.send(AUDIO)
        await line.recognition.finish(timeout_s=5)

    assert line.received.words == SPOKEN
    assert line.received.of(AudioLost) == []


async def test_an_utterance_that_is_never_answered_is_lost_and_the_others_are_not() -> None:
    """Asked twice it said nothing: that is told, and it goes on behind it."""
    async with open_line(OncePeer(says_nothing=set(range(3)))) as line:
        line.recognition.send(AUDIO[: 2300 * 8])
        await until(lambda: bool(line.received.of(AudioLost)))
        line.recognition.send(AUDIO[2300 * 8 :])
        await line.recognition.finish(timeout_s=5)

    (lost,) = line.received.of(AudioLost)
    assert abs(lost.start_ms - 500) <= 60
    assert abs(lost.end_ms - 1520) <= 60
    assert lost.reason == "not_answered"
    assert line.received.words == SPOKEN[3:]


async def test_silence_is_no_utterance() -> None:
    """Nobody is asked anything."""
    async with open_line() as line:
        line.recognition.send(silence(5000))
        await line.recognition.finish(timeout_s=5)

    assert line.peer.visits == []
    assert [type(item) for item in line.received.items] == [RecognitionFinished]


async def test_more_utterances_at_once_than_sockets_are_each_heard_alone() -> None:
    """A backlog: the last one that has a socket ends where it ended, and not with the backlog."""
    audio, spoken = speak(*[(2, 1200)] * 7, (0, 900))
    async with open_line() as line:
        line.recognition.send(audio)
        await line.recognition.finish(timeout_s=10)

    assert line.received.words == spoken
    assert len(line.peer.visits) == 7
    assert max(len(visit.audio) for visit in line.peer.visits) <= (300 + 720 + 400) * 16


@pytest.mark.parametrize("closes", [True, False])
async def test_what_is_said_behind_an_answer_that_came_too_early_is_another_utterance(
    *, closes: bool
) -> None:
    """The network was late, and the engine took that for the end of what was said."""
    async with open_line(OncePeer(closes=closes)) as line:
        line.recognition.send(AUDIO[: 1200 * 8])  # two words of three
        await until(lambda: line.received.words == SPOKEN[:2])
        line.recognition.send(AUDIO[1200 * 8 :])
        await line.recognition.finish(timeout_s=5)

    assert line.received.words == SPOKEN
    assert len(line.peer.visits) == 4
    assert line.received.of(RecognitionDegraded) == []
    assert line.received.of(AudioLost) == []


async def test_what_passes_for_music_is_asked_for_all_the_same() -> None:
    """It may be somebody who speaks evenly: his words come, to the last."""
    even = encoded("strings")[: 8 * 3800] + silence(1000)
    async with open_line(OncePeer(says="la la la")) as line:
        for at in range(0, len(even), 800):
            line.recognition.send(even[at : at + 800])
        await until(lambda: line.received.words == ["la", "la", "la"])
        await line.recognition.finish(timeout_s=5)

    (visit,) = line.peer.visits
    assert len(visit.audio) >= 3800 * 16
    (said,) = line.received.finals
    assert abs(said.start_ms) <= 60
    assert abs(said.end_ms - 3800) <= 160


@pytest.mark.parametrize(
    "audio",
    [encoded("strings")[: 8 * 3800], tone(3, 250)],
    ids=["music", "the end of a word that the track began in"],
)
async def test_what_owes_no_words_is_not_waited_for_as_if_it_did(audio: bytes) -> None:
    """An engine says nothing to it: that is no trouble, and what comes behind it is heard."""
    hold = asyncio.Event()
    async with open_line(
        OncePeer(holds={0: hold}), limits=replace(QUICK, last_retry_s=0.5)
    ) as line:
        line.recognition.send(audio + silence(1000) + AUDIO)
        await line.recognition.finish(timeout_s=5)
        hold.set()

    assert line.received.words == SPOKEN
    assert line.received.of(RecognitionDegraded) == []
    assert line.received.of(AudioLost) == []
