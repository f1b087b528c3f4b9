"""Has what lies in an archive's folder survive a power cut: the library writes, and never syncs."""

import errno
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_STAGED: Final = re.compile(r"#\d+$")
"""How the library names what it has not yet written to the end; it lists no such file."""
_BLOCK_BYTES: Final = 512
_NO_SYNC: Final = (errno.EINVAL, errno.ENOTSUP)
"""What a file system says that does not sync folders: it has no need to, or no way."""


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, unless they are there.

    Raises:
        OSError: The disk does not take it.
    """
    missing = [one for one in folder.parents if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in (folder, *missing):
        with suppress(PermissionError):  # a folder that we may not list was not made by us
            _sync_folder(one.parent)


def sync_files(root: Path, names: Iterable[str]) -> None:
    """Return once these files, and that they are there, would survive a power cut.

    Raises:
        OSError: They would not. A file that the disk did not take is gone: after a failure the
            system counts it as written, and the next attempt would be told that all is well.
    """
    folders = set[Path]()
    for name in names:
        path = root / name
        _sync_file(path)
        folders.update(one for one in path.parents if one.is_relative_to(root))
    for one in sorted(folders, reverse=True):
        _sync_folder(one)


def sync_erasure(root: Path, name: str) -> None:
    """Return once what was deleted in a folder would not come back after a power cut.

    What an attempt that was killed left there half-written is deleted as well.

    Raises:
        OSError: It may come back.
    """
    folder = root / name
    for one in (*sorted(folder.rglob("*"), reverse=True), folder):
        if one.is_dir():
            with suppress(OSError):  # there is something in it
                one.rmdir()
        elif _STAGED.search(one.name):
            one.unlink(missing_ok=True)
    left = [one for one in folder.rglob("*") if one.is_dir()]
    for one in (*left, folder, *folder.parents):
        if one.is_relative_to(root) and one.exists():
            _sync_folder(one)


def is_torn(found: bytes, whole: bytes) -> bool:
    """Say whether this is what a power cut may have left of a file: blocks of it, and nothing.

    What was never written to a block is zeros there, or the file ends before it.
    """
    if not found.strip(b"\0"):
        return True
    if len(found) > len(whole):
        return False
    starts = range(0, len(found), _BLOCK_BYTES)
    blocks = (found[at : at + _BLOCK_BYTES] for at in starts)
    return all(
        not block.strip(b"\0") or whole.startswith(block, at)
        for at, block in zip(starts, blocks, strict=True)
    )


def reason_of(error: OSError) -> str:
    """Return as a slug why a disk did not take something."""
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return "not_permitted"
    return "not_found" if isinstance(error, FileNotFoundError) else "unreachable"


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)
