"""A track: audio in any portions, one clock, one end, over all its sessions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.calls.inputs import (
    AudioLost,
    AudioSettled,
    Input,
    RecognitionFinished,
    WordsHeard,
)
from service.stt.formats import WireFormat, choose_format
from service.stt.query import engine_of
from service.stt.stint import Stint
from service.stt.track import Track
from service.wire.stt import SttResult
from tests.stt.builders import plan, silence, speak, tone

MULAW = WireFormat("mulaw", 8000)


def sent(track: Track, stint: Stint, now: float = 0.0) -> list[tuple[int, int]]:
    """Send a session all there is; return the pieces' times."""
    spans: list[tuple[int, int]] = []
    while True:
        before = stint.clock.sent_ms
        if track.next_chunk(stint, now) is None:
            return spans
        length_ms = stint.clock.sent_ms - before
        spans.append((stint.clock.position_ms - length_ms, stint.clock.position_ms))


def opened(encoding: str = "PCMU", rate_hz: int = 8000, *, keep_ms: int = 30_000) -> Track:
    """Begin a track."""
    return Track(plan(encoding=encoding, rate_hz=rate_hz), keep_ms=keep_ms)


def begun(track: Track, now: float = 0.0) -> Stint:
    """Begin a stint on it."""
    stint, inputs = track.begin(MULAW, now)
    assert inputs == []
    return stint


def final(text: str, **fields: object) -> SttResult:
    """Return a final."""
    return SttResult(transcript=text, is_final=True, **fields)  # type: ignore[arg-type]  # its own


def lost(inputs: list[Input]) -> list[tuple[int, int, str]]:
    """Return what is said to be lost."""
    return [(i.start_ms, i.end_ms, i.reason) for i in inputs if isinstance(i, AudioLost)]


def texts(inputs: list[Input]) -> list[tuple[str, bool]]:
    """Return the words, and whether they are final."""
    return [(i.text, i.is_final) for i in inputs if isinstance(i, WordsHeard)]


def length_ms(track: Track) -> int:
    """Finish the track and return how long it was."""
    finished = track.finish("not_answered")[-1]
    assert isinstance(finished, RecognitionFinished)
    return finished.audio_ms


@given(st.lists(st.binary(max_size=2500), max_size=20))
def test_frames_of_any_size_make_the_same_audio(frames: list[bytes]) -> None:
    """Telnyx's frames are not always 20 ms; nothing is lost but a last part of a millisecond."""
    track = opened()
    stint = begun(track)

    for frame in frames:
        track.push(frame)
    track.end()

    whole = b"".join(frames)
    pieces = list(iter(lambda: track.next_chunk(stint, 0.0), None))
    audio = b"".join(pieces)
    assert whole.startswith(audio)
    assert len(whole) - len(audio) < 8
    assert {len(piece) for piece in pieces[:-1]} <= {800}


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "size"),
    [("PCMU", 8000, 800), ("L16", 16_000, 3200), ("L16", 48_000, 9600), ("G722", 8000, 800)],
)
def test_a_piece_is_100_ms_in_every_encoding(encoding: str, rate_hz: int, size: int) -> None:
    """However many bytes that takes."""
    track = opened(encoding=encoding, rate_hz=rate_hz)
    audio = choose_format(engine_of(plan().route), encoding, rate_hz)
    stint, _ = track.begin(audio, 0.0)

    assert not track.push(bytes(size - 1))
    assert sent(track, stint) == []
    assert track.push(bytes(1))

    assert sent(track, stint) == [(0, 100)]


def test_a_gap_is_filled_for_a_second_at_most_and_is_lost() -> None:
    """The engine notices the pause; the clock runs on over all of it."""
    track = opened()
    stint = begun(track)
    track.push(silence(130))

    track.skip(5000, "frames_lost")
    track.skip(0, "frames_lost")
    track.skip(-5, "frames_lost")
    track.push(silence(100))

    assert sent(track, stint) == [(0, 100), (100, 130), (130, 1130), (5130, 5230)]
    assert lost(track.finish("not_answered")) == [(130, 5130, "frames_lost")]


