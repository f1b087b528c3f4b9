"""Sessions that may only last so long: the next one is made before the last one ends."""

from dataclasses import replace

from service.calls.inputs import AudioLost, RecognitionDegraded
from tests.stt.builders import WORDS, speak
from tests.stt.harness import QUICK, Line, open_line
from tests.stt.peers import Manner, open_peer

LIMITS = replace(QUICK, hand_over_s=0.2)
MAX_SESSION_S = 0.4
SPOKEN, SPOKEN_WORDS = speak(*[(4, 700)] * (len(WORDS) // 4))
"""All the words there are, so that none comes again soon: text alone tells where it was said."""


async def play_until_sessions(line: Line, count: int, audio: bytes) -> int:
    """Say the same over and over, until so many sessions were made; return how often."""
    visits, said = line.peer.visits["one"], 0
    while len(visits) < count:
        await line.play(audio)
        said += 1
    return said


async def test_a_session_is_followed_by_the_next_one_before_its_time_is_up() -> None:
    """Nobody is told, and the words go on: none lost, none twice."""
    async with (
        open_peer(one=Manner(lag_ms=300)) as peer,
        open_line(peer, LIMITS, max_session_s=MAX_SESSION_S) as line,
    ):
        said = await play_until_sessions(line, 4, SPOKEN)
        await line.finish()

    assert line.received.words == SPOKEN_WORDS * said
    assert line.received.of(RecognitionDegraded) == []
    assert line.received.of(AudioLost) == []


async def test_words_with_times_are_cut_at_the_hand_over_to_the_word() -> None:
    """Somebody speaks without a pause: both sessions hear the last of it."""
    audio, words = speak((12, 0))
    async with (
        open_peer(one=Manner(times="words", lag_ms=300, most_words=3)) as peer,
        open_line(peer, LIMITS, max_session_s=MAX_SESSION_S) as line,
    ):
        said = await play_until_sessions(line, 4, audio)
        await line.finish()

    assert line.received.words == words * said
    assert line.received.of(RecognitionDegraded) == []


async def test_a_successor_that_is_not_to_be_had_costs_nothing_while_the_session_lasts() -> None:
    """It is asked for again; the one there is goes on."""
    async with (
        open_peer(one=Manner(statuses=[101, 503, 503, 101])) as peer,
        open_line(peer, LIMITS, max_session_s=MAX_SESSION_S) as line,
    ):
        said = await play_until_sessions(line, 5, SPOKEN)
        await line.finish()

    assert line.received.words == SPOKEN_WORDS * said
    assert line.received.of(RecognitionDegraded) == []


async def test_a_successor_that_drops_is_made_anew() -> None:
    """As after any drop: what it was sent is sent again."""
    async with (
        open_peer(one=Manner(drops_ms=[10**9, 900])) as peer,
        open_line(peer, LIMITS, max_session_s=MAX_SESSION_S) as line,
    ):
        said = await play_until_sessions(line, 4, SPOKEN)
        await line.finish()

    assert line.received.words == SPOKEN_WORDS * said
    assert [item.reason for item in line.received.of(RecognitionDegraded)] == ["connection_lost"]
