"""Engines that stand in for each other: who gives the words, from when on, and what is told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from service.calls.inputs import (
    AudioLost,
    Input,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionFinished,
    RecognitionRecovered,
    WordsHeard,
)
from service.calls.routes import Fallback
from service.ports import Recognition, Recognitions
from service.stt.counters import RecognitionCounters
from service.stt.limits import Limits
from service.stt.recognitions import open_recognitions
from service.wire.stt import encode_error
from tests.stt.builders import CHUNK_BYTES, HELLO, HELLO_WORDS, plan, silence, speak, stamp
from tests.stt.harness import KEY, QUICK, Clock, Received
from tests.stt.peers import Manner, Peer, open_peer
from tests.waiting import until

TWO = (Fallback(engine="Google", model="peer/two"),)
THREE = (*TWO, Fallback(engine="Soniox", model="peer/three"))


@dataclass
class Room:
    """Recognitions of one process, against one peer."""

    recognitions: Recognitions
    peer: Peer
    clock: Clock
    counters: RecognitionCounters
    received: list[Received] = field(default_factory=list)

    def open(
        self,
        fallback: tuple[Fallback, ...] = TWO,
        *,
        engine: str = "Deepgram",
        language: str | None = None,
    ) -> Recognition:
        """Open the next one."""
        self.received.append(Received())
        of = plan(engine=engine, language=language, fallback=fallback)
        return self.recognitions.open(of, self.received[-1])

    async def play(self, recognition: Recognition, audio: bytes) -> None:
        """Send audio to the first choice, each piece when it has had the one before."""
        for number, offset in enumerate(range(0, len(audio), CHUNK_BYTES)):
            recognition.send(stamp(audio[offset : offset + CHUNK_BYTES], number))
            self.clock.now += 0.1
            if not self.peer.visits["two"]:
                await self.peer.heard("one", number)

    async def finish(self, recognition: Recognition, timeout_s: float = 5.0) -> Received:
        """End one at the pace of real time; return all that was told."""
        self.clock.run_free()
        await recognition.finish(timeout_s=timeout_s)
        return self.received[-1]


@asynccontextmanager
async def open_room(
    limits: Limits = QUICK, *, local: bool = True, **manners: Manner
) -> AsyncIterator[Room]:
    """Run recognitions against a peer with these manners, by model."""
    clock, counters = Clock(), RecognitionCounters()
    async with (
        open_peer(**manners) as peer,
        open_recognitions(
            stt_url=peer.url,
            api_key=KEY,
            local_url=peer.url if local else None,
            limits=limits,
            counters=counters,
            clock=clock,
            dice=lambda: 0.0,
        ) as recognitions,
    ):
        yield Room(recognitions, peer, clock, counters)


def trouble(received: Received) -> list[Input]:
    """Return all that was told but words and the end."""
    quiet = (WordsHeard, RecognitionFinished)
    return [item for item in received.items if not isinstance(item, quiet)]


REFUSALS = {
    "key": Manner(statuses=[401] * 9),
    "forbidden": Manner(statuses=[403] * 9),
    "validation": Manner(says={100: [encode_error("40002", "Unsupported format", "no")]}),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_the_next_engine_takes_over_from_one_that_refuses(refusal: str) -> None:
    """At once, with all the audio; and it is told from whom to whom, since when and why."""
    async with open_room(one=REFUSALS[refusal]) as room:
        recognition = room.open(engine="Deepgram")
        recognition.send(HELLO)
        received = await room.finish(recognition)

    degraded, recovered = trouble(received)
    assert isinstance(degraded, RecognitionDegraded)
    assert (degraded.engine, degraded.to_engine, degraded.to_model) == (
        "Deepgram",
        "Google",
        "peer/two",
    )
    assert degraded.reason in {"refused_at_upgrade", "refused_by_engine"}
    assert degraded.start_ms is not None
    assert degraded.start_ms <= 500
    assert isinstance(recovered, RecognitionRecovered)
    assert recovered.engine == "Google"
    assert received.words == HELLO_WORDS
    assert {(final.engine, final.model) for final in received.finals} == {("Google", "peer/two")}
    assert len(room.peer.visits["one"]) == 1
    assert room.counters.switches == {("Deepgram", "Google", degraded.reason): 1}


async def test_the_next_call_does_not_ask_an_engine_that_refused() -> None:
    """Its circuit is open for all calls; a while later one call finds out that it is well."""
    async with open_room(one=Manner(statuses=[401])) as room:
        for now in (0.0, 1.0, 61.0, 61.5):
            room.clock.now = now
            recognition = room.open()
            recognition.send(HELLO)
            until_s = room.clock.now
            received = await room.finish(recognition)
            assert received.words == HELLO_WORDS
            room.clock.free_since, room.clock.now = None, until_s

    by = [{final.engine for final in received.finals} for received in room.received]
    assert by == [{"Google"}, {"Google"}, {None}, {None}]
    (degraded,) = room.received[1].of(RecognitionDegraded)
    assert (degraded.reason, degraded.to_engine) == ("circuit_open", "Google")
    assert trouble(room.received[2]) == []
    assert len(room.peer.visits["one"]) == 3


@pytest.mark.parametrize("times", ["none", "span", "words"])
@pytest.mark.parametrize("at_ms", range(700, 7000, 900))
async def test_words_go_on_where_the_first_choice_left_off(at_ms: int, times: str) -> None:
    """It drops, and drops again: none of its words is lost at the seam, and none is there twice."""
    audio, words = speak((4, 500), (1, 600), (6, 700), (1, 400), (2, 500))
    first = Manner(drops_ms=[at_ms] + [1] * 9, lag_ms=300, times=times)  # type: ignore[arg-type]
    async with open_room(one=first) as room:
        recognition = room.open()
        await room.play(recognition, audio)
        received = await room.finish(recognition)

    assert received.words == words
    assert received.of(AudioLost) == []
    assert received.finals[-1].engine == "Google"
    starts = [final.start_ms for final in received.finals]
    assert starts == sorted(starts)


async def test_an_engine_that_hears_nothing_is_left() -> None:
    """What was said to it is heard by the next one."""
    limits = replace(QUICK, stall_s=1.0)
    async with open_room(limits, one=Manner(deaf=[True] * 9)) as room:
        recognition = room.open()
        await room.play(recognition, HELLO)
        room.clock.now += 1.0
        await until(lambda: bool(room.peer.visits["two"]))
        received = await room.finish(recognition)

    (degraded,) = received.of(RecognitionDegraded)
    assert (degraded.reason, degraded.to_engine) == ("stalled", "Google")
    assert received.words == HELLO_WORDS
    assert len(room.peer.visits["one"]) == 1


async def test_at_the_end_one_that_never_answers_is_left_sooner_where_another_had_stalled() -> None:
    """There is time for another session, and that one answers."""
    limits = replace(QUICK, stall_s=60.0, last_retry_s=0.3)
    one, two = Manner(deaf=[True] * 9), Manner(deaf=[True, False])
    async with open_room(limits, one=one, two=two) as room:
        recognition = room.open()
        await room.play(recognition, HELLO)
        room.clock.now += 60.0
        await until(lambda: bool(room.peer.visits["two"]))
        received = await room.finish(recognition)

    assert received.words == HELLO_WORDS
    assert received.of(AudioLost) == []


async def test_at_the_end_one_that_does_not_answer_is_left_where_somebody_else_stands_by() -> None:
    """Waiting for a stall would leave the other no time."""
    limits = replace(QUICK, stall_s=60.0, last_retry_s=0.3)
    async with open_room(limits, one=Manner(deaf=[True] * 9), two=Manner()) as room:
        recognition = room.open()
        await room.play(recognition, HELLO)
        received = await room.finish(recognition)

    assert received.words == HELLO_WORDS


async def test_an_engine_that_is_too_late_is_left_where_somebody_else_stands_by() -> None:
    """Its own times say how far it is behind."""
    limits = replace(QUICK, late_ms=1000, late_s=1.0)
    audio, words = speak(*[(2, 600)] * 6)
    async with open_room(limits, one=Manner(lag_ms=2500, times="words")) as room:
        recognition = room.open()
        await room.play(recognition, audio)
        await until(lambda: bool(room.peer.visits["two"]))
        received = await room.finish(recognition)

    (degraded,) = (item for item in received.of(RecognitionDegraded) if item.to_engine)
    assert (degraded.reason, degraded.to_engine) == ("late", "Google")
    assert received.words == words


async def test_each_choice_has_its_turn() -> None:
    """The second one cannot be reached either."""
    async with open_room(one=Manner(statuses=[503] * 9), two=Manner(statuses=[503] * 9)) as room:
        recognition = room.open(THREE)
        recognition.send(HELLO)
        received = await room.finish(recognition)

    assert [item.to_engine for item in received.of(RecognitionDegraded)] == [
        None,
        "Google",
        "Soniox",
    ]
    assert received.words == HELLO_WORDS
    assert [len(room.peer.visits[model]) for model in ("one", "two", "three")] == [2, 2, 1]


SLOW = replace(QUICK, fallback_open_timeout_s=0.1)


async def test_a_session_that_is_opened_slowly_is_better_than_none() -> None:
    """Nobody is given long while somebody else stands by; the last one is, as nobody is left."""
    one, two, three = (Manner(handshake_s=0.3) for _ in range(3))
    async with open_room(SLOW, one=one, two=two, three=three) as room:
        recognition = room.open(THREE)
        recognition.send(HELLO)
        received = await room.finish(recognition)

    assert {final.engine for final in received.finals} == {"Soniox"}
    assert received.words == HELLO_WORDS
    assert received.of(AudioLost) == []


async def test_one_who_opened_slowly_before_is_given_as_long_again() -> None:
    """It gives words, so that nobody else is asked in its place."""
    first, second = Manner(statuses=[401] * 9), Manner(handshake_s=0.3, drops_ms=[700])
    async with open_room(SLOW, one=first, two=second) as room:
        recognition = room.open()
        recognition.send(HELLO[: 3 * CHUNK_BYTES])
        await until(lambda: bool(room.peer.visits["two"]))
        room.clock.now = 61.0  # the first one may be well again
        recognition.send(HELLO[3 * CHUNK_BYTES :])
        received = await room.finish(recognition)

    assert received.words == HELLO_WORDS
    assert [len(room.peer.visits[model]) for model in ("one", "two")] == [1, 2]


async def test_where_all_refuse_it_is_told_once_and_the_audio_is_lost() -> None:
    """No engine is hammered: they are asked once more when the track ends, if ever."""
    one, two = (Manner(statuses=[401] * 9) for _ in range(2))
    async with open_room(one=one, two=two) as room:
        recognition = room.open()
        recognition.send(HELLO)
        received = room.received[0]
        await until(lambda: bool(received.of(RecognitionFailed)))
        received = await room.finish(recognition)

    assert len(received.of(RecognitionFailed)) == 1
    assert [lost.reason for lost in received.of(AudioLost)] == ["recognition_failed"]
    assert len(room.peer.visits["one"]) + len(room.peer.visits["two"]) <= 4


async def test_a_recogniser_of_our_own_that_is_not_there_is_passed_over() -> None:
    """Nobody said where it is."""
    async with open_room(local=False) as room:
        recognition = room.open(engine="local", language="en")
        recognition.send(HELLO)
        received = await room.finish(recognition)

    (degraded,) = received.of(RecognitionDegraded)
    assert (degraded.reason, degraded.to_engine) == ("no_local_recogniser", "Google")
    assert received.words == HELLO_WORDS


async def test_silence_never_moves_anybody_to_another_engine() -> None:
    """An idle time-out, over and over: nobody is told, nobody takes over."""
    async with open_room(one=Manner(drops_ms=[600] * 5)) as room:
        recognition = room.open()
        await room.play(recognition, silence(3000))
        received = await room.finish(recognition)

    assert trouble(received) == []
    assert not room.peer.visits["two"]