def test_a_hole_of_one_frame_is_told_too() -> None:
    """The call sums them up, and makes an event of what is long."""
    track = opened()
    track.push(silence(200))
    track.skip(20, "frames_lost")
    track.push(silence(200))

    assert lost(track.finish("not_answered")) == [(200, 220, "frames_lost")]


def test_time_skipped_for_no_reason_was_silence() -> None:
    """A phone that sends nothing while nobody speaks."""
    track = opened()
    track.push(silence(100))
    track.skip(5000, "")

    assert [type(item) for item in track.finish("not_answered")] == [RecognitionFinished]


def test_after_the_end_nothing_is_taken() -> None:
    """Late frames change nothing, not even the length."""
    track = opened()
    track.push(silence(150))
    track.end()

    assert not track.push(silence(1000))
    assert not track.skip(1000, "frames_lost")
    track.end()

    assert length_ms(track) == 150


def test_a_new_session_is_sent_again_what_no_final_covers() -> None:
    """A little more than that: the words that it repeats are taken out again."""
    track = opened()
    stint = begun(track)
    track.push(speak((2, 500))[0])
    sent(track, stint)
    track.receive(stint, final("One two."), 1.3)
    track.push(silence(6000))
    sent(track, stint, 7.3)
    track.release()
    track.push(speak((2, 0))[0])
    rest = sent(track, stint, 8.0)

    track.lose()
    again = sent(track, begun(track, 9.0))

    assert 500 + 2 * 360 <= again[0][0] <= 7220
    assert again[-len(rest) :] == rest
    assert track.has_work()


def test_results_make_inputs_of_their_track() -> None:
    """Leg, stream and track are those of the plan; what is left in the end becomes a final."""
    track = opened()
    stint = begun(track)
    track.push(speak((2, 500))[0])
    sent(track, stint)

    inputs = track.receive(stint, SttResult(transcript="One", is_final=False), 1.0)
    inputs += track.finish("not_answered")

    assert texts(inputs) == [("One", False), ("One", True)]
    assert {item.ref for item in inputs if isinstance(item, WordsHeard)} == {plan().ref}


def test_speech_is_owed_words_until_they_come() -> None:
    """What was not sent yet is waiting; what was sent is waited for."""
    track = opened()
    stint = begun(track)
    assert not track.has_work()
    track.push(speak((2, 500), (0, 500))[0])
    assert (track.waiting_ms(stint), track.is_owed(stint)) == (1800, True)

    sent(track, stint)
    assert (track.waiting_ms(stint), track.is_owed(stint)) == (0, True)

    track.receive(stint, final("One two."), 2.0)
    assert not track.is_owed(stint)


def test_a_pause_settles_nothing_that_an_engine_without_a_voice_was_sent() -> None:
    """A dead engine, and then silence for as long as the buffer lasts: the words are told lost."""
    track = opened(keep_ms=5000)
    stint = begun(track)
    track.push(speak((4, 500))[0])
    for _ in range(10):
        track.push(silence(1000))
        sent(track, stint)
        assert track.release() == []

    inputs = [*track.lose(), *track.finish("not_answered")]

    ((start_ms, end_ms, reason),) = lost(inputs)
    assert abs(start_ms - 500) <= 50
    assert abs(end_ms - (500 + 4 * 360 - 60)) <= 50
    assert reason == "buffer_full"


def test_speech_that_does_not_fit_is_lost_before_anything_after_it_is_told() -> None:
    """The oldest goes first; silence that goes is none the less silence."""
    track = opened(keep_ms=1000)
    track.push(silence(500) + tone(20, 600) + silence(1900))
    assert track.release() == []  # what goes next may be a part of it

    track.push(silence(200))
    ((start_ms, end_ms, reason),) = lost(track.release())

    assert abs(start_ms - 500) <= 50
    assert abs(end_ms - 1100) <= 50
    assert reason == "buffer_full"
    assert track.release() == []


def test_what_nobody_heard_is_lost_be_it_a_voice_or_not() -> None:
    """Who could say so?"""
    track = opened(keep_ms=1000)
    track.push(silence(500) + tone(20, 3000) + silence(2500))

    assert not track.speech.between(0, track.pushed_ms)
    ((start_ms, end_ms, _),) = lost(track.release())
    assert abs(start_ms - 500) <= 50
    assert abs(end_ms - 3500) <= 50


