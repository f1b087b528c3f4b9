"""Which faults a session has, and what they make of its results. Pure."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from service.simulator.rng import Rng
from service.simulator.scenario.stt_settings import SttBehaviour, SttFault, SttSettings

_SELECTORS = {"engines", "sessions", "from_s", "until_s", "chance"}
_GARBAGE = '{"transcript": "\\ud83d'


def behaviour_of(
    settings: SttSettings, engine: str, number: int, *, at_s: float, rng: Rng
) -> SttBehaviour:
    """Return how the `number`th session of an engine behaves (from 1), opened at `at_s`."""
    changed: dict[str, object] = {}
    for place, fault in enumerate(settings.fault):
        strikes = rng.derive(f"fault {place} {engine} {number}").chance(fault.chance)
        if strikes and _matches(fault, engine, number, at_s):
            named = fault.model_fields_set - _SELECTORS
            changed |= {key: getattr(fault, key) for key in named}
    if settings.drop_after_ms is not None and number <= settings.drop_sessions:
        changed |= {"close_after_ms": settings.drop_after_ms, "close_code": 1006}
    return settings.model_copy(update=changed)


def _matches(fault: SttFault, engine: str, number: int, at_s: float) -> bool:
    first, last = fault.sessions or (1, number)
    return (
        any(fnmatchcase(engine, pattern) for pattern in fault.engines)
        and first <= number <= last
        and at_s >= fault.from_s
        and (fault.until_s is None or at_s < fault.until_s)
    )


class Outgoing(NamedTuple):
    """A message to the application. `is_final` is whether it settles words."""

    text: str
    is_final: bool = False


class LateMessage(NamedTuple):
    """A message, and how late it comes."""

    text: str
    late_s: float


class ResultFaults:
    """Repeats, swaps and delays the results of one session, and puts garbage between them.

    Each result draws the same number of random numbers.
    """

    def __init__(self, behaviour: SttBehaviour, rng: Rng) -> None:
        self._behaviour = behaviour
        self._rng = rng
        self._held: list[str] = []
        self.none = not (
            behaviour.garbage or behaviour.wrong_order or behaviour.restate or any(behaviour.late_s)
        )
        """Whether results are sent as they are."""

    @property
    def holds(self) -> bool:
        """Whether something is held back."""
        return bool(self._held)

    def apply(self, results: Iterable[Outgoing]) -> list[LateMessage]:
        """Return what is sent in place of these results."""
        return [late for result in results for late in self._apply(result)]

    def flush(self) -> list[LateMessage]:
        """Return what is held back."""
        held, self._held = self._held, []
        return [LateMessage(text, 0.0) for text in held]

    def _apply(self, result: Outgoing) -> Sequence[LateMessage]:
        settings, rng = self._behaviour, self._rng
        garbled, swapped, again = (
            rng.chance(chance)
            for chance in (settings.garbage, settings.wrong_order, settings.restate)
        )
        late_s = rng.between(*settings.late_s)
        texts = [result.text] * (2 if again and result.is_final else 1)
        if garbled:
            texts = [*([_GARBAGE] * settings.garbage_in_a_row), *texts]
        if swapped and not self._held:
            self._held = texts
            return []
        held, self._held = self._held, []
        return [LateMessage(text, late_s) for text in [*texts, *held]]
