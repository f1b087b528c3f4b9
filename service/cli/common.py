"""What several commands share. Imports nothing slow: `--help` pays for every command's module."""

import argparse
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from service.errors import SettingsError
from service.ids import CallId

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from service.ports import Journal
    from service.settings import Settings

Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse gives it no public name
NO_KEYS = {"telnyx_api_key": "none", "telnyx_public_key": "A" * 43 + "="}
"""Stand in for Telnyx's keys where nothing needs them."""
NO_CALL = "there is no such call: `callscribe calls ls` lists those there are"
_MAX_NUMBER = 2**53
"""More than there is of anything; what the journal can look for is larger still."""
Run = Callable[[argparse.Namespace, Mapping[str, str]], int]
"""Carries a command out, with its arguments and the environment; returns the exit code."""


def counted(number: int, one: str, many: str = "") -> str:
    """Return how many there are of something, in words: `1 call`, `2 calls`."""
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"


def shown_time(at: float) -> str:
    """Return a time, given in Unix seconds, to be printed: in UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def add_command(
    commands: "Commands[argparse.ArgumentParser]", name: str, run: Run, summary: str
) -> argparse.ArgumentParser:
    """Add a command and return its parser, for its own arguments."""
    parser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    return parser


def add_requests(parser: argparse.ArgumentParser, *requests: str) -> None:
    """Show how to ask the API for the same: each is a method, a path and, if there is one, a body.

    None is longer than a line, so that it can be copied out of a terminal.
    """
    lines = ["The same over HTTP, with a key of the API in place of csk_…:", ""]
    for request in requests:
        method, path, *bodies = request.split(" ", 2)
        body = "".join(bodies)
        data = f" --json '{body}'" if body else ""
        way = "" if body else f" -X {method}"
        lines.append(
            f"  curl{way} -H 'Authorization: Bearer csk_…'{data} https://calls.example.com{path}"
        )
    parser.epilog = "\n".join(lines)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


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
    from service.settings import find_config, load_settings  # noqa: PLC0415 - keeps --help quick

    return load_settings(find_config(arguments.config, environ), environ, NO_KEYS)


def read_variable(environ: Mapping[str, str], name: str) -> str | None:
    """Return a secret of the environment: the variable, or what the file of `NAME_FILE` holds.

    Raises:
        SettingsError: The file cannot be read.
    """
    path = environ.get(f"{name}_FILE")
    if environ.get(name) or not path:
        return environ.get(name) or None

    from service.settings.secret_files import read_secret  # noqa: PLC0415 - keeps --help quick

    try:
        return read_secret(Path(path))
    except ValueError as error:
        raise SettingsError([f"{name}_FILE: {error}"]) from None


def open_journal_beside(settings: "Settings") -> "AbstractAsyncContextManager[Journal]":
    """Open the journal of these settings, whether or not a service runs on it.

    Raises:
        JournalError: On entry: it cannot be opened.
    """
    from service.journal.database import open_journal  # noqa: PLC0415 - keeps --help quick

    return open_journal(settings.database_url, exclusive=False, key=settings.storage_key())


async def expect_call(journal: "Journal", call_id: CallId) -> None:
    """Expect that there is such a call: the beginning of an id is none.

    Raises:
        SettingsError: There is none.
        JournalUnavailableError: The database does not answer.
    """
    if await journal.load(call_id) is None:
        raise SettingsError([f"{call_id}: {NO_CALL}"])


def whole_number(low: int, high: int = _MAX_NUMBER) -> Callable[[str], int]:
    """Make a reader of whole numbers in this range (argparse type)."""
    wanted = f"{low} or more" if high == _MAX_NUMBER else f"{low} to {high}"

    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,16}", text):
            raise argparse.ArgumentTypeError(f"should be a whole number, {wanted}")
        if not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"should be {wanted}")
        return int(text)

    return read


positive = whole_number(1)
port = whole_number(0, 65_535)
"""0 lets the system choose."""


def seconds(text: str) -> float:
    """Read how long something may take (argparse type)."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise argparse.ArgumentTypeError("should be a number of seconds, such as 120")
    return float(text)


def moment(text: str) -> float:
    """Read a time; without a zone it is UTC (argparse type)."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            "should be a time, such as 2026-11-22 or 2026-11-22T10:00"
        ) from None


def host(text: str) -> str:
    """Read the name or the address of a machine (argparse type)."""
    try:
        text.encode("idna")
    except UnicodeError:
        text = ""
    if not text or not re.fullmatch(r"[^\s/@]+", text):
        raise argparse.ArgumentTypeError("should be a host, such as 127.0.0.1")
    return text


def url(*schemes: str) -> Callable[[str], str]:
    """Make a reader of addresses with one of these schemes and a host (argparse type)."""
    wanted = f"should be {' or '.join(f'{scheme}://' for scheme in schemes)} and a host"

    def read(text: str) -> str:
        from urllib.parse import urlsplit  # noqa: PLC0415 - keeps --help quick

        try:
            parts = urlsplit(text)
            _ = parts.port, (parts.hostname or "").encode("idna")
        except ValueError:  # that of a name, too, which is Unicode's
            raise argparse.ArgumentTypeError(wanted) from None
        if parts.scheme not in schemes or not parts.hostname:
            raise argparse.ArgumentTypeError(wanted)
        return text

    return read
