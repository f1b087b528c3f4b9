"""`callscribe serve`: the service itself."""

import argparse
import sys
from collections.abc import Mapping

from service.cli.common import Commands, add_command, add_config, read_settings


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(commands, "serve", run, "Run the service until SIGTERM or Ctrl-C.")
    add_config(parser)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Read the settings, set logging up, run until told to stop."""
    settings = read_settings(arguments, environ)

    from service import app  # noqa: PLC0415 - keeps --help quick
    from service.logs import set_up_logs  # noqa: PLC0415

    set_up_logs(sys.stdout)
    return app.run(settings, lambda: read_settings(arguments, environ))
