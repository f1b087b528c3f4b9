"""A call's own time, in seconds of the scenario since the call began."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime


class Timeline:
    """Runs `speed` times as fast as the clock; at speed 0 the position of the talk drives it.

    At speed 0 time is real while a call waits for somebody, stands at the position of the talk
    while they talk, and ends with the call: whatever was due later is due then.
    """

    def __init__(self, speed: float, clock: Callable[[], float]) -> None:
        self.speed = speed
        self._clock = clock
        self._monotonic = asyncio.get_running_loop().time
        self._mark = self._monotonic()
        self._base_s = 0.0
        self._talk_clock: float | None = None
        self._position_s = 0.0
        self._over = False

    @property
    def talking(self) -> bool:
        """Whether the talk has begun."""
        return self._talk_clock is not None

    @property
    def position_ms(self) -> int:
        """The position in the talk, in milliseconds."""
        return round(self._position_s * 1000)

    def now_s(self) -> float:
        """Return the call's time."""
        if self._over and not self.speed:
            return float("inf")
        if self.talking and not self.speed:
            return self._base_s + self._position_s
        return self._base_s + (self._monotonic() - self._mark) * (self.speed or 1.0)

    def until_s(self, due_s: float) -> float | None:
        """Return the real seconds left until `due_s`; None if the talk alone decides."""
        if self.talking and not self.speed and not self._over:
            return 0.0 if due_s <= self.now_s() else None
        return max(0.0, (due_s - self.now_s()) / (self.speed or 1.0))

    def begin_talk(self) -> None:
        """Let the talk begin now: its position is 0."""
        self._base_s = self.now_s() if not self.speed else self._base_s
        self._talk_clock = self._clock()

    def move(self, position_ms: int) -> None:
        """Set the position of the talk."""
        self._position_s = position_ms / 1000

    def finish(self) -> None:
        """End it: nothing waits for the talk from now on."""
        self._over = True

    def stamp(self) -> float:
        """Return the Unix time of what happens now.

        During the talk that is its beginning plus its position, so that offsets between stamps
        are those of the audio at any speed.
        """
        return self._clock() if self._talk_clock is None else self._talk_clock + self._position_s

    async def sleep(self, duration_s: float) -> None:
        """Wait for scenario seconds: not at all at speed 0."""
        await asyncio.sleep(duration_s / self.speed if self.speed else 0)


class Pace:
    """Keeps a talk in step with the clock; a talk that fell behind catches up in a burst."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._monotonic = asyncio.get_running_loop().time
        self._began = self._monotonic()

    def late_ms(self, position_ms: int) -> int:
        """Return how much later it is than the talk should have reached this position.

        In milliseconds of the talk: so it is where this process, or whom it sends to, is held up.
        """
        reached_ms = (self._monotonic() - self._began) * self._speed * 1000
        return max(0, round(reached_ms) - position_ms) if self._speed else 0

    async def until(self, position_ms: int) -> None:
        """Wait until the talk may reach this position."""
        ahead_s = 0.0
        if self._speed:
            due = self._began + position_ms / 1000 / self._speed
            ahead_s = max(0.0, due - self._monotonic())
        await asyncio.sleep(ahead_s)


def iso(at: float) -> str:
    """Write Unix seconds as Telnyx does: UTC, microseconds, `Z`."""
    stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
    return stamp.replace("+00:00", "Z")
