"""`callscribe check`: try everything that a call will need, and explain what fails."""

import argparse
from collections.abc import Mapping

from service.cli.check.findings import Finding, fail
from service.cli.common import Commands, add_command, add_config, read_settings, whole_number
from service.errors import SettingsError
from service.exits import Exit

MAX_WORKERS = 10_000


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "check",
        run,
        "Try settings, keys, Telnyx, endpoints, database and public address; send nothing to "
        "endpoints. Exit code 0 if all of it would work.",
    )
    add_config(parser)
    text = "how many will run on one PostgreSQL, all together (default: as many as run now)"
    parser.add_argument("--workers", type=whole_number(1, MAX_WORKERS), default=1, help=text)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each thing tried."""
    try:
        settings = read_settings(arguments, environ)
    except SettingsError as error:
        for problem in error.problems:
            print(fail("settings", problem))
        return Exit.USAGE

    import asyncio  # noqa: PLC0415 - keeps --help quick

    from service.cli.check.runner import run_checks  # noqa: PLC0415
    from service.settings import find_config  # noqa: PLC0415

    config = find_config(arguments.config, environ)
    checks = run_checks(settings, config, _show, workers=arguments.workers)
    failed = asyncio.run(checks)
    return Exit.FAILED if failed else Exit.OK


def _show(finding: Finding) -> None:
    print(finding, flush=True)
