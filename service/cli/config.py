"""`callscribe config`: the settings that are in force, and where each is from."""

import argparse
from collections.abc import Mapping

from service.cli.common import NO_KEYS, Commands, add_command, add_config
from service.cli.table import print_table
from service.exits import Exit


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "config",
        run,
        "Show the settings that are in force, and where each is from: a line of the file, a "
        "variable, or nobody. Secrets are hidden.",
    )
    parser.add_argument(
        "--all", action="store_true", help="also what routes and endpoints leave as it is"
    )
    add_config(parser)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each key."""
    from service.settings import find_config, load, show  # noqa: PLC0415 - keeps --help quick

    config = find_config(arguments.config, environ)
    shown = show(load(config, environ, NO_KEYS), every=arguments.all)
    print(f"settings file: {config.absolute() if config else 'none'}")
    print_table(
        ("KEY", "VALUE", "FROM"), ((one.key, one.value, one.source) for one in shown), empty=""
    )
    return Exit.OK
