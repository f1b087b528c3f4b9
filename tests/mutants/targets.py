"""Which modules are mutated, and the tests that have to notice."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]

TARGETS: Final[Mapping[str, tuple[str, ...]]] = {
    "service.delivery.breaker": ("test_breaker",),
    "service.delivery.record": ("test_record",),
    "service.delivery.probes": ("test_probes",),
    "service.retry": ("../test_retry",),
    "service.delivery.lane": ("test_lane", "test_lane_waits", "test_schedule"),
    "service.delivery.batches": ("test_batches",),
    "service.delivery.host": ("test_host", "test_hosts", "test_hanging_partials"),
    "service.delivery.schedule": (
        "test_schedule_listing",
        "test_schedule_places",
        "test_schedule_memory",
        "test_schedule",
        "test_hanging_partials",
        "test_partials_in_lanes",
        "test_hosts",
        "test_switches",
        "test_gaps",
    ),
    "service.delivery.memories": ("test_schedule_listing", "test_schedule_memory"),
    "service.delivery.gaps": ("test_gaps", "test_replays"),
    "service.delivery.lanes": (
        "test_lanes",
        "test_lanes_state",
        "test_lanes_keepers",
        "test_letting_go",
        "test_reports",
        "test_moves",
        "test_backlog",
        "test_changed_endpoints",
        "test_recovery",
    ),
    "service.delivery.backlog": (
        "test_lanes_state",
        "test_lanes_keepers",
        "test_letting_go",
        "test_moves",
        "test_switches",
        "test_backlog",
        "test_changed_endpoints",
        "test_recovery",
    ),
}
"""The modules, each with its own tests: what only a test of something else notices, survives.

They are run one after the other, until one fails. Tests that draw what they do are left out: who is
killed by chance, survives by chance.
"""


def tests_of(module: str) -> list[str]:
    """Return the tests of a module in the order in which they are to run."""
    folder = REPOSITORY / "tests" / "delivery"
    return [str((folder / f"{name}.py").resolve()) for name in TARGETS[module]]


def source_of(module: str) -> Path:
    """Return where a module is written."""
    return REPOSITORY / (module.replace(".", "/") + ".py")
