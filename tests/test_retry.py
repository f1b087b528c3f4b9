"""Retry arithmetic: pure, so every case is a table."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.retry import DELIVERY_DELAYS_S, RetryPolicy, is_retriable, parse_retry_after

MIDDLE = 0.5
"""The dice that leave a delay as the schedule has it."""
failures = st.integers(1, len(DELIVERY_DELAYS_S))
throws = st.floats(0, 1, exclude_max=True)


def test_the_schedule_is_followed_step_by_step() -> None:
    """Seconds first, hours later; the whole of it lasts a little over three days."""
    delays = [
        RetryPolicy().next_delay_s(attempts, dice=MIDDLE)
        for attempts in range(1, len(DELIVERY_DELAYS_S) + 1)
    ]

    assert delays[:8] == [1, 2, 5, 15, 60, 300, 1800, 7200]
    assert delays[8:] == [hours * 3600 for hours in (5, 10, 14, 20, 24)]


def test_it_gives_up_after_the_last_delay() -> None:
    """The attempt after the last delay was the last one, whatever the receiver asks for."""
    policy = RetryPolicy(delays_s=(1.0, 2.0))

    assert policy.next_delay_s(2, dice=MIDDLE) == 2
    assert policy.next_delay_s(3, dice=MIDDLE) is None
    assert policy.next_delay_s(3, dice=MIDDLE, retry_after_s=5) is None


@given(attempts=failures, dice=throws)
def test_jitter_stays_within_a_fifth(attempts: int, dice: float) -> None:
    """Whatever the dice, a delay is within 20 % of the schedule's."""
    delay_s = RetryPolicy().next_delay_s(attempts, dice=dice)

    assert delay_s == pytest.approx(DELIVERY_DELAYS_S[attempts - 1], rel=0.2001)


def test_the_dice_reach_both_ends() -> None:
    """Jitter shortens as well as lengthens, so that lanes which failed together spread out."""
    policy = RetryPolicy()

    assert policy.next_delay_s(1, dice=0.0) == pytest.approx(0.8)
    assert policy.next_delay_s(5, dice=0.0) == pytest.approx(48)
    assert policy.next_delay_s(5, dice=1.0) == pytest.approx(72)


def test_a_receiver_may_ask_for_a_longer_wait() -> None:
    """`Retry-After` is honoured when it is longer than the schedule."""
    assert RetryPolicy().next_delay_s(1, dice=MIDDLE, retry_after_s=30) == 30


def test_a_receiver_cannot_ask_for_more_than_an_hour() -> None:
    """A `Retry-After` of a day waits an hour."""
    assert RetryPolicy().next_delay_s(1, dice=MIDDLE, retry_after_s=86_400) == 3600


@pytest.mark.parametrize("asked_s", [0.0, 1.0, None])
def test_a_receiver_cannot_use_the_attempts_up(asked_s: float | None) -> None:
    """A `Retry-After` shorter than the schedule does not shorten it."""
    assert RetryPolicy().next_delay_s(7, dice=MIDDLE, retry_after_s=asked_s) == 1800


def test_no_failure_yet_waits_as_after_the_first() -> None:
    """Zero failures is not an error: a lane that asks too early waits the first delay."""
    assert RetryPolicy().next_delay_s(0, dice=MIDDLE) == 1


NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("3601", 3600),
        ("9" * 400, 3600),
        (format_datetime(NOW.replace(minute=2), usegmt=True), 120),
        (format_datetime(NOW.replace(year=2027), usegmt=True), 3600),
        (format_datetime(NOW.replace(year=2020), usegmt=True), 0),
        ("Sun, 22 Nov 2026 10:01:00", 60),
        ("Sun, 22 Nov 2026 12:01:00 +0200", 60),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("Sun, 22 Nov 99999 10:01:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    """Seconds or an HTTP date, an hour at most; what is neither is as if nothing was said."""
    assert parse_retry_after(value, NOW.timestamp()) == seconds


@pytest.mark.parametrize(
    ("status", "conflict", "retriable"),
    [
        (0, False, True),
        (101, False, True),
        (200, False, False),
        (400, False, False),
        (404, False, False),
        (408, False, True),
        (409, False, False),
        (409, True, True),
        (410, True, False),
        (425, False, True),
        (429, False, True),
        (500, False, True),
        (599, False, True),
        (999, False, True),
    ],
)
def test_which_answers_are_worth_another_try(
    status: int,
    conflict: bool,  # noqa: FBT001 - a table
    retriable: bool,  # noqa: FBT001
) -> None:
    """The request may succeed later; 409 only where it means that something is busy."""
    assert is_retriable(status, conflict=conflict) == retriable


def test_a_conflict_is_a_refusal_unless_it_is_said_otherwise() -> None:
    """What receivers of webhooks mean by it."""
    assert not is_retriable(409)


@pytest.mark.parametrize(("attempts", "longest_s"), [(0, 1.2), (1, 1.2), (5, 72), (13, 103_680)])
def test_the_longest_wait_is_that_of_the_schedule(attempts: int, longest_s: float) -> None:
    """With all its jitter; after more attempts than it has, that of its last."""
    assert RetryPolicy().longest_delay_s(attempts) == pytest.approx(longest_s)
    assert RetryPolicy().longest_delay_s(99) == pytest.approx(103_680)
