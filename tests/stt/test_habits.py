"""Habits: what one session learns of those before it."""

import pytest

from service.stt.habits import Habits


@pytest.mark.parametrize(
    ("age_s", "slowest_ms", "may"), [(18.0, 0, False), (19.0, 0, True), (15.0, 4000, True)]
)
def test_a_session_may_be_over_for_its_age_once_one_was(
    age_s: float, slowest_ms: int, *, may: bool
) -> None:
    """That ended as soon as its last answers were sent."""
    assert Habits(shortest_full_life_s=20.0, slowest_ms=slowest_ms).may_end_at(age_s) is may
    assert not Habits(slowest_ms=slowest_ms).may_end_at(age_s)
