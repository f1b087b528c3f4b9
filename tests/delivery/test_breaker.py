"""The circuit breaker's arithmetic."""

from service.delivery.breaker import Breaker
from service.ids import CallId


def fail(breaker: Breaker, *calls: int, at: float = 0.0) -> list[bool]:
    """Have lanes of these calls find the host unavailable; return which opened the breaker."""
    return [breaker.failed(at, CallId(f"c{call}")) for call in calls]


def opened(*, at: float = 0.0) -> Breaker:
    """Return a breaker that ten lanes opened."""
    breaker = Breaker()
    fail(breaker, *range(10), at=at)
    return breaker


def test_ten_lanes_in_a_row_open_it() -> None:
    """The ninth does not; nothing is allowed for five seconds then."""
    breaker = Breaker()

    assert fail(breaker, *range(10)) == [False] * 9 + [True]
    assert not breaker.allows(4.9, busy=0)
    assert breaker.allows(5.0, busy=0)


def test_one_lane_opens_nothing_however_often_it_fails() -> None:
    """Nine calls that each fail a hundred times are nine calls."""
    breaker = Breaker()

    assert not any(fail(breaker, *(list(range(9)) * 100)))
    assert breaker.allows(0.0, busy=5)


def test_a_success_in_between_starts_the_count_again() -> None:
    """Nine failures, a success and nine failures leave it closed."""
    breaker = Breaker()
    fail(breaker, *range(9))
    breaker.answered()

    assert not any(fail(breaker, *range(9, 18)))
    assert breaker.allows(0.0, busy=5)


def test_lanes_of_one_call_count_each() -> None:
    """Ten endpoints that a call goes to, all of one host, are ten lanes that found nobody."""
    breaker = Breaker()
    opened = [breaker.failed(0.0, (f"endpoint{n}", CallId("c1"))) for n in range(10)]

    assert opened == [False] * 9 + [True]


def test_answers_open_nothing() -> None:
    """A hundred answers, of whatever status, say that the host is there."""
    breaker = Breaker()
    for _ in range(100):
        assert not breaker.answered()

    assert breaker.allows(0.0, busy=31)


def test_one_attempt_at_a_time_is_let_through_after_the_pause() -> None:
    """While one is on its way no other may begin."""
    breaker = opened()

    assert breaker.allows(5.0, busy=0)
    assert not breaker.allows(5.0, busy=1)


def test_pauses_double_up_to_half_a_minute() -> None:
    """Each failed probe waits twice as long as the one before."""
    breaker, now, pauses = opened(), 0.0, []
    for _ in range(5):
        assert breaker.open_until is not None
        pauses.append(breaker.open_until - now)
        now = breaker.open_until
        fail(breaker, 0, at=now)

    assert pauses == [5, 10, 20, 30, 30]


def test_late_failures_of_attempts_begun_before_do_not_prolong_it() -> None:
    """Thirty attempts that hang together are one piece of news, not thirty."""
    breaker = opened()

    assert fail(breaker, *range(20), at=3.0) == [False] * 20
    assert (breaker.open_until, breaker.failed_probes) == (5.0, 0)


def test_any_answer_closes_it_and_forgets() -> None:
    """It is told once, and the next trouble begins with a short pause again."""
    breaker = opened()
    fail(breaker, 0, at=5.0)

    assert breaker.answered()
    assert not breaker.answered()
    assert breaker.allows(15.0, busy=31)
    assert fail(breaker, *range(10), at=16.0)[-1]
    assert (breaker.open_until, breaker.failed_probes) == (21.0, 0)


def test_it_counts_the_probes_that_found_nobody() -> None:
    """None of them opens it: it is open."""
    breaker = opened()

    assert fail(breaker, 0, at=5.0) + fail(breaker, 1, at=15.0) == [False, False]
    assert breaker.failed_probes == 2
    assert breaker.is_open
    breaker.answered()
    assert breaker.failed_probes == 0
    assert not breaker.is_open


def test_a_probe_can_be_put_off() -> None:
    """Until then nothing is allowed."""
    breaker = opened()
    breaker.postpone(6.0)

    assert not breaker.allows(5.9, busy=0)
    assert breaker.allows(6.0, busy=0)


def resume(breaker: Breaker, *calls: int, at: float = 0.0) -> bool:
    """Have it learn of lanes that were tried before; return whether it is open then."""
    for call in calls:
        breaker.resume(at, CallId(f"c{call}"))
    return breaker.is_open


def test_lanes_that_were_tried_before_the_start_have_it_begin_with_a_probe() -> None:
    """Nine do not; the tenth opens it, and one attempt may be made at once."""
    breaker = Breaker()

    assert not resume(breaker, *range(9), 0, 1)
    assert resume(breaker, 9, at=7.0)
    assert breaker.allows(7.0, busy=0)
    assert not breaker.allows(7.0, busy=1)


def test_lanes_from_before_do_not_put_its_probe_off() -> None:
    """However many there are, it may go out when the tenth was known."""
    breaker = Breaker()
    resume(breaker, *range(10), at=7.0)
    resume(breaker, *range(10, 20), at=8.0)

    assert breaker.open_until == 7.0


def test_the_first_probe_after_a_start_counts_as_one() -> None:
    """If it finds nobody, the next pause is that of a second one."""
    breaker = Breaker()
    resume(breaker, *range(10), at=7.0)
    fail(breaker, 0, at=7.0)

    assert (breaker.open_until, breaker.failed_probes) == (17.0, 1)


def test_lanes_from_before_and_those_that_fail_now_are_counted_together() -> None:
    """Nine of the one and one of the other open it."""
    breaker = Breaker()
    resume(breaker, *range(9))

    assert fail(breaker, 9, at=1.0) == [True]
    assert breaker.open_until == 6.0


def test_news_of_the_host_are_better_than_what_was_before() -> None:
    """A failure is news, too."""
    well, badly = Breaker(), Breaker()
    well.answered()
    fail(badly, 0)

    assert not resume(well, *range(10))
    assert not resume(badly, *range(1, 11))
