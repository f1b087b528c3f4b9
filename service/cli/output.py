"""Where a transcript goes, and in which format: the same for every command that writes one."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from service.errors import BadInputError, SettingsError
from service.reasons import system_fault

_STDOUT = Path("-")


def add_output(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    """Let the command be told a file and a format."""
    parser.add_argument(
        "--format", choices=formats, help="default: as the file is named, or else txt"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default, or -: print it")
    parser.add_argument(
        "--force", action="store_true", help="write over a file that is there already"
    )


def find_format(arguments: argparse.Namespace, formats: Sequence[str]) -> str:
    """Return the format that was asked for, or that the file's name says.

    Raises:
        SettingsError: The name says one that there is not.
    """
    if arguments.format:
        return str(arguments.format)
    path = find_file(arguments)
    suffix = path.suffix.removeprefix(".").lower() if path else ""
    if suffix and suffix not in formats:
        known = ", ".join(formats)
        raise SettingsError([f"{path}: .{suffix} is not one of {known}; say which with --format"])
    return suffix or "txt"


def find_file(arguments: argparse.Namespace) -> Path | None:
    """Return the file to write; None for the standard output."""
    path: Path | None = arguments.output
    return None if path == _STDOUT else path


def expect_new(arguments: argparse.Namespace) -> None:
    """Refuse a file that is there, before any work is done for it.

    Raises:
        BadInputError: It is there, and `--force` was not said; or there can be none of this name.
    """
    path = find_file(arguments)
    try:
        found = path is not None and path.exists()
    except OSError as error:
        raise BadInputError(f"cannot write {path}: {system_fault(error)}") from error
    if found and not arguments.force:
        raise BadInputError(f"{path} is there already; --force writes over it")


@contextmanager
def writing(arguments: argparse.Namespace, path: Path) -> Iterator[BinaryIO]:
    """Open the file, which must be a new one unless `--force` was said.

    Raises:
        BadInputError: On entry: it is there, or cannot be made.
    """
    try:
        file = path.open("wb" if arguments.force else "xb")
    except OSError as error:
        raise BadInputError(f"cannot write {path}: {system_fault(error)}") from error
    with file:
        yield file
