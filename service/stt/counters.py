"""What is counted of all recognitions of this process."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from service.stt.circuits import Circuits, EngineKey


@dataclass(slots=True)
class RecognitionCounters:
    """Which engines took over from which, and which are not asked just now."""

    switches: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By who was left, who took over, and why."""
    circuits: Circuits = field(default_factory=Circuits)

    @property
    def open_circuits(self) -> Mapping[tuple[str, str], bool]:
        """Whether each engine's circuit is open, by engine and model."""
        states = self.circuits.states()
        return {_labels(key): state != "closed" for key, state in states.items()}


def _labels(key: EngineKey) -> tuple[str, str]:
    return key.engine, key.model or ""
