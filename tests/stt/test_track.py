"""A track: audio in any portions, one clock, one end, over all its sessions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.calls.inputs import (
    AudioLost,
    RecognitionFailed,
    RecognitionFinished,
    WordsHeard,
)
from service.stt.formats import choose_format
from service.stt.query import engine_of
from service.stt.ring import Chunk
from service.stt.timing import LAG_MS
from service.stt.track import Track
from service.wire.stt import SttResult
from tests.stt.builders import plan, silence, speak


def chunks(track: Track) -> list[Chunk]:
    """Take out all that a session would be sent."""
    return list(iter(track.next_chunk, None))


def opened(encoding: str = "PCMU", rate_hz: int = 8000, *, keep_ms: int = 30_000) -> Track:
    """Begin a track whose audio goes to the engine as it comes where the engine takes it."""
    of = plan(encoding=encoding, rate_hz=rate_hz)
    audio = choose_format(engine_of(of.route), encoding, rate_hz)
    return Track(of, audio, keep_ms=keep_ms)


def length_ms(track: Track) -> int:
    """Finish the track and return how long it was."""
    finished = track.finish()[-1]
    assert isinstance(finished, RecognitionFinished)
    return finished.audio_ms


@given(st.lists(st.binary(max_size=2500), max_size=20))
def test_frames_of_any_size_make_the_same_audio(frames: list[bytes]) -> None:
    """Telnyx's frames are not always 20 ms; nothing is lost but a last part of a millisecond."""
    track = opened()

    for frame in frames:
        track.push(frame)
    track.end()

    whole = b"".join(frames)
    sent = chunks(track)
    audio = b"".join(chunk.data for chunk in sent)
    assert whole.startswith(audio)
    assert len(whole) - len(audio) < 8
    assert [chunk.start_ms for chunk in sent] == list(range(0, len(sent) * 100, 100))


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "size"),
    [("PCMU", 8000, 800), ("L16", 16_000, 3200), ("L16", 48_000, 9600), ("G722", 8000, 800)],
)
def test_a_piece_is_100_ms_in_every_encoding(encoding: str, rate_hz: int, size: int) -> None:
    """However many bytes that takes."""
    track = opened(encoding=encoding, rate_hz=rate_hz)

    assert not track.push(bytes(size - 1))
    assert chunks(track) == []
    assert track.push(bytes(1))

    assert [(chunk.start_ms, chunk.end_ms) for chunk in chunks(track)] == [(0, 100)]


def test_a_gap_is_filled_for_a_second_at_most() -> None:
    """The engine notices the pause; the clock runs on over all of it."""
    track = opened()
    track.push(silence(130))

    track.skip(5000)
    track.skip(0)
    track.skip(-5)
    track.push(silence(100))

    assert [(chunk.start_ms, chunk.end_ms) for chunk in chunks(track)] == [
        (0, 100),
        (100, 130),
        (130, 1130),
        (5130, 5230),
    ]


def test_after_the_end_nothing_is_taken() -> None:
    """Late frames change nothing, not even the length."""
    track = opened()
    track.push(silence(150))
    track.end()

    assert not track.push(silence(1000))
    assert not track.skip(1000)
    track.end()

    assert length_ms(track) == 150


def test_one_that_failed_only_counts() -> None:
    """No audio is kept for nobody; all of it is said to be lost."""
    track = opened()
    audio, _ = speak((2, 500))
    track.push(audio)
    inputs = track.fail("refused_at_upgrade", "401")
    assert not track.push(audio)
    assert not track.skip(500)
    track.end()
    inputs += track.finish()

    audio_ms = len(audio) // 8
    assert chunks(track) == []
    assert [type(item) for item in inputs] == [
        AudioLost,
        RecognitionFailed,
        AudioLost,
        RecognitionFinished,
    ]
    assert [(lost.start_ms, lost.end_ms) for lost in inputs if isinstance(lost, AudioLost)] == [
        (0, audio_ms),
        (audio_ms, 2 * audio_ms + 500),
    ]


def test_a_new_session_is_sent_again_what_no_final_covers() -> None:
    """A little more than that: the words that it repeats are taken out again."""
    track = opened()
    audio, _ = speak((2, 500), (2, 6000))
    track.begin_session()
    track.push(audio)
    sent = chunks(track)
    track.receive(SttResult(transcript="One two.", is_final=True), lag_ms=LAG_MS)

    track.lose_session()
    track.begin_session()
    again = chunks(track)

    assert again == sent[-len(again) :]
    assert 500 + 2 * 360 <= again[0].start_ms <= 7220
    assert track.has_work()


def test_results_make_inputs_of_their_track() -> None:
    """Leg, stream and track are those of the plan."""
    track = opened()
    track.begin_session()
    track.push(speak((2, 500))[0])
    chunks(track)

    inputs = track.receive(SttResult(transcript="One", is_final=False), lag_ms=LAG_MS)
    inputs += track.finalize()

    assert [(item.text, item.is_final) for item in inputs if isinstance(item, WordsHeard)] == [
        ("One", False),
        ("One", True),
    ]
    assert {item.ref for item in inputs if isinstance(item, WordsHeard)} == {plan().ref}


def test_speech_is_owed_words_until_they_come() -> None:
    """What was not sent yet is waiting; what was sent is waited for."""
    track = opened()
    track.begin_session()
    assert not track.has_work()
    track.push(speak((2, 500), (0, 500))[0])
    assert track.waiting_ms == 1800
    assert (track.speech_since_result(), track.is_owed()) == (0, True)

    chunks(track)
    assert (track.waiting_ms, track.session_ms) == (0, 1800)
    assert track.speech_since_result() >= 600

    track.receive(SttResult(transcript="One two.", is_final=True), lag_ms=LAG_MS)
    assert (track.speech_since_result(), track.is_owed()) == (0, False)


def test_audio_that_no_session_was_sent_is_lost_when_there_is_too_much() -> None:
    """The oldest first; whoever looks sees it once."""
    track = opened(keep_ms=1000)
    track.push(silence(1500))

    (lost,) = track.release()

    assert isinstance(lost, AudioLost)
    assert (lost.start_ms, lost.end_ms, lost.reason) == (0, 500, "buffer_full")
    assert track.release() == []
