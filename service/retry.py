"""When to try again: what an answer says about it, and the arithmetic of the waits.

Pure: the clock and the dice are arguments.
"""

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

_MINUTE_S = 60.0
_HOUR_S = 3600.0

MAX_RETRY_AFTER_S: Final = _HOUR_S
"""The most that a `Retry-After` is believed."""

_RETRIABLE = frozenset({408, 425, 429})
_OK = 200
_CONFLICT = 409
_SERVER_ERROR = 500

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
    max_retry_after_s: float = MAX_RETRY_AFTER_S
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
        return max(delay_s, min(retry_after_s or 0.0, self.max_retry_after_s))

    def longest_delay_s(self, attempts: int) -> float:
        """Return the most that the schedule waits, unasked, after so many failures in a row."""
        number = min(max(attempts, 1), len(self.delays_s))
        return self.delays_s[number - 1] * (1 + self.jitter)


def is_retriable(status: int, *, conflict: bool = False) -> bool:
    """Say whether a later attempt may succeed after this HTTP status: 408, 425, 429 and 5xx.

    So may it after what is below 200 and above 599, which says nothing. `conflict` adds 409, which
    Telnyx's own SDKs try again: there it means "busy", while a webhook receiver that answers 409
    has refused.
    """
    is_conflict = conflict and status == _CONFLICT
    return status in _RETRIABLE or is_conflict or not _OK <= status < _SERVER_ERROR


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds of a `Retry-After`, given in seconds or as an HTTP date; at most 3600.

    None if there is none or it cannot be read; 0 for a date that has passed. A date without a
    zone is UTC. `now` is in Unix seconds.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:10]), MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max(at.timestamp() - now, 0.0), MAX_RETRY_AFTER_S)
