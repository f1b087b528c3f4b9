import pytest

from service.trial.frames import (
    Frame,
    Shape,
    say_chunks,
    say_length,
    say_order,
    say_sequence,
    say_timestamps,
)

PCMU = Shape("PCMU", 8000, 1)
SECRET = Shape("G729", 8000, 1)


def frames(
    track: str = "inbound", *, chunks: list[int], per_frame: int = 20, size: int = 160
) -> list[Frame]:
    """Return frames with these numbers, whose timestamps count in some unit."""
    return [Frame(track, one, one * per_frame, one, b"\xff" * size) for one in chunks]


@pytest.mark.parametrize(
    ("per_frame", "unit"), [(20, "ms"), (160, "samples"), (1, "frames"), (7, "another unit")]
)
def test_the_unit_of_timestamps_is_found_by_how_long_frames_play(per_frame: int, unit: str) -> None:
    """Whatever order they came in, and whether some came twice."""
    came = frames(chunks=[2, 1, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], per_frame=per_frame)

    assert say_timestamps({"inbound": came}, PCMU) == unit


def test_what_cannot_be_told_is_said() -> None:
    """Too few frames, no numbers, a codec that nobody here reads."""
    few, bare = frames(chunks=[1, 2]), [Frame("inbound", None, None, None, b"")]

    assert say_timestamps({"inbound": few}, PCMU) == "too few frames"
    assert say_timestamps({}, PCMU) == "too few frames"
    assert say_timestamps({"inbound": bare}, PCMU) == "missing"
    assert say_chunks({"inbound": bare}) == say_sequence(bare) == "missing"
    assert say_length(few, SECRET) == "frames of unknown length"


def test_chunks_count_in_each_track_or_over_both() -> None:
    """Where both tracks have the same number, they count in each."""
    one, other = frames(chunks=[1, 2]), frames("outbound", chunks=[1, 2])
    over = frames("outbound", chunks=[3, 4])

    assert say_chunks({"inbound": one, "outbound": other}) == "from 1 in each track"
    assert say_chunks({"inbound": one, "outbound": over}) == "from 1 over both tracks"
    assert say_chunks({"inbound": one}) == "from 1 of one track"


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        ([1, 2, 3], "in order each once"),
        ([1, 3, 2], "some late"),
        ([1, 2, 2], "some twice"),
        ([2, 1, 1], "some late some twice"),
    ],
)
def test_the_order_of_frames_is_told(chunks: list[int], said: str) -> None:
    """By their own numbers."""
    assert say_order({"inbound": frames(chunks=chunks)}) == said


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([3, 4, 5], "from 3 by 1 over both tracks"),
        ([3, 5, 9], "rises"),
        ([3, 5, 4], "does not always rise"),
    ],
)
def test_sequence_numbers_are_told(numbers: list[int], said: str) -> None:
    """Over the frames of all tracks."""
    assert say_sequence(frames(chunks=numbers)) == said


def test_frames_of_several_lengths_have_a_usual_one() -> None:
    """The most frequent is named."""
    mixed = [*frames(chunks=[1, 2]), *frames(chunks=[3], size=80)]

    assert say_length(mixed, PCMU) == "mostly 20 ms"
    assert say_length(frames(chunks=[1]), PCMU) == "20 ms"
