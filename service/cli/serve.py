"""`callscribe serve`: the service itself."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.common import Commands, add_command, add_config, read_settings

if TYPE_CHECKING:
    from service.settings import Settings


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(commands, "serve", run, "Run the service until SIGTERM or Ctrl-C.")
    add_config(parser)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Read the settings, set logging up, run until told to stop."""
    settings = read_settings(arguments, environ)

    from service import process  # noqa: PLC0415 - keeps --help quick
    from service.logs import set_up_logs  # noqa: PLC0415
    from service.settings import find_config  # noqa: PLC0415

    output = set_up_logs(sys.stdout)
    _tell(settings, find_config(arguments.config, environ))
    code = process.run(settings, lambda: read_settings(arguments, environ))
    output.close()
    # all is closed; Python would still take Telnyx's SDK apart, which takes a second of processor
    # time, half a minute on a busy machine, or fall over the thread that still loads it
    os._exit(code)


def _tell(settings: "Settings", config: Path | None) -> None:
    """Log which file the settings are from, and what in them may not be meant."""
    import structlog  # noqa: PLC0415 - keeps --help quick

    from service.settings import advise  # noqa: PLC0415

    log = structlog.get_logger("service.cli.serve")
    log.info("settings_read", file=str(config.absolute()) if config else "none")
    for one in advise(settings, config):
        log.warning("settings_advice", subject=one.subject, advice=one.text)
