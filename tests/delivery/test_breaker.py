"""The circuit breaker's arithmetic."""

from service.delivery.breaker import Breaker


def opened(*, at: float = 0.0) -> Breaker:
    """Return a breaker that ten failures opened."""
    breaker = Breaker()
    for _ in range(10):
        breaker.failed(at)
    return breaker


def test_ten_failures_in_a_row_open_it() -> None:
    """The ninth does not; nothing is allowed for five seconds then."""
    breaker = Breaker()

    assert [breaker.failed(0.0) for _ in range(10)] == [False] * 9 + [True]
    assert not breaker.allows(4.9, busy=0)
    assert breaker.allows(5.0, busy=0)


def test_a_success_in_between_starts_the_count_again() -> None:
    """Nine failures, a success and nine failures leave it closed."""
    breaker = Breaker()
    for _ in range(9):
        breaker.failed(0.0)
    breaker.succeeded(0.0)

    assert not any(breaker.failed(0.0) for _ in range(9))
    assert breaker.allows(0.0, busy=5)


def test_half_of_twenty_attempts_open_it() -> None:
    """A receiver that fails every other time has trouble as well."""
    breaker = Breaker()
    openings = []
    for _ in range(10):
        breaker.succeeded(1.0)
        openings.append(breaker.failed(1.0))

    assert openings == [False] * 9 + [True]


def test_failures_of_another_minute_do_not_count() -> None:
    """Half of twenty has to fail within a minute."""
    breaker = Breaker()
    for minute in range(5):
        for _ in range(4):
            breaker.succeeded(minute * 60.0)
            assert not breaker.failed(minute * 60.0)


def test_one_attempt_at_a_time_is_let_through_after_the_pause() -> None:
    """While one is on its way no other may begin."""
    breaker = opened()

    assert breaker.allows(5.0, busy=0)
    assert not breaker.allows(5.0, busy=1)


def test_pauses_double_up_to_five_minutes() -> None:
    """Each failed probe waits twice as long as the one before."""
    breaker, now, pauses = opened(), 0.0, []
    for _ in range(8):
        assert breaker.open_until is not None
        pauses.append(breaker.open_until - now)
        now = breaker.open_until
        breaker.failed(now)

    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300]


def test_late_failures_of_attempts_begun_before_do_not_prolong_it() -> None:
    """Thirty attempts that hang together are one piece of news, not thirty."""
    breaker = opened()
    for _ in range(20):
        breaker.failed(3.0)

    assert breaker.open_until == 5.0


def test_any_success_closes_it_and_forgets() -> None:
    """It is told once, and the next trouble begins with a short pause again."""
    breaker = opened()
    breaker.failed(5.0)

    assert breaker.succeeded(15.0)
    assert not breaker.succeeded(15.0)
    assert breaker.allows(15.0, busy=31)
    assert [breaker.failed(16.0) for _ in range(10)][-1]
    assert breaker.open_until == 21.0


def test_it_knows_for_how_long_all_failed() -> None:
    """From the first failure after a success, once there were ten."""
    breaker = Breaker()
    breaker.failed(100.0)
    assert breaker.failing_for_s(1_000_000.0) == 0
    for _ in range(9):
        breaker.failed(200.0)

    assert breaker.failing_for_s(300.0) == 200
    breaker.succeeded(300.0)
    assert breaker.failing_for_s(400.0) == 0
