"""Scenarios and commands, as the tests of the simulator want them."""

from typing import Any

from service.simulator.scenario import Scenario, parse_scenario

SAY = [
    {"speaker": "agent", "at_ms": 200, "text": "how can I help"},
    {"speaker": "customer", "at_ms": 1800, "text": "is my table free"},
]
Tree = dict[str, Any]


def scenario(call: Tree | None = None, /, **tables: object) -> Scenario:
    """Return a scenario of one short scripted call at full speed."""
    plan = {"say": SAY, "patience_s": 0.2, **(call or {})}
    return parse_scenario({"seed": 5, "speed": 0, "call": [plan], **tables})


def transcribe(engine: str = "Deepgram", **config: object) -> tuple[str, Tree]:
    """Return the action that has both tracks transcribed in the call."""
    params = {"transcription_engine": engine, "transcription_tracks": "both"}
    return "transcription_start", {**params, "transcription_engine_config": config}


class BreakableClock:
    """A clock that stands still; once it is `broken`, its next reading fails."""

    def __init__(self) -> None:
        self.broken = False

    def __call__(self) -> float:
        """Return Unix seconds."""
        if self.broken:
            self.broken = False
            raise ValueError
        return 1_800_000_000.0
