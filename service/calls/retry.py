"""When to try again: the arithmetic of retries, without a clock or dice of its own."""

from dataclasses import dataclass

_MINUTE_S = 60.0
_HOUR_S = 3600.0

DELIVERY_DELAYS_S = (
    1.0,
    2.0,
    5.0,
    15.0,
    _MINUTE_S,
    5 * _MINUTE_S,
    30 * _MINUTE_S,
    2 * _HOUR_S,
    5 * _HOUR_S,
    10 * _HOUR_S,
    14 * _HOUR_S,
    20 * _HOUR_S,
    24 * _HOUR_S,
)
"""Front-loaded, because somebody is still on the phone; then patient over about three days."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait after each failed attempt, and after which one to give up."""

    delays_s: tuple[float, ...] = DELIVERY_DELAYS_S
    jitter: float = 0.2
    """Each delay is spread evenly over this share of it, to both sides."""
    longest_ask_s: float = _HOUR_S
    """The most that a receiver's `Retry-After` is heeded."""

    def next_delay_s(
        self, attempts: int, *, dice: float, retry_after_s: float | None = None
    ) -> float | None:
        """Return the seconds to wait after `attempts` failures in a row, or None to give up.

        `dice` is a number from 0 up to 1. The wait is never shorter than `retry_after_s` asks,
        and never shorter than the schedule says either: a receiver that keeps asking for a
        second must not use all the attempts up in a minute.
        """
        if attempts > len(self.delays_s):
            return None
        delay_s = self.delays_s[max(attempts, 1) - 1] * (1 + self.jitter * (2 * dice - 1))
        return max(delay_s, min(retry_after_s or 0.0, self.longest_ask_s))
