"""A connection may drop at any moment: no word is lost, and none is emitted twice."""

import asyncio
from dataclasses import replace
from typing import Literal

import pytest

from service.calls.inputs import AudioLost, RecognitionDegraded, RecognitionRecovered
from service.stt.recognitions import open_recognitions
from tests.stt.builders import CHUNK_BYTES, plan, speak, stamp, tone
from tests.stt.harness import KEY, QUICK, Clock, Received
from tests.stt.peers import Manner, Peer, open_peer

SCRIPT = ((4, 500), (1, 600), (6, 700), (1, 400), (2, 500))
"""Utterances of so many words, after pauses of so many milliseconds: 7.7 s."""
ENGINES = {
    "prompt": Manner(),
    "late": Manner(lag_ms=800),
    "finals only": Manner(partials=False, lag_ms=400),
    "slow finals only": Manner(partials=False, lag_ms=1500, endpointing_ms=700),
    "finals in mid-speech": Manner(most_words=3, lag_ms=300),
    "spans": Manner(times="span", lag_ms=300),
    "words": Manner(times="words", lag_ms=300),
    "words in mid-speech": Manner(times="words", lag_ms=300, most_words=3),
}


async def hear_all(peer: Peer, manners: dict[str, Manner], audio: bytes) -> dict[str, Received]:
    """Play the audio to a recognition per manner, all at the pace of one clock."""
    peer.manners.update(manners)
    clock, received = Clock(), {name: Received() for name in manners}
    async with open_recognitions(
        stt_url=peer.url, api_key=KEY, limits=QUICK, clock=clock, dice=lambda: 0.0
    ) as room:
        live = {
            name: room.open(
                plan(name, engine="Deepgram" if manner.closes else "Reson8"), received[name]
            )
            for name, manner in manners.items()
        }
        for number, offset in enumerate(range(0, len(audio), CHUNK_BYTES)):
            for recognition in live.values():
                recognition.send(stamp(audio[offset : offset + CHUNK_BYTES], number))
            clock.now += 0.1
            for name in manners:
                await peer.heard(name, number)
        clock.run_free()
        await asyncio.gather(*(recognition.finish(timeout_s=10) for recognition in live.values()))
    return received


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_drop_at_any_moment_loses_no_word_and_doubles_none(engine: str) -> None:
    """Dropped after each 100 ms of a call in turn, the words are those of the undisturbed call."""
    audio, words = speak(*SCRIPT)
    manners = {
        f"drop{at_ms}": replace(ENGINES[engine], drops_ms=[at_ms])
        for at_ms in range(100, len(audio) // 8, 100)
    }
    manners["calm"] = ENGINES[engine]

    async with open_peer() as peer:
        received = await hear_all(peer, manners, audio)

    assert received["calm"].words == words
    assert {name: heard.words for name, heard in received.items() if heard.words != words} == {}


@pytest.mark.parametrize("code", [1000, 1001, 1011])
@pytest.mark.parametrize("engine", ["prompt", "slow finals only", "words"])
async def test_a_close_in_the_middle_of_a_call_is_no_end_of_it(engine: str, code: int) -> None:
    """In order or not: what was owed is owed, and heard by the next session."""
    audio, words = speak(*SCRIPT)
    manners = {
        f"close{at_ms}": replace(ENGINES[engine], drops_ms=[at_ms], drop_code=code)
        for at_ms in range(200, len(audio) // 8, 600)
    }

    async with open_peer() as peer:
        received = await hear_all(peer, manners, audio)

    assert {name: heard.words for name, heard in received.items() if heard.words != words} == {}


async def test_sessions_that_are_all_short_are_one_trouble_until_one_lasts() -> None:
    """A single drop is over with the next words; of those after it none is news of its own."""
    audio, _ = speak(*SCRIPT * 6)
    manners = {"short": Manner(drops_ms=[1500] * 4), "one": Manner(drops_ms=[1500])}

    async with open_peer() as peer:
        received = await hear_all(peer, manners, audio)

    short, one = (
        [
            item
            for item in received[name].items
            if isinstance(item, RecognitionRecovered)
            or (isinstance(item, RecognitionDegraded) and item.reason == "connection_lost")
        ]
        for name in manners
    )
    assert [type(item) for item in one] == [RecognitionDegraded, RecognitionRecovered]
    assert [type(item) for item in short] == [RecognitionDegraded, RecognitionRecovered] * 2
    assert None not in {item.start_ms for item in short}
    assert (short[-1].start_ms or 0) > 30_000


@pytest.mark.parametrize("lag_ms", [4000, 8000, 10_000])
@pytest.mark.parametrize("times", ["none", "span", "words"])
async def test_an_engine_that_is_seconds_late_and_drops_loses_no_word(
    lag_ms: int, times: Literal["none", "span", "words"]
) -> None:
    """A pause settles only what it had time to answer; it is owed all the rest."""
    audio, words = speak((4, 500), (1, 5000), (6, 700), (1, 4500), (2, 900), (5, 1500), (3, 6000))
    manner = Manner(lag_ms=lag_ms, times=times, partials=False)
    manners = {
        f"drop{at_ms}": replace(manner, drops_ms=[at_ms])
        for at_ms in range(1000, len(audio) // 8, 1700)
    }

    async with open_peer() as peer:
        received = await hear_all(peer, manners, audio)

    assert {name: heard.words for name, heard in received.items() if heard.words != words} == {}
    assert [lost for heard in received.values() for lost in heard.of(AudioLost)] == []


async def test_a_seam_that_the_words_do_not_decide_is_told() -> None:
    """Two words over and over, and no times: a word too many or too few is never silent."""
    audio, words = speak(*[(count % 3 + 1, 500 + 170 * (count % 4)) for count in range(9)])
    audio = audio.replace(tone(2), tone(0)).replace(tone(4), tone(1))
    manners = {
        f"drop{at_ms}-{lag_ms}": Manner(drops_ms=[at_ms], lag_ms=lag_ms)
        for at_ms in range(500, len(audio) // 8, 400)
        for lag_ms in (300, 2000)
    }
    manners["calm"] = Manner()

    async with open_peer() as peer:
        received = await hear_all(peer, manners, audio)

    calm = received.pop("calm").words
    assert len(calm) == len(words)
    silent = {
        name: heard.words
        for name, heard in received.items()
        if heard.words != calm
        and "seam_uncertain" not in [item.reason for item in heard.of(RecognitionDegraded)]
    }
    assert silent == {}


@pytest.mark.parametrize("engine", ["late", "finals only", "spans", "words"])
async def test_drops_during_the_replay_lose_nothing_either(engine: str) -> None:
    """A second and a third drop, before the replay has caught up or just after."""
    audio, words = speak(*SCRIPT)
    manners = {
        f"{first}-{second}-{third}": replace(ENGINES[engine], drops_ms=[first, second, third])
        for first in range(2900, 7000, 700)
        for second in (100, 1300, 3200)
        for third in (300, 2100)
    }

    async with open_peer() as peer:
        received = await hear_all(peer, manners, audio)

    assert {name: heard.words for name, heard in received.items() if heard.words != words} == {}


async def test_words_said_twice_in_a_row_stay_two_words() -> None:
    """What is taken out is what was heard twice, not what was said twice."""
    audio, words = speak((1, 500))
    twice = audio + audio + audio
    manners = {f"drop{at_ms}": Manner(drops_ms=[at_ms]) for at_ms in range(100, 2700, 100)}

    async with open_peer() as peer:
        received = await hear_all(peer, manners, twice)

    assert {name: heard.words for name, heard in received.items() if heard.words != words * 3} == {}
