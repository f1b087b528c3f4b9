"""`callscribe check`: try everything that a call will need, and explain what fails."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from service.cli.check.findings import Finding, fail
from service.cli.common import (
    Commands,
    add_command,
    add_config,
    read_settings,
    seconds,
    whole_number,
)
from service.errors import SettingsError
from service.exits import Exit

if TYPE_CHECKING:
    from service.settings import Settings

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
    parser.add_argument(
        "--call",
        type=_party,
        metavar="NUMBER",
        help="if all else works, call this number, which Telnyx charges; have a sentence said to "
        "whoever picks up, look at what Telnyx does, and print it beside what the simulator does, "
        "without numbers or keys. The service must not run meanwhile, but Telnyx must reach "
        "`listen` through `public_url`",
    )
    parser.add_argument(
        "--from",
        dest="from_",
        type=_party,
        metavar="NUMBER",
        help="which of your Telnyx numbers is calling (default: one that a route matches)",
    )
    parser.add_argument(
        "--redial-wait",
        type=seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long Telnyx may take to dial a stream again that was cut (default: 10)",
    )


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
    if failed:
        if arguments.call:
            print(fail("call", "is not placed: put right first what failed"))
        return Exit.FAILED
    if arguments.call is None:
        return Exit.OK
    return Exit.OK if asyncio.run(_call(settings, arguments)) else Exit.FAILED


async def _call(settings: "Settings", arguments: argparse.Namespace) -> bool:
    from service.cli.check.call_check import check_call  # noqa: PLC0415 - keeps --help quick
    from service.trial import Patience  # noqa: PLC0415

    return await check_call(
        settings,
        arguments.call,
        arguments.from_,
        lambda line: print(line, flush=True),
        patience=Patience(redial_s=arguments.redial_wait),
    )


def _party(text: str) -> str:
    from service.wire.parties import check_party  # noqa: PLC0415 - keeps --help quick

    try:
        return check_party(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _show(finding: Finding) -> None:
    print(finding, flush=True)
