"""What goes wrong at a real STT service: for good, or until a new session."""

from dataclasses import replace
from itertools import pairwise

import pytest

from service.calls.inputs import (
    AudioLost,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionFinished,
    RecognitionRecovered,
    WordsHeard,
)
from service.calls.routes import Fallback
from service.wire.stt import encode_error, encode_transcript
from tests.stt.builders import GAP_MS, HELLO, HELLO_WORDS, silence, speak, tone
from tests.stt.harness import QUICK, open_line
from tests.stt.peers import Manner, open_peer
from tests.waiting import until


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404])
async def test_a_refused_upgrade_is_told_and_asked_again_much_later(status: int) -> None:
    """Nobody else stands by: it is told once, and asked a last time at the end of the track."""
    manner = Manner(statuses=[status, status])
    async with open_peer(one=manner) as peer, open_line(peer) as line:
        line.send(HELLO)
        await until(lambda: bool(line.received.of(RecognitionFailed)))
        assert len(peer.visits["one"]) == 1
        await line.finish()

    (failed,) = line.received.of(RecognitionFailed)
    assert (failed.reason, failed.code) == ("refused_at_upgrade", str(status))
    assert len(peer.visits["one"]) == 2
    assert [lost.reason for lost in line.received.of(AudioLost)] == ["recognition_failed"]
    assert isinstance(line.received.items[-1], RecognitionFinished)


async def test_words_come_again_once_a_refusal_is_over() -> None:
    """A key that was mended within the call: what is kept is heard, and the end of it is told."""
    limits = replace(QUICK, refused_s=(0.05,))
    async with open_peer(one=Manner(statuses=[401])) as peer, open_line(peer, limits) as line:
        line.send(HELLO)
        await until(lambda: len(peer.visits["one"]) == 2)
        await line.finish()

    told = [type(item) for item in line.received.items if not isinstance(item, WordsHeard)]
    assert told == [RecognitionFailed, RecognitionRecovered, RecognitionFinished]
    assert line.received.words == HELLO_WORDS


async def test_who_refused_is_asked_again_before_what_is_owed_is_not_kept_any_more() -> None:
    """Two engines refuse, so that the next time would be too late; it is not long after, either."""
    limits = replace(QUICK, refused_s=(0.1, 60.0), keep_ms=6000)
    two = (Fallback(engine="Google", model="peer/two"),)
    refusing = {name: Manner(statuses=[401]) for name in ("one", "two")}
    async with open_peer(**refusing) as peer, open_line(peer, limits, fallback=two) as line:
        line.send(HELLO)
        await until(lambda: bool(line.received.of(RecognitionFailed)))
        line.send(silence(2300))
        await until(lambda: any(len(visits) == 2 for visits in peer.visits.values()))
        await until(lambda: bool(line.received.words))
        line.send(silence(4000))
        await line.finish()

    assert line.received.words == HELLO_WORDS
    assert line.received.of(AudioLost) == []


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_service_is_tried_again(status: int) -> None:
    """The trouble is told once, and no word is lost over it."""
    manner = Manner(statuses=[status, status])
    async with open_peer(one=manner) as peer, open_line(peer) as line:
        line.send(HELLO)
        await line.finish()

    (degraded,) = line.received.of(RecognitionDegraded)
    assert (degraded.reason, degraded.code) == ("connect_failed", str(status))
    assert line.received.words == HELLO_WORDS


async def test_nobody_listening_is_tried_again() -> None:
    """A port that refuses connections is an outage; the audio is lost when time is up."""
    async with open_peer() as peer:
        url = peer.url
    peer.url = url
    async with open_line(peer) as line:
        line.send(HELLO)
        await line.finish(timeout_s=0.2)

    assert line.received.of(RecognitionDegraded)[0].reason == "connect_failed"
    (lost,) = line.received.of(AudioLost)
    assert abs(lost.start_ms - 500) <= 50
    assert abs(lost.end_ms - len(HELLO) // 8) <= GAP_MS + 50
    assert lost.reason == "not_answered"
    assert isinstance(line.received.items[-1], RecognitionFinished)


async def test_a_bad_parameter_is_final() -> None:
    """Telnyx accepts the upgrade and then says what is wrong: nothing is tried again."""
    refusal = encode_error("40002", "Unsupported format", "no", parameter="input_format")
    async with open_peer(one=Manner(says={100: [refusal]})) as peer, open_line(peer) as line:
        line.send(silence(200))
        await until(lambda: bool(line.received.of(RecognitionFailed)))
        await line.finish()

    (failed,) = line.received.of(RecognitionFailed)
    assert (failed.reason, failed.code) == ("refused_by_engine", "40002")
    assert len(peer.visits["one"]) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        encode_error("50000", "Provider failed", "later"),
        '{"type":"error","error":"provider went away"}',
        '{"error":""}',
    ],
)
async def test_trouble_at_the_engine_is_tried_again(trouble: str) -> None:
    """Any other error ends the session, not the recognition."""
    async with open_peer(one=Manner(says={100: [trouble]})) as peer, open_line(peer) as line:
        line.send(silence(200))
        await until(lambda: bool(line.received.of(RecognitionDegraded)))
        line.send(silence(200))
        await until(lambda: len(peer.visits["one"]) == 2)
        await line.finish()

    assert line.received.of(RecognitionDegraded)[0].reason == "engine_error"
    assert line.received.of(RecognitionFailed) == []


