"""What a scenario file contains: the calls, and the settings of every fault."""

from service.simulator.scenario.model import (
    CallPlan,
    Pair,
    Say,
    Scenario,
    load_scenario,
    parse_scenario,
)

__all__ = ["CallPlan", "Pair", "Say", "Scenario", "load_scenario", "parse_scenario"]
