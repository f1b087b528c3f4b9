"""Where the stamps of a burst say that nothing was sent, whatever it is that they count."""

from collections.abc import Sequence

import pytest

from service.ingress.jitter.stamps import MIN_STEPS, Stamped, holes_in
from service.wire.media import WireNumber

FRAME_S = 0.02


def burst(stamps: Sequence[WireNumber]) -> list[Stamped]:
    """Return frames of 20 ms with these stamps."""
    return [Stamped(b"frame", FRAME_S, stamp) for stamp in stamps]


def found(frames: Sequence[Stamped]) -> dict[int, float]:
    """Return before which frames there is a hole, and how long it is."""
    return {nth: round(hole_s, 3) for nth, hole_s in enumerate(holes_in(frames)) if hole_s}


@pytest.mark.parametrize("unit", [1, 20, 160, 960])
def test_a_stamp_that_leaps_has_a_hole_before_it(unit: int) -> None:
    """In frames, milliseconds or samples, from anywhere on."""
    numbers = [*range(7, 17), *range(117, 127), *range(177, 187)]

    assert found(burst([str(number * unit) for number in numbers])) == {10: 2.0, 20: 1.0}


@pytest.mark.parametrize(
    "stamps",
    [
        [None] * 40,
        ["5"] * 40,
        ["nonsense"] * 40,
        list(range(40, 0, -1)),
        [*range(MIN_STEPS // 2), *range(100, 100 + MIN_STEPS // 2)],
        [*range(20), None, *range(100, 120)],
        [*range(0, 400, 20), *range(460, 800, 20)],
    ],
    ids=["none", "one", "nonsense", "falling", "few", "missing", "little"],
)
def test_stamps_that_say_nothing_are_not_believed(stamps: Sequence[WireNumber]) -> None:
    """Nor is a leap that is less than a word, as they may be rounded."""
    assert found(burst(stamps)) == {}


def test_what_was_lost_on_the_way_is_no_hole_of_the_stamps() -> None:
    """Its time is in the place of it; only what the stamps leave out beside that is one."""
    lost = Stamped(None, 0.2)
    first, second = burst(range(0, 400, 20)), burst(range(600, 1000, 20))
    third = burst(range(2000, 2200, 20))

    assert found([*first, lost, *second, *third]) == {41: 1.0}
