"""Which number counts the frames."""

import pytest

from service.ids import Track
from service.ingress.jitter.sequence_numbers import NumberedFrame, detect_sequence_field


def frames(*numbers: tuple[Track, int | None, int | None]) -> list[NumberedFrame]:
    """Frames of a track, `chunk` and `sequence_number`, no two with the same payload."""
    return [
        NumberedFrame(track, bytes([nth]), chunk, sequence)
        for nth, (track, chunk, sequence) in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    ("sent", "field"),
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
def test_numbers_that_are_dense_count_frames(sent: list[NumberedFrame], field: str | None) -> None:
    """`chunk` first, per track or shared; then `sequence_number`; else none is believed."""
    assert detect_sequence_field(sent) == field


def test_a_frame_sent_twice_does_not_speak_against_its_number() -> None:
    """The same number with the same payload is a duplicate."""
    twice = frames(("inbound", 1, None), ("inbound", 2, None))

    assert detect_sequence_field([*twice, *twice]) == "chunk"
