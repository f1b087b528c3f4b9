"""What all sessions of a track share: audio in any portions, one clock, one end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.calls.inputs import AudioLost, RecognitionFailed, RecognitionFinished
from service.stt.limits import Limits
from service.stt.ring import Chunk
from service.stt.track import Hearing
from tests.stt.builders import silence, speak
from tests.stt.harness import Told, plan


def chunks(hearing: Hearing) -> list[Chunk]:
    """Take out all that a session would be sent."""
    return list(iter(hearing.ring.next, None))


def opened(told: Told | None = None, **options: object) -> Hearing:
    """Begin a track."""
    return Hearing(plan(**options), told or Told(), Limits())  # type: ignore[arg-type]  # of the test


@given(st.lists(st.binary(max_size=2500), max_size=20))
def test_frames_of_any_size_make_the_same_audio(frames: list[bytes]) -> None:
    """Telnyx's frames are not always 20 ms; nothing is lost but a last part of a millisecond."""
    hearing = opened()

    for frame in frames:
        hearing.hear(frame)
    hearing.end()

    whole = b"".join(frames)
    sent = chunks(hearing)
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
    hearing = opened(encoding=encoding, rate_hz=rate_hz)

    hearing.hear(bytes(size - 1))
    assert hearing.heard_ms == 0
    hearing.hear(bytes(1))

    assert hearing.heard_ms == 100


def test_a_hole_is_filled_for_a_second_at_most() -> None:
    """The engine notices the pause; the clock runs on over all of it."""
    hearing = opened()
    hearing.hear(silence(130))

    hearing.skip(5000)
    hearing.skip(0)
    hearing.skip(-5)
    hearing.hear(silence(100))

    assert [(chunk.start_ms, chunk.end_ms) for chunk in chunks(hearing)] == [
        (0, 100),
        (100, 130),
        (130, 1130),
        (5130, 5230),
    ]


def test_after_the_end_nothing_is_taken() -> None:
    """Late frames change nothing, not even the length."""
    hearing = opened()
    hearing.hear(silence(150))
    hearing.end()

    hearing.hear(silence(1000))
    hearing.skip(1000)
    hearing.end()

    assert hearing.heard_ms == 150


def test_one_that_failed_only_counts() -> None:
    """No audio is kept for nobody; all of it is told as lost."""
    told = Told()
    hearing = opened(told)
    audio, _ = speak((2, 500))
    hearing.hear(audio)
    hearing.failed("refused_at_upgrade", "401")
    hearing.hear(audio)
    hearing.skip(500)
    hearing.end()
    hearing.finished()

    length_ms = len(audio) // 8
    assert chunks(hearing) == []
    assert [type(item) for item in told.items] == [
        AudioLost,
        RecognitionFailed,
        AudioLost,
        RecognitionFinished,
    ]
    assert [(lost.start_ms, lost.end_ms) for lost in told.of(AudioLost)] == [
        (0, length_ms),
        (length_ms, 2 * length_ms + 500),
    ]
