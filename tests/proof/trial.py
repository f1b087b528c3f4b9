"""A trial: a seed, a source, and the faults that strike at once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.ports import Recognitions
from service.simulator.rng import Rng
from tests.proof.changes import IN_CALL, MEDIA, Change, Fault, Source, clash, merged
from tests.proof.faults.catalogue import FAULTS, OVERLOAD, TIMED, UNORDERED, UNPLACED
from tests.proof.world import Conditions

_FRAMES_MS = (20, 20, 60, 100)
"""Telnyx documents no size of a frame: half of the trials have the usual one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the proof."""

    seed: int
    source: Source
    names: tuple[str, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults themselves."""
        return tuple(FAULTS[name] for name in self.names)

    @property
    def may_lose(self) -> bool:
        """Whether words may be lost; they have to be told."""
        return self._is_overload or any(fault.loses for fault in self.faults)

    @property
    def may_lose_what_came(self) -> bool:
        """Whether that is not only what never came."""
        outlasts = any(fault.loses and not fault.unheard for fault in self.faults)
        return self._is_overload or outlasts

    @property
    def is_placed(self) -> bool:
        """Whether anybody could know where texts were said."""
        return frozenset(self.names) not in UNPLACED

    @property
    def is_timed(self) -> bool:
        """Whether the engine gives times, for else nobody could know what was said where."""
        return frozenset(self.names) in TIMED

    @property
    def is_ordered(self) -> bool:
        """Whether anybody could know in what order texts were said, and need mark nothing."""
        return frozenset(self.names) not in UNORDERED

    @property
    def _is_overload(self) -> bool:
        return frozenset(self.names) in OVERLOAD

    @property
    def label(self) -> str:
        """The faults as the table names them."""
        return " + ".join(self.names)

    def change(self) -> Change:
        """Return all that the faults change, by the seed."""
        whole = Change(scenario=_base(self), route=_ROUTES[self.source])
        for fault in self.faults:
            one = fault.make(self._rng(fault.name))
            whole = Change(
                scenario=merged(whole.scenario, one.scenario),
                route=merged(whole.route, one.route),
                acts=[*whole.acts, *one.acts],
            )
        return whole

    def conditions(
        self, *, recognitions: Callable[[Recognitions], Recognitions] = lambda hears: hears
    ) -> Conditions:
        """Return what the run is like; `recognitions` stands between the service and engines."""
        change = self.change()
        return Conditions(
            seed=self.number,
            scenario={**change.scenario, "call": [change.scenario["call"]]},
            route=change.route,
            acts=change.acts,
            recognitions=recognitions,
        )

    @property
    def number(self) -> int:
        """What all its dice come from."""
        text = f"{self.seed} {self.source} {self.label}".encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:6], "big")

    def _rng(self, purpose: str) -> Rng:
        return Rng(f"proof {self.number} {purpose}")


def may_strike_at_once(one: Fault, other: Fault) -> bool:
    """Say whether two faults can be had together: not if they want different things of one key."""
    first, second = (fault.make(Rng("clash")) for fault in (one, other))
    return (
        one.name != other.name
        and bool(set(one.sources) & set(other.sources))
        and not clash(first.scenario, second.scenario)
        and not clash(first.route, second.route)
    )


def _base(trial: Trial) -> dict[str, Any]:
    rng = Rng(f"proof {trial.seed} {trial.source} {trial.label} base")
    duration_s = max(fault.duration_s for fault in trial.faults)
    frame_ms = _FRAMES_MS[int(rng.between(0, len(_FRAMES_MS))) % len(_FRAMES_MS)]
    return {
        "seed": trial.number,
        "speed": 1.0,
        "recogniser": "script",
        "call": {
            "numbered": {"duration_s": duration_s, "overlap": 0.2},
            "talk": "on_answer",
            "linger_ms": 1500,
        },
        "media": {"frame_ms": frame_ms},
        "stt": {
            "times": "always" if rng.chance(0.5) or trial.is_timed else "never",
            "close_stream": "some",
        },
        "in_call": {"transcription_track": "always"},
    }


_ROUTES: dict[Source, dict[str, Any]] = {
    MEDIA: {"source": "media", "engine": "Deepgram", "model": "nova-3"},
    IN_CALL: {"source": "in_call", "engine": "Deepgram", "model": "nova-3"},
}
