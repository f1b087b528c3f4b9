"""Whose turn it is: the engines that may give the words of one track, and when which is asked.

Pure; time is an argument, in seconds. What failed says how often the same engine is asked again
before the next choice is: never after a refusal, nor when it hears nothing, or is down for all
calls; once where it could not be reached, or dropped. When every choice has failed it begins anew
with the first, more slowly; where all are known to be down they are asked by turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from service.calls.engines import Engine
from service.calls.routes import Route
from service.errors import RecognitionError, RecognitionRefusedError
from service.stt.circuits import Circuit
from service.stt.limits import Limits

STALLED, WRITE_STALLED, LATE = "stalled", "write_stalled", "late"
"""Reasons of a session that nobody closed, and that gave no words in time."""
_DEAF = frozenset({STALLED, WRITE_STALLED, LATE})
_TRIES = 2
"""How often an engine is asked that cannot be reached, or drops, before the next one is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One engine that may give the words: `route` is the track's, with this engine."""

    route: Route
    engine: Engine
    circuit: Circuit


class Move(NamedTuple):
    """What follows from a failure."""

    delay_s: float
    """Before the next connection."""
    left: Choice | None = None
    """Who was asked until now, where it is somebody else's turn."""
    all_failed: bool = False
    """Whether every choice has had its turn."""
    all_refused: bool = False
    """Whether each of them refused, for good."""
    gave_up: bool = False
    """Whether it is now to be told that nobody gives words; once until somebody does."""


class Choices:
    """The choices of one recognition."""

    def __init__(self, choices: Sequence[Choice], limits: Limits) -> None:
        """Begin with the first; `choices` has one at least."""
        self._choices = choices
        self._limits = limits
        self.current = choices[0]
        self._tries = 0
        """How often the current one failed in this round."""
        self._spent: list[Choice] = []
        """Who failed for good in this round."""
        self._attempts = 0
        """Failures since anything was well, for the delays."""
        self._refusing: list[Choice] = []
        """Who refused when asked last, be it in an earlier round."""
        self._since: float | None = None
        """Since when nobody gives words."""
        self._gave_up = False

    @property
    def is_first(self) -> bool:
        """Whether it is the turn of the route's own engine."""
        return self.current is self._choices[0]

    @property
    def has_others(self) -> bool:
        """Whether there is anybody to fall to."""
        return len(self._choices) > 1

    def has_substitute(self, now: float, *, at_the_end: bool = False) -> bool:
        """Whether somebody else would be asked at once, were the current one to fail for good.

        Who failed in this round, or is known to be down, is no better than one that is slow. Nor is
        who failed when asked last, `at_the_end`: there is no time to find out if that is over.
        """
        return any(
            choice is not self.current and choice.circuit.would_allow(now)
            for choice in self._choices
            if choice not in self._spent and not (at_the_end and choice.circuit.has_failed)
        )

    def begin(self, now: float) -> Choice | None:
        """Choose who is asked first; return the first choice if its circuit is open."""
        chosen = self._next(now) if self.has_others else self.current
        left, self.current = self.current, chosen or self.current
        return None if self.current is left else left

    def answered(self, now: float) -> None:
        """Take note that the current engine said something."""
        self.current.circuit.answered(now)
        self._note_refusal(refused=False)

    def heard(self) -> None:
        """Take note that words came: the trouble is over."""
        self._forget()
        self._gave_up = False

    def idled(self, *, was_well: bool) -> Move:
        """Take note that a session ended of which nothing was wanted: nobody is to blame."""
        if was_well:
            self._attempts = 0
        self._attempts += 1
        return Move(self._delay_s())

    def failed(self, fault: RecognitionError, now: float, *, was_well: bool) -> Move:
        """Take note that a session came to nothing, or ended; say who is next, and when.

        `was_well` is whether it had lived for a while, or said anything.
        """
        refused = isinstance(fault, RecognitionRefusedError)
        if was_well:
            self._forget()
        if refused or not was_well:
            self.current.circuit.failed(now, refused=refused)
        self._note_refusal(refused=refused)
        self._since = now if self._since is None else self._since
        self._tries += 1
        self._attempts += 1
        if self.has_others and self._tries < self._allowed(fault):
            return Move(self._delay_s())
        self._spent.append(self.current)
        chosen = self._next(now) if self.has_others else None
        if chosen is None:
            return self._begin_round(now)
        return self._change(chosen, 0.0)

    def _begin_round(self, now: float) -> Move:
        """Begin anew with the first, and tell that nobody gives words if that lasts."""
        all_refused = len(self._refusing) == len(self._choices)
        delay_s = self._refusal_delay_s() if all_refused else self._delay_s()
        self._spent = []
        lasts = self._since is not None and now - self._since >= self._limits.give_up_s
        tell = (all_refused or lasts) and not self._gave_up
        self._gave_up |= tell
        chosen = self._next(now) if self.has_others else None
        move = self._change(chosen or self._least_hopeless(), delay_s)
        return move._replace(all_failed=True, all_refused=all_refused, gave_up=tell)

    def _change(self, chosen: Choice, delay_s: float) -> Move:
        left, self.current, self._tries = self.current, chosen, 0
        return Move(delay_s, None if left is chosen else left)

    def _least_hopeless(self) -> Choice:
        """Return whom to ask where all are known to be down: by turns, who did not refuse.

        Who cannot be reached may be there any moment; a key or a setting is mended by people.
        """
        at = self._choices.index(self.current) + 1
        by_turns = [*self._choices[at:], *self._choices[:at]]
        return next((choice for choice in by_turns if choice not in self._refusing), by_turns[0])

    def _note_refusal(self, *, refused: bool) -> None:
        self._refusing = [choice for choice in self._refusing if choice is not self.current]
        if refused:
            self._refusing.append(self.current)

    def _next(self, now: float) -> Choice | None:
        for choice in self._choices:
            if choice not in self._spent and choice.circuit.allows(now):
                return choice
        return None

    def _allowed(self, fault: RecognitionError) -> int:
        hopeless = str(fault) in _DEAF or isinstance(fault, RecognitionRefusedError)
        is_down = self.current.circuit.state != "closed"
        return 1 if hopeless or is_down else _TRIES

    def _forget(self) -> None:
        self._tries = self._attempts = 0
        self._spent = []
        self._since = None

    def _delay_s(self) -> float:
        delays_s = self._limits.backoff_s
        return delays_s[min(self._attempts, len(delays_s)) - 1]

    def _refusal_delay_s(self) -> float:
        delays_s = self._limits.refused_s
        return delays_s[min(self._attempts, len(delays_s)) - 1]
