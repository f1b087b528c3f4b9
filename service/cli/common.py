"""What several commands share. Imports nothing slow: `--help` pays for every command's module."""

import argparse
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from service.ports import Journal
    from service.settings import Settings

Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse gives it no public name
_NO_KEYS = {"TELNYX_API_KEY": "none", "TELNYX_PUBLIC_KEY": "A" * 43 + "="}
Run = Callable[[argparse.Namespace, Mapping[str, str]], int]
"""Carries a command out, with its arguments and the environment; returns the exit code."""


def add_command(
    commands: "Commands[argparse.ArgumentParser]", name: str, run: Run, summary: str
) -> argparse.ArgumentParser:
    """Add a command and return its parser, for its own arguments."""
    parser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    return parser


def add_config(parser: argparse.ArgumentParser) -> None:
    """Let the command be told which settings file to read."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings (default: $CALLSCRIBE_CONFIG, then ./callscribe.toml if it is there)",
    )


def read_settings(arguments: argparse.Namespace, environ: Mapping[str, str]) -> "Settings":
    """Load the settings that `--config` and the environment say.

    Raises:
        SettingsError: They cannot be used.
    """
    from service.settings import find_config, load_settings  # noqa: PLC0415 - keeps --help quick

    return load_settings(find_config(arguments.config, environ), environ)


def read_local_settings(arguments: argparse.Namespace, environ: Mapping[str, str]) -> "Settings":
    """Load the settings for a command that only touches the journal and the endpoints.

    It runs in a second shell, beside the service, where Telnyx's keys need not be.

    Raises:
        SettingsError: They cannot be used.
    """
    return read_settings(arguments, {**_NO_KEYS, **environ})


def open_journal_beside(settings: "Settings") -> "AbstractAsyncContextManager[Journal]":
    """Open the journal of these settings, whether or not a service runs on it.

    Raises:
        JournalError: On entry: it cannot be opened.
    """
    from service.journal.database import open_journal  # noqa: PLC0415 - keeps --help quick

    return open_journal(settings.database_url, exclusive=False, key=settings.storage_key())


def positive(text: str) -> int:
    """Read a whole number above 0 (argparse type)."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("should be 1 or more")
    return number


def moment(text: str) -> float:
    """Read a time; without a zone it is UTC (argparse type)."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def port(text: str) -> int:
    """Read a port; 0 lets the system choose (argparse type)."""
    number = int(text)
    if not 0 <= number <= 65535:  # noqa: PLR2004 - the highest port there is
        raise argparse.ArgumentTypeError("should be 0 to 65535")
    return number
