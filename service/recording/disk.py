"""Opens files that only their owner reads, and writes them to the last byte."""

import glob
import os
from io import FileIO
from pathlib import Path
from typing import Final

_PIECE_BYTES: Final = 65_536


def open_own(path: Path) -> FileIO:
    """Open a file to read and write, made with mode 0600 where there is none.

    Raises:
        OSError: It cannot be opened.
    """
    return open(path, "r+b", buffering=0, opener=_make)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it where the file stands.

    Raises:
        OSError: The disk does not take it.
    """
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def write_zeros(descriptor: int) -> None:
    """Write zeros over all of a file, down to the disk.

    Raises:
        OSError: The disk does not take it.
    """
    size = os.lseek(descriptor, 0, os.SEEK_END)
    os.lseek(descriptor, 0, os.SEEK_SET)
    for at in range(0, size, _PIECE_BYTES):
        write_all(descriptor, bytes(min(_PIECE_BYTES, size - at)))
    os.fsync(descriptor)


def remove_recording(path: Path) -> None:
    """Remove a recording, and what lies beside it while it is written anew; there may be none.

    Raises:
        OSError: Something is there and cannot be removed.
    """
    for one in (path, *path.parent.glob(glob.escape(path.name) + ".*")):
        one.unlink(missing_ok=True)


def _make(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o600)
