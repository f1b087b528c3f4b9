"""The time at the telephone network, as well as it is known here.

Everything that is said of a call bears Telnyx's time: when it was answered, when words were said.
Our clock may be off, and may be set while calls go on. So a steady clock is used, put right by the
stamps that Telnyx's messages bear.
"""

import time
from collections.abc import Callable

WINDOW_S = 300.0
"""Of the last so many seconds, and as many before, the message that travelled least counts."""


class CarrierClock:
    """Tells Telnyx's time in Unix seconds; nothing that happens to our clock moves it.

    `wall` is our clock and is read once; `steady` never jumps. Messages are stamped before they
    travel, so each stamp makes our clock look ahead by the way; the least of that is taken.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steady = steady
        self._anchor = wall() - steady()
        self._window_began = steady()
        self._ahead_s: float | None = None
        self._ahead_before_s: float | None = None

    def __call__(self) -> float:
        """Return Telnyx's time, as well as it is known."""
        return self.local() - self.ahead_s

    def local(self) -> float:
        """Return the time of this machine as it was when the clock began, and has run since."""
        return self._steady() + self._anchor

    @property
    def ahead_s(self) -> float:
        """How far this machine's time is ahead of Telnyx's; 0 before anything came from there."""
        known = [one for one in (self._ahead_s, self._ahead_before_s) if one is not None]
        return min(known, default=0.0)

    def observe(self, stamp: float) -> None:
        """Take note of a time (Unix seconds) at which Telnyx said something that came just now."""
        now = self._steady()
        ahead_s = now + self._anchor - stamp
        if now - self._window_began >= WINDOW_S:
            self._window_began = now
            self._ahead_before_s, self._ahead_s = self._ahead_s, ahead_s
        elif self._ahead_s is None or ahead_s < self._ahead_s:
            self._ahead_s = ahead_s
