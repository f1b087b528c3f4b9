"""The service as a process: until a signal, with secrets that can be rotated meanwhile."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from functools import partial

import structlog
import uvloop

from service.app import Machine, Running, running
from service.errors import SettingsError
from service.exits import Exit
from service.ports import Carrier
from service.settings import Settings
from service.tasks import open_tasks

log = structlog.get_logger()


def run(
    settings: Settings,
    reload: Callable[[], Settings],
    machine: Machine,
    hung_up: Callable[[], bool] = lambda: False,
) -> int:
    """Run the service until SIGTERM or SIGINT; return the exit code.

    On SIGHUP, `reload` gives the settings anew, and webhooks are signed as they say from then on;
    also if it came before, as `hung_up` says, or while the service starts.
    One that has a seat shares its port, and stops when its standard input ends as well.
    """
    return uvloop.run(serve(settings, reload, machine, hung_up))


async def serve(
    settings: Settings,
    reload: Callable[[], Settings],
    machine: Machine,
    hung_up: Callable[[], bool],
) -> int:
    """Run the service until a signal, and drain. A second signal stops it at once."""
    stop, asked = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()

    def told(name: str) -> None:
        log.info("signal_received", signal=name)
        if stop.is_set() and main:
            main.cancel()
        stop.set()

    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, told, one.name)
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    if hung_up():
        asked.set()
    if machine.seat:
        _stop_when_alone(loop, lambda: told("end of the supervisor"))
    try:
        async with running(settings, machine=machine) as service, open_tasks() as tasks:
            tasks.keep(lambda: _rotate(service, reload, asked), "rotation")
            tasks.keep(partial(spare_the_collector, service.carrier), "collector")
            await stop.wait()
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        return Exit.INTERRUPTED
    left = service.calls_left + service.lanes_left
    log.info("service_stopped", calls_left=service.calls_left, lanes_left=service.lanes_left)
    return Exit.WORK_LEFT if left else Exit.OK


def _stop_when_alone(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Call `stop` once nobody holds the other end of standard input: the supervisor is gone."""
    pipe = sys.stdin.fileno()

    def readable() -> None:
        if not os.read(pipe, 1024):
            loop.remove_reader(pipe)
            stop()

    loop.add_reader(pipe, readable)


async def _rotate(service: Running, reload: Callable[[], Settings], asked: asyncio.Event) -> None:
    """Take the secrets of endpoints, and nothing else, from the settings whenever it is asked."""
    while await asked.wait():
        asked.clear()
        try:
            settings = await asyncio.to_thread(reload)  # the disk may be slow
        except SettingsError as error:
            log.error("secrets_not_rotated", problems=error.problems)  # noqa: TRY400 - it says all
        else:
            log.info("secrets_rotated", endpoints=service.rotate(settings.endpoint_list()))


async def spare_the_collector(carrier: Carrier) -> None:
    """Leave what was made at the start out of all collections: a full one holds everything up.

    Much of it is Telnyx's SDK, which is loaded last. With all of that a full collection took
    180 ms, without it 10.
    """
    await carrier.ready()
    gc.collect()
    gc.freeze()
