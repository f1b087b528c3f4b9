"""All faults, by name."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.chaos.faults import (
    clock,
    endpoints,
    machine,
    power,
    process,
    slow,
    webhooks,
    workers,
)
from tests.chaos.oracle import Verdict


class Play(Protocol):
    """Plays a fault's rounds in an empty folder."""

    def __call__(
        self, folder: Path, seed: str, rounds: int, *, short: bool
    ) -> Awaitable[list[Verdict]]:
        """Return a row for each receiver that is judged; none if it cannot be done here."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and how often it is done unless somebody says otherwise."""

    play: Play
    rounds: int
    short_rounds: int


FAULTS: Mapping[str, Fault] = {
    "kill": Fault(process.killed, 150, 15),
    "writes": Fault(process.killed_at_writes, 150, 15),
    "power": Fault(power.power_cut, 60, 4),
    "clock": Fault(clock.clock_steps, 15, 3),
    "stop": Fault(process.stopped, 4, 1),
    "restart": Fault(process.restarted, 10, 2),
    "endpoints": Fault(endpoints.misbehaving, 4, 1),
    "webhooks": Fault(webhooks.rough, 10, 1),
    "files": Fault(machine.without_descriptors, 5, 1),
    "disk": Fault(machine.full_disk, 5, 1),
    "loris": Fault(slow.slow_clients, 3, 1),
    "loris-recogniser": Fault(slow.slow_clients_of_the_recogniser, 3, 1),
    "worker-kill": Fault(workers.killed, 50, 5),
    "worker-freeze": Fault(workers.frozen, 5, 1),
    "worker-cut": Fault(workers.cut_off, 5, 1),
    "worker-restart": Fault(workers.restarted, 5, 1),
    "postgresql-kill": Fault(workers.server_killed, 20, 2),
    "postgresql-full": Fault(workers.without_connections, 5, 1),
    "control": Fault(process.forgetful, 5, 3),
    "control-power": Fault(power.power_cut_at_weaker_settings, 3, 1),
}
