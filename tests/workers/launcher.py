"""The service as `callscribe serve` runs it, but for its fence.

Its lease never ends by its own clock, and from SIGUSR1 on it sends no heartbeat, so that nobody
tells it that it is out. It is run as a file: `launcher.py --config FILE`.
"""

import argparse
import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

import uvloop

from service.app import Machine, running
from service.cli.common import read_settings
from service.logs import set_up_logs
from service.settings import Settings
from service.workers.lease import WorkerLease
from service.workers.membership import Membership

FOR_EVER_S = 1e9


async def serve(settings: Settings) -> None:
    """Run the service until SIGTERM."""
    stop, deaf, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, deaf.set)
    beat = Membership._beat  # noqa: SLF001 - what is to go wrong is inside

    async def may_beat(member: Membership) -> None:
        if deaf.is_set():
            await asyncio.Event().wait()
        await beat(member)

    Membership._beat = may_beat  # type: ignore[assignment,method-assign]  # noqa: SLF001 - as above
    machine = Machine(lease=partial(WorkerLease, life_s=FOR_EVER_S))
    async with running(settings, machine=machine):
        await stop.wait()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    settings = read_settings(parser.parse_args(), dict(os.environ))
    set_up_logs(sys.stdout)
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
