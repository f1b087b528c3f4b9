"""Which modules are mutated, and the tests that have to notice."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]

TARGETS: Final[Mapping[str, tuple[str, ...]]] = {
    "service.delivery.breaker": ("test_breaker", "test_hosts"),
    "service.delivery.record": ("test_record",),
    "service.delivery.host": ("test_hosts", "test_hanging_partials"),
    "service.delivery.probes": ("test_probes", "test_outages"),
    "service.delivery.schedule": ("test_schedule", "test_hosts", "test_hanging_partials"),
    "service.delivery.lane": ("test_lane", "test_schedule"),
    "service.delivery.batches": ("test_batches",),
    "service.delivery.lanes": ("test_lanes", "test_backlog", "test_changed_endpoints"),
    "service.retry": ("../test_retry",),
}
"""The modules, each with the tests to begin with: most mutants die there, the sooner the better."""

OTHERS: Final = (
    "test_outcomes",
    "test_outages",
    "test_hosts",
    "test_hanging_partials",
    "test_lanes",
    "test_backlog",
    "test_batches",
    "test_changed_endpoints",
    "test_fairness",
    "test_forgetting",
    "test_kept_attempts",
    "test_overtaking",
    "test_partials",
    "test_partials_in_lanes",
    "test_recovery",
    "test_replays",
    "test_switches",
    "test_unforeseen",
    "test_acks",
)
"""What a mutant has to get past then.

Tests that draw what they do are left out: who is killed by chance, survives by chance.
"""


def tests_of(module: str) -> list[str]:
    """Return the tests of a module in the order in which they are to run."""
    names = dict.fromkeys([*TARGETS[module], *OTHERS])
    return [str(_path(name)) for name in names]


def source_of(module: str) -> Path:
    """Return where a module is written."""
    return REPOSITORY / (module.replace(".", "/") + ".py")


def _path(name: str) -> Path:
    return (REPOSITORY / "tests" / "delivery" / f"{name}.py").resolve()
