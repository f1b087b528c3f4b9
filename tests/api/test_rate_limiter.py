"""How often something may happen."""

from hypothesis import given
from hypothesis import strategies as st

from service.api.rate_limiter import RateLimiter


def test_a_bucket_holds_a_burst_and_fills_again() -> None:
    """It says how long there is none."""
    limiter = RateLimiter(per_s=2, burst=3)

    assert [limiter.take("a", 0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert limiter.wait_s("a", 0.25) == 0.25
    assert limiter.take("a", 0.5) == 0
    assert limiter.take("b", 0.5) == 0


@given(st.lists(st.floats(0, 5), max_size=60))
def test_no_more_than_its_rate_comes_out(pauses: list[float]) -> None:
    """Whenever it is asked."""
    limiter, now, taken = RateLimiter(per_s=1, burst=5), 0.0, 0
    for pause in pauses:
        now += pause
        taken += limiter.take("a", now) == 0

    assert taken <= 5 + now + 1e-6


def test_names_are_forgotten_when_there_are_too_many() -> None:
    """The one not seen for longest is."""
    limiter = RateLimiter(per_s=1, burst=1, max_names=2)
    for name in ("a", "b", "a", "c"):
        limiter.take(name, 0.0)

    assert limiter.take("a", 0.0) > 0
    assert limiter.take("b", 0.0) == 0
