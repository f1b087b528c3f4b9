"""Which number counts the frames."""

import pytest

from service.ids import Track
from service.ingress.jitter.sequence_numbers import (
    Number,
    NumberedFrame,
    find_numbering,
    read_number,
)


def frames(*numbers: tuple[Track, int | None, int | None]) -> list[NumberedFrame]:
    """Frames of a track, `chunk` and `sequence_number`, no two with the same payload."""
    return [
        NumberedFrame(track, bytes([nth]), chunk, sequence)
        for nth, (track, chunk, sequence) in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    ("sent", "numbering"),
    [
        (frames(("inbound", 1, 2), ("outbound", 1, 3), ("inbound", 2, 4)), "chunk"),
        (frames(("inbound", 0, 2), ("outbound", 1, 3), ("inbound", 2, 4)), "chunk"),
        (frames(("inbound", 4711, 2)), "chunk"),
        (frames(("inbound", 1, 2), ("outbound", 90, 3), ("inbound", 4, 6)), "chunk"),
        (frames(("inbound", 20, 2), ("inbound", 40, 3), ("inbound", 60, 4)), "sequence_number"),
        (frames(("inbound", 7, 2), ("inbound", 7, 3)), "sequence_number"),
        (frames(("inbound", None, 2), ("inbound", 2, 3)), "sequence_number"),
        (frames(("inbound", None, 2), ("outbound", None, 2)), None),
        (frames(("inbound", None, None)), None),
        ([], None),
    ],
)
def test_numbers_that_are_dense_count_frames(
    sent: list[NumberedFrame], numbering: str | None
) -> None:
    """`chunk` first, per track or shared; then `sequence_number`; else none is believed."""
    assert find_numbering(sent) == numbering


def test_a_frame_sent_twice_does_not_speak_against_its_number() -> None:
    """The same number with the same payload is a duplicate."""
    twice = frames(("inbound", 1, None), ("inbound", 2, None))

    assert find_numbering([*twice, *twice]) == "chunk"


@pytest.mark.parametrize(
    ("wire", "number"),
    [
        *(("17", 17), (17, 17), ("0", 0), ("", None), (None, None), ("-1", None), (-1, None)),
        *(("1e3", None), ("1_0", None), (" 1", None), ("9" * 19, None), (10**18, None)),
    ],
)
def test_a_number_is_decimal_and_of_a_sane_length(wire: Number, number: int | None) -> None:
    """Anything else is no number, however long it is."""
    assert read_number(wire) == number
