"""Floods of one kind of line."""

from service.log_throttle import BURST, MAX_KINDS, PER_S, KindThrottle


def test_what_was_left_out_is_told_with_the_next_line() -> None:
    """A burst passes, then so many a second."""
    throttle = KindThrottle()
    taken = [throttle.take("flood", now=0.0) for _ in range(int(BURST) + 7)]

    assert taken == [0] * int(BURST) + [None] * 7
    assert throttle.take("flood", now=1 / PER_S) == 7
    assert throttle.take("flood", now=1 / PER_S) is None
    assert throttle.take("trickle", now=0.0) == 0


def test_kinds_are_forgotten() -> None:
    """Those that came least lately: libraries may make up many."""
    throttle = KindThrottle()
    while throttle.take("flood", now=0.0) is not None:
        pass
    for kind in range(MAX_KINDS):
        throttle.take(kind, now=0.0)

    assert throttle.take("flood", now=0.0) == 0
