"""The service as `callscribe serve` runs it, but for one thing that is wrong with its machine.

Its journal kills it, or forgets; its database syncs less; its clock steps. It is run as a file:
`launcher.py --config FILE --kill-at before:17`.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

from service.app import Machine, running
from service.cli.common import read_settings
from service.errors import CallscribeError
from service.journal.sqlite import file
from service.logs import set_up_logs
from service.ports import Entry, Journal
from service.settings import Settings

WRITES = frozenset(
    {"commit", "settle", "keep_attempts", "adopt", "rewind", "disable", "enable", "prune"}
)


class DeadlyJournal:
    """Kills the process before or after its n-th write; from outside nobody can say why."""

    def __init__(self, journal: Journal, when: str, number: int) -> None:
        self._journal = journal
        self._when = when
        self._number = number
        self._writes = 0

    def __getattr__(self, name: str) -> object:
        method = getattr(self._journal, name)
        if name not in WRITES:
            return method

        async def write(*args: object, **named: object) -> object:
            self._writes += 1
            mine = self._writes
            self._die(mine, "before")
            try:
                return await method(*args, **named)
            finally:  # it may have been refused
                self._die(mine, "after")

        return write

    def _die(self, write: int, when: str) -> None:
        if (write, when) == (self._number, self._when):
            os.kill(os.getpid(), signal.SIGKILL)


class ForgetfulJournal:
    """Says that a commit is safe, and makes it later: to see that the proof notices."""

    def __init__(self, journal: Journal, late_s: float) -> None:
        self._journal = journal
        self._late_s = late_s
        self._writing: set[asyncio.Task[None]] = set()

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)

    async def commit(self, entry: Entry) -> None:
        """Return at once."""
        task = asyncio.create_task(self._commit_late(entry), name="forgetful")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _commit_late(self, entry: Entry) -> None:
        await asyncio.sleep(self._late_s)
        with contextlib.suppress(CallscribeError):  # it was acknowledged all the same
            await self._journal.commit(entry)


class SteppingClock:
    """A clock that is wrong by some seconds, and by as many the other way after each SIGUSR1."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead_s = ahead_s

    def __call__(self) -> float:
        """Return Unix seconds, as this clock has them."""
        return time.time() + self._ahead_s

    def step(self) -> None:
        """Go to the other side of the truth."""
        self._ahead_s = -self._ahead_s


async def serve(
    settings: Settings, wrap: Callable[[Journal], Journal], clock: SteppingClock
) -> None:
    """Run the service until SIGTERM."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, clock.step)
    async with running(settings, machine=Machine(journal=wrap, clock=clock)):
        await stop.wait()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--kill-at", help="before:N or after:N")
    parser.add_argument("--forget-s", type=float, help="commit so much later than it says")
    parser.add_argument("--synchronous", help="of SQLite, in place of FULL")
    parser.add_argument("--clock-ahead-s", type=float, default=0.0)
    arguments = parser.parse_args()
    settings = read_settings(arguments, dict(os.environ))
    set_up_logs(sys.stdout)
    if arguments.synchronous:
        file.PRAGMAS = (*file.PRAGMAS, f"PRAGMA synchronous = {arguments.synchronous}")
    clock = SteppingClock(arguments.clock_ahead_s)
    uvloop.run(serve(settings, partial(_wrapped, arguments), clock))


def _wrapped(arguments: argparse.Namespace, journal: Journal) -> Journal:
    wrapped: object = journal
    if arguments.kill_at:
        when, _, number = arguments.kill_at.partition(":")
        wrapped = DeadlyJournal(journal, when, int(number))
    elif arguments.forget_s:
        wrapped = ForgetfulJournal(journal, arguments.forget_s)
    return cast("Journal", wrapped)


if __name__ == "__main__":
    main()
