"""Circuits: which engines are not worth asking just now, known to all calls of this process.

An engine that is down is found out once, and not by each new call. Pure: time is an argument, in
seconds.
"""

from collections import deque
from collections.abc import Mapping
from typing import Literal, NamedTuple

State = Literal["closed", "open", "probing"]

_FAILURES_IN_A_ROW = 5
_WINDOW_S = 30.0
_MIN_ATTEMPTS, _FAILING = 10, 0.5
"""Of so many attempts within the window, this part failing opens a circuit as well."""
_OPEN_S, _MAX_OPEN_S = 5.0, 300.0
"""How long it stays open at first; twice as long after each probe in vain."""
_REFUSED_S = 60.0
"""The same after a refusal: a key or a setting is mended by people."""
_PROBE_S = 30.0
"""A probe that said nothing for so long was none: nobody spoke, or the call was over."""


class EngineKey(NamedTuple):
    """What has a circuit: an engine with one model, at one address."""

    engine: str
    model: str | None
    url: str


class Circuit:
    """Whether an engine is asked: `closed` it is; `open` it is not, but for a probe now and then.

    It opens at the first refusal, for no retry helps, and for a minute at least; else after
    failures in a row, or when half of what is tried fails. The next answer closes it. It is the
    engine's, not the call's: calls with a fallback go there meanwhile, new ones at once, and a call
    without one asks again itself, more slowly (`Limits.refused_s`).
    """

    def __init__(self) -> None:
        self.state: State = "closed"
        self._in_a_row = 0
        self._outcomes: deque[tuple[float, bool]] = deque()
        """When something was tried, and whether it failed."""
        self._open_s = _OPEN_S
        self._again_at = 0.0
        """When the next probe is due, or the one under way is given up."""
        self.has_failed = False
        """Whether it failed when it was asked last, by whichever call."""

    def allows(self, now: float) -> bool:
        """Say whether to ask the engine; who is let in while it is open is the probe."""
        if not self.would_allow(now):
            return False
        if self.state != "closed":
            self.state, self._again_at = "probing", now + _PROBE_S
        return True

    def would_allow(self, now: float) -> bool:
        """Say whether the engine would be asked, were it anybody's turn to ask it."""
        return self.state == "closed" or now >= self._again_at

    def failed(self, now: float, *, refused: bool) -> None:
        """Count an attempt that came to nothing; `refused` for good, by a key or a setting."""
        self.has_failed = True
        if self.state == "open":
            return  # somebody without another choice tried
        if self.state == "probing":
            self._open_s = min(self._open_s * 2, _MAX_OPEN_S)
            if refused:
                self._open_s = max(self._open_s, _REFUSED_S)
            self._open(now)
            return
        self._in_a_row += 1
        self._note(now, failed=True)
        if refused or self._in_a_row >= _FAILURES_IN_A_ROW or self._is_failing():
            self._open_s = _REFUSED_S if refused else _OPEN_S
            self._open(now)

    def answered(self, now: float) -> None:
        """Count an attempt that the engine answered."""
        self.state, self._in_a_row, self.has_failed = "closed", 0, False
        self._note(now, failed=False)

    def _open(self, now: float) -> None:
        self.state, self._again_at = "open", now + self._open_s
        self._in_a_row = 0
        self._outcomes.clear()

    def _note(self, now: float, *, failed: bool) -> None:
        self._outcomes.append((now, failed))
        while self._outcomes[0][0] < now - _WINDOW_S:
            self._outcomes.popleft()

    def _is_failing(self) -> bool:
        failed = sum(failed for _, failed in self._outcomes)
        return len(self._outcomes) >= _MIN_ATTEMPTS and failed >= _FAILING * len(self._outcomes)


class Circuits:
    """The circuits of this process, each made when it is first asked for."""

    def __init__(self) -> None:
        self._circuits: dict[EngineKey, Circuit] = {}

    def of(self, key: EngineKey) -> Circuit:
        """Return an engine's circuit."""
        return self._circuits.setdefault(key, Circuit())

    def states(self) -> Mapping[EngineKey, State]:
        """Return how each circuit stands."""
        return {key: circuit.state for key, circuit in self._circuits.items()}