async def test_an_odd_frame_is_passed_over_and_garbage_ends_the_session() -> None:
    """One unreadable answer costs nothing; three in a row mean another protocol."""
    fine = encode_transcript("Hello.", is_final=True)
    says: dict[int, list[str | bytes]] = {
        100: ["hello?", b"\xff\xfe", fine],
        200: ["{}}", "[]", "nope"],
    }
    async with open_peer(one=Manner(says=says)) as peer, open_line(peer) as line:
        line.send(silence(200))
        await until(lambda: bool(line.received.of(RecognitionDegraded)))
        await line.finish()

    assert [final.text for final in line.received.finals] == ["Hello."]
    assert line.received.of(RecognitionDegraded)[0].reason == "garbage"


async def test_an_engine_that_is_understood_but_for_some_garbage_is_borne_with() -> None:
    """The next session is no better: twice as much is passed over, and every word is heard."""
    async with open_peer(one=Manner(garbage=3)) as peer, open_line(peer) as line:
        await line.play(HELLO)
        await line.finish()

    assert line.received.words == HELLO_WORDS
    assert len(peer.visits["one"]) == 2


async def test_a_result_too_large_ends_the_session() -> None:
    """Half a megabyte is not read; the session is made anew."""
    huge = encode_transcript("x" * 500_000, is_final=True)
    async with open_peer(one=Manner(says={100: [huge]})) as peer, open_line(peer) as line:
        line.send(HELLO)
        await until(lambda: bool(line.received.of(RecognitionDegraded)))
        await line.finish()

    assert line.received.finals == []
    assert line.received.of(RecognitionDegraded)[0].reason == "connection_lost"


async def test_a_session_closed_while_nothing_is_said_is_reopened_for_the_next_audio() -> None:
    """An idle time-out troubles nobody, and nothing reconnects until there is something to hear."""
    async with open_peer(one=Manner(drops_ms=[600])) as peer, open_line(peer) as line:
        await line.play(silence(600))
        assert len(peer.visits["one"]) == 1
        await line.play(HELLO)
        await line.finish()

    assert len(peer.visits["one"]) == 2
    assert line.received.of(RecognitionDegraded) == []
    assert line.received.words == HELLO_WORDS


async def test_a_session_closed_for_its_policy_is_not_asked_again() -> None:
    """Close code 1008 before any answer is a refusal that came after the upgrade."""
    manner = Manner(close_code=1008, closes_ms=100)
    async with open_peer(one=manner) as peer, open_line(peer) as line:
        line.send(silence(100))
        await until(lambda: bool(line.received.of(RecognitionFailed)))
        await line.finish()

    (failed,) = line.received.of(RecognitionFailed)
    assert (failed.reason, failed.code) == ("refused_by_engine", "1008")


async def test_connections_are_spaced_by_growing_delays() -> None:
    """The dice are zero here, so the delays are those of the table."""
    delays = (0.05, 0.1, 0.2)
    limits = replace(QUICK, backoff_s=delays)
    async with open_peer(one=Manner(statuses=[503] * 4)) as peer, open_line(peer, limits) as line:
        line.send(HELLO)
        await until(lambda: len(peer.visits["one"]) == 5)
        await line.finish()

    gaps = [later.at - earlier.at for earlier, later in pairwise(peer.visits["one"])]
    assert [gap >= delay for gap, delay in zip(gaps, (*delays, 0.2), strict=True)] == [True] * 4


async def test_the_half_word_in_which_a_track_ends_is_lost_and_no_trouble() -> None:
    """Nobody knows it, and nobody is asked again: a pause, or the hang-up, came in its midst."""
    async with open_peer(one=Manner()) as peer, open_line(peer) as line:
        await line.play(HELLO + silence(500))
        line.send(tone(7, 190))
        await line.finish()

    assert line.received.words == HELLO_WORDS
    assert len(peer.visits["one"]) == 1
    assert not line.received.of(RecognitionDegraded)
    (lost,) = line.received.of(AudioLost)
    assert (lost.start_ms, lost.end_ms, lost.reason) == (3600, 3790, "not_answered")


async def test_a_replay_waits_for_answers_where_a_session_was_lost_over_one() -> None:
    """Sent all at once again, the engine would close again before it answers, for ever."""
    audio, words = speak((3, 500), (2, 4000))
    manner = Manner(says={10**6: []}, drops_ms=[2000])
    async with open_peer(one=manner) as peer, open_line(peer) as line:
        visits = peer.visits["one"]
        line.send(audio + silence(2000))
        await until(lambda: len(visits) == 2 and len(visits[1].audio) >= 8 * 2000)
        socket = visits[1].socket
        assert socket
        await (await socket.ping())
        waited_at_ms = len(visits[1].audio) // 8
        for text in (" ".join(words[:3]), " ".join(words[3:])):
            await socket.send(encode_transcript(text, is_final=True, confidence=0.9))
            await until(lambda: len(visits[1].audio) >= 8 * 7000)
        await line.finish()

    assert waited_at_ms < 4000
    assert line.received.words == words
    assert not line.received.of(AudioLost)


async def test_at_the_end_a_replay_waits_no_longer_than_there_is_time() -> None:
    """Eight seconds of audio would take as long at the pace of speech; the deadline is sooner."""
    audio, words = speak((22, 500))
    manner = Manner(drops_ms=[700, 700, 700], endpointing_ms=10_000, partials=False)
    async with open_peer(one=manner) as peer, open_line(peer) as line:
        line.send(audio)
        await until(lambda: len(peer.visits["one"]) == 4)
        await line.finish(timeout_s=4.0)

    assert line.received.of(AudioLost) == []
    assert line.received.words == words
