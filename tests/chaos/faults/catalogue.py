"""All faults, by name."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from tests.chaos.faults import clock, endpoints, harms, machine, power, process, slow, webhooks
from tests.chaos.faults.audio import with_audio
from tests.chaos.faults.ward import Harm
from tests.chaos.faults.workers import in_calls
from tests.chaos.oracle import Verdict


class Play(Protocol):
    """Plays a fault's rounds in an empty folder."""

    def __call__(
        self, folder: Path, seed: str, rounds: int, *, short: bool
    ) -> Awaitable[list[Verdict]]:
        """Return a row for each receiver that is judged.

        Raises:
            SkippedError: It cannot be done here.
        """


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and how often it is done unless somebody says otherwise."""

    play: Play
    rounds: int
    short_rounds: int


def _in_calls(harm: Harm, rounds: int, short_rounds: int) -> Fault:
    return Fault(partial(in_calls, harm=harm), rounds, short_rounds)


def _with_audio(harm: Harm, rounds: int, short_rounds: int = 1) -> Fault:
    return Fault(partial(with_audio, harm=harm), rounds, short_rounds)


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
    "worker-kill": _in_calls(harms.WORKER_KILLED, 50, 5),
    "worker-freeze": _in_calls(harms.WORKER_FROZEN, 5, 1),
    "worker-cut": _in_calls(harms.WORKER_CUT_OFF, 5, 1),
    "worker-restart": _in_calls(harms.WORKERS_RESTARTED, 5, 1),
    "worker-versions": _in_calls(harms.TWO_VERSIONS, 2, 1),
    "postgresql-kill": _in_calls(harms.SERVER_KILLED, 20, 2),
    "postgresql-freeze": _in_calls(harms.SERVER_FROZEN, 10, 1),
    "postgresql-restart": _in_calls(harms.SERVER_RESTARTED, 10, 1),
    "postgresql-connections": _in_calls(harms.NO_CONNECTIONS, 5, 1),
    "postgresql-disk": _in_calls(harms.DISK_FULL, 5, 1),
    "audio-kill": _with_audio(harms.WORKER_KILLED, 10),
    "audio-freeze": _with_audio(harms.WORKER_FROZEN, 3),
    "audio-cut": _with_audio(harms.WORKER_CUT_OFF, 3),
    "audio-restart": _with_audio(harms.WORKERS_RESTARTED, 3),
    "audio-versions": _with_audio(harms.TWO_VERSIONS, 1),
    "audio-postgresql-kill": _with_audio(harms.SERVER_KILLED, 3),
    "audio-postgresql-restart": _with_audio(harms.SERVER_RESTARTED, 3),
    "audio-postgresql-connections": _with_audio(harms.NO_CONNECTIONS, 3),
    "audio-postgresql-disk": _with_audio(harms.DISK_FULL, 3),
    "control": Fault(process.forgetful, 5, 3),
    "control-fence": _in_calls(harms.UNFENCED, 3, 1),
    "control-power": Fault(power.power_cut_at_weaker_settings, 3, 1),
}
