"""What a scenario file says: the calls, and every setting of what may go wrong."""

from service.simulator.scenario.model import (
    CallPlan,
    Pair,
    Say,
    Scenario,
    load_scenario,
    parse_scenario,
)

__all__ = ["CallPlan", "Pair", "Say", "Scenario", "load_scenario", "parse_scenario"]
