"""The service as `callscribe serve` runs it, but for its fence, or how soon workers are missed.

It is run as a file: `launcher.py --config FILE --pace 0.4 --unfenced`.
"""

import argparse
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from service import process
from service.app import Machine
from service.cli.common import read_settings
from service.errors import DuplicateInputError, JournalError
from service.journal.admission import Admission, Head
from service.journal.postgresql import writer
from service.journal.statements import Statement, load_statements
from service.logs import set_up_logs
from service.ports import Entry
from service.workers.lease import Pace, WorkerLease
from service.workers.membership import Membership

FOR_EVER_S = 1e9


def paced(part: float) -> Pace:
    """Return how soon workers miss each other if all takes that part of the usual time."""
    usual = Pace()
    return Pace(
        beat_every_s=usual.beat_every_s * part,
        look_every_s=usual.look_every_s * part,
        lease_s=usual.lease_s * part,
        silent_s=usual.silent_s * part,
    )


def unfence() -> None:
    """Have a worker that is out not mind it, and write whatever others wrote meanwhile.

    What is there already under its number it takes for written.
    """
    Membership._lose = _go_on  # type: ignore[method-assign]  # noqa: SLF001 - what is to go wrong
    writer._HOLD_LEASE = "SELECT 1 WHERE $1::text > ''"  # type: ignore[misc]  # noqa: SLF001
    Admission.admit = _admit  # type: ignore[method-assign]
    statements = cast("dict[str, Statement]", load_statements("postgresql", "journal"))
    lease = "SELECT 1 FROM worker WHERE id = $1::text FOR KEY SHARE"
    statements["look_up"] = _changed(statements["look_up"], lease, "SELECT 1")
    for end in ("created_at, n), place)", "words),\n    place)"):
        statements["write_entries"] = _changed(
            statements["write_entries"], end, f"{end[:-1]}\n    ON CONFLICT DO NOTHING)"
        )


def _changed(statement: Statement, old: str, new: str) -> Statement:
    if statement.text.count(old) != 1:
        raise ValueError(f"there is no {old!r} any more, and the fence is not off")
    return Statement(statement.text.replace(old, new))


def _go_on(self: Membership, reason: str) -> None:
    del self, reason


def _admit(self: Admission, entry: Entry) -> JournalError | None:
    """Admit any entry that has not come before."""
    if not self.inputs.isdisjoint(entry.input_ids):
        return DuplicateInputError(frozenset(self.inputs.intersection(entry.input_ids)))
    if entry.call_id not in self.heads:
        self.heads[entry.call_id] = Head(next(self.call_nos), 0, entry.epoch, 0)
    self._gather(entry, self.heads[entry.call_id])
    return None


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--pace", type=float, default=1.0, help="part of the usual times")
    parser.add_argument("--unfenced", action="store_true", help="nothing stops it once it is out")
    arguments = parser.parse_args()
    settings = read_settings(arguments, dict(os.environ))
    output = set_up_logs(sys.stdout)
    pace = paced(arguments.pace)
    if arguments.unfenced:
        unfence()
        pace = replace(pace, lease_s=FOR_EVER_S)
    machine = Machine(lease=partial(WorkerLease, pace=pace))
    code = process.run(settings, lambda: settings, machine)
    output.close()
    os._exit(code)  # as the command does


if __name__ == "__main__":
    main()
