"""The time at the telephone network, as well as it is known here.

Everything that is said of a call bears Telnyx's time: when it was answered, when words were said.
Our clock may be off, and may be set while calls go on. So a steady clock is used, put right by the
stamps that Telnyx's messages bear.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from math import inf

WINDOW_S = 300.0
"""Of the last so many seconds, and as many before, the message that travelled least counts."""
SECOND_S = 1.0
"""How much older than the message a stamp of whole seconds may be."""
PROMPT_S = 0.1
"""By how much later than one of whole seconds an exact stamp may say that it is, and count."""
SURE_S = 1.0
"""Where the least and the most that our clock may be ahead differ by more, the least says nothing:
who was called may have been slow to answer.
"""
_MAX_ASKED = 1_000
"""Answers that a call's webhook is waited for; past that the oldest are forgotten."""


class _Least:
    """The least of what was measured in the last one or two windows."""

    def __init__(self, began_at: float) -> None:
        self._began_at = began_at
        self._latest: float | None = None
        self._before: float | None = None
        self.value: float | None = None
        """It; None if nothing was measured. Asked for much more often than anything is."""

    def add(self, value: float, now: float) -> None:
        """Take a measured value."""
        if now - self._began_at >= WINDOW_S:
            self._began_at = now
            self._before, self._latest = self._latest, value
        elif self._latest is None or value < self._latest:
            self._latest = value
        self.value = self._latest if self._before is None else min(self._latest, self._before)


class CarrierClock:
    """Tells Telnyx's time in Unix seconds; nothing that happens to our clock moves it.

    `wall` is our clock and is read once; `steady` never jumps. Messages are stamped before they
    travel, so each stamp makes our clock look ahead by the way; the least of that is taken. Until
    an exact stamp has come, our clock is right if those of whole seconds do not contradict it.

    Nor need the least be true, as long as few have come: all of them may have been late. What we
    asked for did not happen before we did, so that our clock is ahead by no less than between the
    two. Where it may be right by both it is; else the truth is in the midst of them.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steady = steady
        self._anchor = wall() - steady()
        self._by_exact = _Least(steady())
        self._by_seconds = _Least(steady())
        self._by_asking = _Least(steady())
        """How far it is behind at most."""
        self._asked: OrderedDict[str, float] = OrderedDict()

    def __call__(self) -> float:
        """Return Telnyx's time, as well as it is known."""
        return self.local() - self.ahead_s

    def local(self) -> float:
        """Return the time of this machine as it was when the clock began, and has run since."""
        return self._steady() + self._anchor

    @property
    def ahead_s(self) -> float:
        """How far this machine's time is ahead of Telnyx's; 0 before anything came from there."""
        exact, seconds = self._by_exact.value, self._by_seconds.value
        if seconds is None:
            return self._no_less(exact or 0.0)
        if exact is not None and exact <= seconds + PROMPT_S:
            return self._no_less(min(exact, seconds))
        return 0.0 if 0.0 <= seconds < SECOND_S + PROMPT_S else seconds

    def _no_less(self, most_s: float) -> float:
        """Return how far ahead it is, if it is no more than that."""
        behind_s = self._by_asking.value
        least_s = most_s if behind_s is None else -behind_s
        if least_s >= most_s:
            return most_s
        if least_s <= PROMPT_S and 0.0 <= most_s < SECOND_S:
            return max(0.0, least_s)
        return (most_s + least_s) / 2 if most_s - least_s <= SURE_S else most_s

    def observe(self, stamp: float) -> None:
        """Take note of a time (Unix seconds) at which Telnyx said something that came just now."""
        self._by_exact.add(self.local() - stamp, self._steady())

    def asked(self, leg_id: str, ago_s: float) -> None:
        """Take note that Telnyx was asked so long ago to answer a leg, and said that it does."""
        self._asked.setdefault(leg_id, self.local() - ago_s)
        if len(self._asked) > _MAX_ASKED:
            self._asked.popitem(last=False)

    def observe_answer(self, leg_id: str, stamp: float) -> None:
        """Take note of when a leg was answered: if we asked for that, not before we did."""
        asked_at = self._asked.pop(leg_id, None)
        known = (self._by_exact.value, self._by_seconds.value)
        most_s = min((one for one in known if one is not None), default=inf)
        if asked_at is not None and asked_at - stamp <= most_s:  # else it was answered before
            self._by_asking.add(stamp - asked_at, self._steady())

    def observe_second(self, stamp: float) -> None:
        """Take note of such a time that was cut to whole seconds."""
        self._by_seconds.add(self.local() - stamp, self._steady())
