"""Legs are known by their calls, and forgotten when those are not here."""

from service.ids import CallId, LegId
from service.runtime.legs import Legs

OURS, THEIRS = CallId("ours"), CallId("theirs")


def test_a_leg_has_the_call_that_was_told_first() -> None:
    """Of two webhooks at once the slower one takes the other's word for it."""
    legs = Legs()

    assert legs.call_of(LegId("a")) is None
    assert legs.learn(LegId("a"), OURS) == OURS
    assert legs.learn(LegId("a"), THEIRS) == OURS
    assert legs.call_of(LegId("a")) == OURS


def test_legs_of_others_calls_do_not_pile_up() -> None:
    """They are forgotten at the second look; those of a call that is here stay."""
    legs = Legs()
    legs.learn(LegId("ours"), OURS)
    sizes = []
    for number in range(5):
        legs.learn(LegId(f"theirs {number}"), THEIRS)
        legs.sweep({OURS})
        sizes.append(len(legs))

    assert sizes == [2, 2, 2, 2, 2]
    assert legs.call_of(LegId("ours")) == OURS


def test_a_call_that_was_away_for_a_moment_keeps_its_leg() -> None:
    """As between the first webhook of a call and its first turn."""
    legs = Legs()
    legs.learn(LegId("a"), OURS)
    legs.sweep(())
    legs.sweep({OURS})
    legs.sweep(())

    assert legs.call_of(LegId("a")) == OURS
