"""`callscribe serve`: the service itself."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.common import (
    Commands,
    add_command,
    add_config,
    read_settings,
    whole_number,
)
from service.errors import SettingsError
from service.exits import HELD_BACK, Exit

if TYPE_CHECKING:
    from service.pool.seat import Seat
    from service.settings import Settings

MAX_WORKERS = 256


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(commands, "serve", run, "Run the service until SIGTERM or Ctrl-C.")
    add_config(parser)
    text = "processes that share the port, the database and the work (default: 1; PostgreSQL only)"
    parser.add_argument("--workers", type=whole_number(1, MAX_WORKERS), default=1, help=text)
    parser.add_argument("--seat", type=_seat, help=argparse.SUPPRESS)  # from the supervisor


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Read the settings, set logging up, run until told to stop."""
    hung_up = _heed_signals()
    settings = read_settings(arguments, environ)

    from service.descriptors import raise_limit  # noqa: PLC0415 - keeps --help quick
    from service.logs import name_worker, set_up_logs  # noqa: PLC0415
    from service.settings import find_config  # noqa: PLC0415

    raise_limit()
    seat = arguments.seat
    output = set_up_logs(sys.stdout)
    if seat is None or seat.number == 1:
        _tell(settings, find_config(arguments.config, environ))
    if arguments.workers > 1 and seat is None:
        return _supervise(settings, arguments.workers)
    from service import process  # noqa: PLC0415
    from service.app import Machine  # noqa: PLC0415

    if seat:
        name_worker(seat.number)

    def reload() -> "Settings":
        return read_settings(arguments, environ)

    code = process.run(settings, reload, Machine(seat=seat), hung_up)
    output.close()
    # all is closed; Python would still take Telnyx's SDK apart, which takes a second of processor
    # time, half a minute on a busy machine, or fall over the thread that still loads it
    os._exit(code)


def _heed_signals() -> Callable[[], bool]:
    """Heed signals while the service is only being loaded, which takes seconds on a busy machine.

    SIGTERM ends it at once: nothing was begun. Returns whether SIGHUP came so far: whoever sent
    it has written new secrets, and the old ones may have been read.
    """
    came: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: os._exit(Exit.OK))
    signal.signal(signal.SIGHUP, lambda number, _: came.append(number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)  # by the supervisor
    return lambda: bool(came)


def _supervise(settings: "Settings", workers: int) -> int:
    """Run this many of this command.

    Raises:
        SettingsError: The database or the port cannot be shared.
    """
    import asyncio  # noqa: PLC0415 - keeps --help quick

    from service import supervisor  # noqa: PLC0415
    from service.listening import not_ours  # noqa: PLC0415

    if settings.database_file is not None:
        problem = "--workers: a SQLite journal belongs to one process, for its file has one writer"
        remedy = "set database_url to a postgresql:// address, or leave --workers out"
        raise SettingsError([f"{problem}: {remedy}"])

    def command(seat: "Seat") -> list[str]:
        return [sys.executable, "-m", "service", *sys.argv[1:], "--seat", str(seat)]

    host, port = settings.listen_address
    try:
        return asyncio.run(supervisor.supervise(command, host, port, workers=workers))
    except OSError as error:
        raise not_ours(settings, error) from error


def _seat(text: str) -> "Seat":
    from service.pool.seat import read_seat  # noqa: PLC0415 - keeps --help quick

    try:
        return read_seat(text)
    except ValueError:
        wanted = "should be what the supervisor of several workers gives"
        raise argparse.ArgumentTypeError(wanted) from None


def _tell(settings: "Settings", config: Path | None) -> None:
    """Log which file the settings are from, and what in them may not be meant."""
    import structlog  # noqa: PLC0415 - keeps --help quick

    from service.settings import advise  # noqa: PLC0415

    log = structlog.get_logger("service.cli.serve")
    log.info("settings_read", file=str(config.absolute()) if config else "none")
    for one in advise(settings, config):
        log.warning("settings_advice", subject=one.subject, advice=one.text)
