"""The time at the telephone network, as well as it is known here.

Everything that is said of a call bears Telnyx's time: when it was answered, when words were said.
Our clock may be off, and may be set while calls go on. So a steady clock is used, put right by the
stamps that Telnyx's messages bear.
"""

import time
from collections.abc import Callable

WINDOW_S = 300.0
"""Of the last so many seconds, and as many before, the message that travelled least counts."""
SECOND_S = 1.0
"""How much older than the message a stamp of whole seconds may be."""
PROMPT_S = 0.1
"""By how much later than one of whole seconds an exact stamp may say that it is, and count."""


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
            return exact or 0.0
        if exact is not None and exact <= seconds + PROMPT_S:
            return min(exact, seconds)
        return 0.0 if 0.0 <= seconds < SECOND_S + PROMPT_S else seconds

    def observe(self, stamp: float) -> None:
        """Take note of a time (Unix seconds) at which Telnyx said something that came just now."""
        self._by_exact.add(self.local() - stamp, self._steady())

    def observe_second(self, stamp: float) -> None:
        """Take note of such a time that was cut to whole seconds."""
        self._by_seconds.add(self.local() - stamp, self._steady())
