"""Audio that never came: lost and told, and everything around it in its place."""

from dataclasses import replace

import pytest

from service.calls.inputs import AudioLost, RecognitionDegraded
from tests.stt.builders import GAP_MS, WORD_MS, speak
from tests.stt.harness import QUICK, Line, open_line
from tests.stt.peers import Manner, open_peer

FIRST, FIRST_WORDS = speak((4, 500), (2, 700))
BOTH, BOTH_WORDS = speak((4, 500), (2, 700), (3, 800), (4, 600))
SECOND, SECOND_WORDS = BOTH[len(FIRST) :], BOTH_WORDS[len(FIRST_WORDS) :]
HOLE_MS = 20_000
AFTER_MS = len(FIRST) // 8 + HOLE_MS
ENGINES = {
    "prompt": Manner(lag_ms=300),
    "finals only": Manner(partials=False, lag_ms=800),
    "spans": Manner(times="span", lag_ms=300),
    "words": Manner(times="words", lag_ms=300),
}


async def play(line: Line, *, hole_ms: int = HOLE_MS) -> None:
    """Play both halves, and a hole between them."""
    await line.play(FIRST)
    line.recognition.skip(hole_ms)
    line.clock.now += hole_ms / 1000
    await line.play(SECOND)


@pytest.mark.parametrize("drop_ms", [None, *range(400, 7400, 400)])
@pytest.mark.parametrize("engine", ENGINES)
async def test_a_new_session_after_a_hole_doubles_nothing_and_shifts_nothing(
    engine: str, drop_ms: int | None
) -> None:
    """A hold without frames, or a process that stood still, and a drop before or after it."""
    manner = replace(ENGINES[engine], drops_ms=[] if drop_ms is None else [drop_ms])
    async with open_peer(one=manner) as peer, open_line(peer) as line:
        await play(line)
        await line.finish()

    assert line.received.words == BOTH_WORDS
    (lost,) = line.received.of(AudioLost)
    assert (lost.start_ms, lost.end_ms) == (len(FIRST) // 8, AFTER_MS)
    after = [final for final in line.received.finals if final.start_ms >= AFTER_MS - 100]
    assert [word for final in after for word in final.text.lower().strip(".").split()] == (
        SECOND_WORDS
    )
    first_at_ms = AFTER_MS + 800 - _left_over_ms()
    assert abs(after[0].start_ms - first_at_ms) <= 60


def _left_over_ms() -> int:
    """Return how much of the pause before the second half is in the first, to fill its pieces."""
    spoken_ms = 500 + 4 * (WORD_MS + GAP_MS) + 700 + 2 * (WORD_MS + GAP_MS)
    return len(FIRST) // 8 - spoken_ms


async def test_a_hole_shorter_than_a_word_is_told_as_well() -> None:
    """The call books it, whether or not it is worth an event."""
    async with open_peer(one=Manner()) as peer, open_line(peer) as line:
        await play(line, hole_ms=40)
        await line.finish()

    (lost,) = line.received.of(AudioLost)
    assert (lost.end_ms - lost.start_ms, lost.reason) == (40, "frames_lost")
    assert line.received.words == BOTH_WORDS


async def test_a_hole_up_to_the_end_is_a_hole_like_any_other() -> None:
    """A stream that stays open, and sends nothing more until somebody hangs up."""
    async with open_peer(one=Manner()) as peer, open_line(peer) as line:
        await line.play(FIRST)
        line.recognition.skip(HOLE_MS, "stream_silent")
        await line.finish()

    (lost,) = line.received.of(AudioLost)
    assert (lost.start_ms, lost.end_ms) == (len(FIRST) // 8, AFTER_MS)
    assert lost.reason == "stream_silent"
    assert line.received.words == FIRST_WORDS
    assert line.received.of(RecognitionDegraded) == []


async def test_a_pause_of_any_length_settles_nothing_for_an_engine_that_is_dead() -> None:
    """It says nothing, then drops: the words are heard by the next session."""
    limits = replace(QUICK, stall_s=60.0)
    manner = Manner(deaf=[True], drops_ms=[20_000])
    async with open_peer(one=manner) as peer, open_line(peer, limits) as line:
        await line.play(FIRST)
        await line.play(b"\xff" * 8 * 20_000)
        await line.finish()

    assert line.received.words == FIRST_WORDS
    assert line.received.of(AudioLost) == []