def test_it_is_told_now_and_then_how_far_all_is_settled() -> None:
    """A quarter of a minute of silence, and it is known to have been silence."""
    track = opened()
    stint = begun(track)
    inputs: list[Input] = []
    for _ in range(30):
        track.push(silence(1000))
        sent(track, stint)
        inputs += track.release()

    until_ms = [item.until_ms for item in inputs if isinstance(item, AudioSettled)]
    assert len(until_ms) == len(inputs) == 2
    assert until_ms == sorted(until_ms)
    assert until_ms[-1] <= 27_000


def test_of_two_sessions_the_earlier_one_speaks_first() -> None:
    """What the later one says waits; the words keep the order of their audio."""
    track = opened()
    before = begun(track)
    track.push(speak((2, 500), (0, 900))[0])
    sent(track, before)
    start_ms = track.hand_over(before)
    after, _ = track.begin(MULAW, 2.0, start_ms=start_ms)
    track.push(speak((2, 300))[0])
    sent(track, after)

    assert track.has_all(before)
    assert track.receive(after, final("Three four."), 3.0) == []
    inputs = track.receive(before, final("One two."), 3.5)
    inputs += track.close(before)

    assert texts(inputs) == [("One two.", True), ("Three four.", True)]
    first, second = (item for item in inputs if isinstance(item, WordsHeard))
    assert first.end_ms <= start_ms <= second.start_ms


def test_a_session_that_takes_over_in_mid_speech_hears_the_last_of_it_as_well() -> None:
    """The words that both heard are told once."""
    track = opened()
    before = begun(track)
    track.push(speak((6, 500))[0])
    sent(track, before)
    start_ms = track.hand_over(before)
    after, _ = track.begin(MULAW, 3.0, start_ms=start_ms)
    track.push(speak((2, 0), (0, 500))[0])
    sent(track, after)

    inputs = track.receive(before, final("One two three four five six"), 4.0)
    track.receive(after, final("One two three four five six seven eight"), 5.0)
    inputs += track.close(before)

    assert start_ms == 0
    assert texts(inputs) == [("One two three four five six", True), ("seven eight", True)]


def test_forgone_words_are_lost_and_not_asked_for_again() -> None:
    """The next session begins behind them."""
    track = opened()
    stint = begun(track)
    track.push(speak((2, 500), (0, 5000))[0])
    sent(track, stint)
    track.lose()

    ((start_ms, end_ms, reason),) = lost(track.forgo("not_answered"))

    assert (start_ms, reason) == (500, "not_answered")
    assert end_ms <= 1220
    assert track.resume_ms == track.pushed_ms
    assert not track.has_work()


def test_a_partial_whose_audio_is_not_kept_is_final_before_anything_is_told_as_lost() -> None:
    """Or what it says would be told as lost as well."""
    track = opened(keep_ms=3000)
    stint = begun(track)
    track.push(speak((3, 0))[0])
    sent(track, stint)
    track.receive(stint, SttResult(transcript="good morning this"), 1.2)
    track.push(silence(2800))
    sent(track, stint)

    inputs = track.lose()

    assert texts(inputs) == [("good morning this", True)]
    assert lost([*inputs, *track.finish("not_answered")]) == []


def test_a_partial_in_mid_speech_says_no_more_than_its_length() -> None:
    """What goes on behind it was never heard: that is lost, and told."""
    track = opened(keep_ms=3000)
    stint = begun(track)
    track.push(tone(1, 3000))
    sent(track, stint)
    track.receive(stint, SttResult(transcript="good morning this is", is_final=False), 3.0)
    track.push(silence(2000))
    sent(track, stint)

    inputs = [*track.lose(), *track.finish("not_answered")]

    assert texts(inputs) == [("good morning this is", True)]
    assert lost(inputs) == [(1300, 2000, "buffer_full"), (2000, 3000, "not_answered")]


def test_what_is_behind_a_sessions_end_does_not_wait_for_it() -> None:
    """It is another session's: nobody falls behind with that."""
    track = opened()
    stint = begun(track)
    track.push(silence(2_000))
    assert track.waiting_ms(stint) == 2_000

    stint.until_ms = 500
    assert track.waiting_ms(stint) == 500

    sent(track, stint)
    track.push(silence(60_000))
    assert track.waiting_ms(stint) == 0
