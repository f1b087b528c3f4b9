"""An outage longer than the buffer: exactly what was said and cannot be heard any more is told."""

import asyncio
from dataclasses import replace

import pytest

from service.calls.inputs import AudioLost, AudioSettled, Input, WordsHeard
from tests.stt.builders import CHUNK_BYTES, Ear, Spoken, speak, stamp
from tests.stt.harness import QUICK, Received, open_line
from tests.stt.peers import Manner, open_peer

AUDIO, _ = speak((4, 600), (3, 900), (6, 700), (2, 1500), (5, 800), (3, 2000), (5, 900), (4, 700))
PIECES = len(AUDIO) // CHUNK_BYTES
KEEP_MS = 4000
ENGINES = {
    "prompt": Manner(lag_ms=300, partials=False),
    "late": Manner(lag_ms=3000, partials=False),
    "spans": Manner(lag_ms=300, times="span"),
    "words": Manner(lag_ms=300, times="words"),
}


def spoken() -> list[Spoken]:
    """Return all that was said, and when."""
    ear = Ear()
    ear.hear(AUDIO)
    return ear.words


def covered(received: Received, word: Spoken) -> tuple[bool, bool]:
    """Say whether a word is in what is told lost, and whether it is within 200 ms of its edge."""
    middle_ms = (word.start_ms + word.end_ms) // 2
    edges = [ms for lost in received.of(AudioLost) for ms in (lost.start_ms, lost.end_ms)]
    inside = any(lost.start_ms <= middle_ms < lost.end_ms for lost in received.of(AudioLost))
    return inside, any(abs(middle_ms - edge_ms) <= 200 for edge_ms in edges)


def are_in_order(items: list[Input]) -> bool:
    """Say whether all was told in order of time: nothing before what was settled."""
    settled_ms = 0
    for item in items:
        if isinstance(item, AudioSettled):
            settled_ms = max(settled_ms, item.until_ms)
        elif isinstance(item, AudioLost):
            if item.start_ms < settled_ms:
                return False
            settled_ms = item.end_ms
        elif isinstance(item, WordsHeard) and item.is_final and item.end_ms < settled_ms:
            return False
    return True


@pytest.mark.parametrize("deaf", [False, True])
@pytest.mark.parametrize("drop_piece", range(20, 60, 8))
@pytest.mark.parametrize("engine", ENGINES)
async def test_every_word_is_heard_or_told_to_be_lost(
    engine: str, drop_piece: int, *, deaf: bool
) -> None:
    """The session drops, deaf or not; for eight seconds there is no other one."""
    manner = replace(ENGINES[engine], drops_ms=[drop_piece * 100], deaf=[deaf])
    limits = replace(QUICK, keep_ms=KEEP_MS, stall_s=60.0)
    async with open_peer(one=manner) as peer, open_line(peer, limits) as line:
        await line.play(AUDIO[: (drop_piece - 1) * CHUNK_BYTES])
        manner.hold = asyncio.Event()
        for _ in range(80):
            at = line.pieces * CHUNK_BYTES
            line.send(stamp(AUDIO[at : at + CHUNK_BYTES], line.pieces))
            line.pieces, line.clock.now = line.pieces + 1, line.clock.now + 0.1
            await asyncio.sleep(0)
        manner.hold.set()
        manner.hold = None
        await line.play(AUDIO[line.pieces * CHUNK_BYTES :])
        await line.finish()

    heard = iter([*line.received.words, None])
    current = next(heard)
    for word in spoken():
        inside, at_edge = covered(line.received, word)
        if current == "uh":  # half a word, at the edge of what was kept
            current = next(heard)
        if current == word.text:
            assert not inside or at_edge
            current = next(heard)
        else:
            assert inside or at_edge, word
    assert current is None
    assert line.received.of(AudioLost)
    assert are_in_order(line.received.items)
