"""Which service may write the journal in a file: one, by whatever name it calls the file."""

import errno
import os
import sqlite3
import struct
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from service.errors import JournalUnavailableError
from service.reasons import system_fault

_BYTE: Final = 1 << 62
"""The byte of the database that is locked: far beyond those that SQLite locks, or ever writes."""
_REMEDY: Final = "stop that one first, or give this one another database_url"


class FileId(NamedTuple):
    """What a file is, by whatever name."""

    device: int
    inode: int


def identify(path: Path) -> FileId:
    """Return what the file at this path is.

    Raises:
        OSError: There is none.
    """
    found = path.stat()
    return FileId(found.st_dev, found.st_ino)


def is_there(path: Path) -> bool:
    """Return whether there is a file at this path.

    Raises:
        JournalUnavailableError: It cannot be known: the name is too long, or a folder is closed.
    """
    try:
        return path.exists()
    except OSError as error:
        raise JournalUnavailableError(
            f"cannot open the database {path}: {system_fault(error)}"
        ) from error


def expect_there(path: Path) -> None:
    """Expect a journal at this path.

    Raises:
        JournalUnavailableError: There is none.
    """
    if not is_there(path):
        raise JournalUnavailableError(f"there is no journal at {path}")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every service out of the journal in this file, which may be yet to be made.

    Raises:
        JournalUnavailableError: One has it, or the lock cannot be made.
    """
    path = path.resolve()  # a symbolic link has the lock of what it leads to
    with _locked_beside(path.with_name(path.name + ".lock")):
        yield


@contextmanager
def locked_within(path: Path) -> Iterator[None]:
    """Lock the database itself, which the same file has under all of its names.

    Where the system has no lock that SQLite's own would not undo, this does nothing.

    Raises:
        JournalUnavailableError: A service has it, perhaps by another name.
        OSError: It cannot be opened.
    """
    # SQLite's locks of this process end when any descriptor of the file is closed, so this one
    # is closed after all of them
    descriptor = os.open(path, os.O_RDWR)
    try:
        if sys.platform == "linux":
            _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def make_private(path: Path) -> None:
    """Make a file unless it is there: nobody else may read transcripts.

    SQLite gives the same mode to its `-wal` and `-shm`.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


@contextmanager
def _locked_beside(path: Path) -> Iterator[None]:
    # An open transaction on a file of its own: it locks wherever SQLite does, the kernel lets
    # go of it when the process dies, and the journal itself stays open to the command line.
    try:
        make_private(path)
    except OSError as error:
        raise JournalUnavailableError(
            f"cannot open the database {path}: {system_fault(error)}"
        ) from error
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as db:
        try:
            db.execute("PRAGMA journal_mode = MEMORY")
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            raise JournalUnavailableError(
                f"another process keeps its journal here ({path} is locked): {_REMEDY}"
            ) from error
        yield


def _lock(descriptor: int, path: Path) -> None:
    import fcntl  # noqa: PLC0415 - not there on every system

    asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, _BYTE, 1, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, asked)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise JournalUnavailableError(
                f"another process keeps its journal in {path}, by another name of the same file:"
                f" {_REMEDY}"
            ) from error
        # this file system has no such locks: the one beside the file has to do
