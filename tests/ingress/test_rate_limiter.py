"""How many messages may come, in a second and at once."""

from hypothesis import given
from hypothesis import strategies as st

from service.ingress.rate_limiter import RateLimiter


def test_a_burst_passes_and_the_one_after_it_does_not() -> None:
    """Ten a second for two seconds at once: twenty, and room comes back with time."""
    limiter = RateLimiter(per_s=10, burst_s=2)

    assert [limiter.take(100.0) for _ in range(21)] == [True] * 20 + [False]
    assert [limiter.take(100.3) for _ in range(4)] == [True] * 3 + [False]


def test_a_steady_stream_at_the_rate_always_passes() -> None:
    """What comes as fast as it may never runs out, for hours."""
    limiter = RateLimiter(per_s=200, burst_s=1)

    assert all(limiter.take(nth / 200) for nth in range(100_000))


@given(st.lists(st.floats(0, 0.2), max_size=300))
def test_no_pattern_gets_more_through_than_rate_and_burst(pauses_s: list[float]) -> None:
    """Over any time there pass at most the burst and the rate."""
    limiter, now, passed = RateLimiter(per_s=50, burst_s=0.5), 0.0, 0
    for pause_s in pauses_s:
        now += pause_s
        passed += limiter.take(now)

    assert passed <= 50 * 0.5 + 50 * now + 1e-6
