"""What a scenario file contains: the calls, and the settings of every fault."""

from service.simulator.scenario.calls import (
    Act,
    Callee,
    CallPlan,
    NumberedWords,
    Pair,
    Say,
    Sound,
    SoundKind,
)
from service.simulator.scenario.model import Scenario, load_scenario, parse_scenario

__all__ = [
    "Act",
    "CallPlan",
    "Callee",
    "NumberedWords",
    "Pair",
    "Say",
    "Scenario",
    "Sound",
    "SoundKind",
    "load_scenario",
    "parse_scenario",
]
