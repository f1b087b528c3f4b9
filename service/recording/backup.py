"""Puts a journal's copy and its recordings into one archive, which is there when it is whole."""

import fcntl
import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

RECORDINGS = "recordings"
ARCHIVE = "backup.tar"
SIDE_FILES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, and believes: also what is left of the one before."""
_PREFIX, _SUFFIX = "callscribe-backup-", ".partial"


@contextmanager
def new_archive(target: Path) -> Iterator[Path]:
    """Yield a private folder to write `ARCHIVE` in; at the end of the block, that is the target.

    The folder is beside the target and goes in any case; if the process is killed, with the next
    backup there (`remove_left_over`).

    Raises:
        FileExistsError: The target is there already; nothing is ever written over.
        OSError: It cannot be written there.
    """
    _expect_none(target)
    with ExitStack() as stack:
        with _locked(target.parent):  # or a backup beside this one might take it for left over
            made = TemporaryDirectory(prefix=_PREFIX, suffix=_SUFFIX, dir=target.parent)
            folder = Path(stack.enter_context(made))
            stack.enter_context(_locked(folder))
        yield folder
        _expect_none(target)
        (folder / ARCHIVE).rename(target)
        _sync(target.parent)


def remove_left_over(folder: Path) -> list[Path]:
    """Remove what backups that were killed left in a folder; return which folders of theirs.

    Those that still run hold a lock on theirs.

    Raises:
        OSError: Something cannot be removed.
    """
    removed = list[Path]()
    with _locked(folder):
        for one in sorted(folder.glob(f"{_PREFIX}*{_SUFFIX}")):
            with suppress(BlockingIOError, FileNotFoundError), _locked(one, wait=False):
                shutil.rmtree(one)
                removed.append(one)
    return removed


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Keep others that lock a folder out of the block, and for no longer than the process lives.

    Raises:
        BlockingIOError: Somebody else has it, and is not waited for.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def paths_in(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """Yield where recordings are; what leads out of their folder is none of them."""
    for name in names:
        if name not in {"", ".."} and Path(name).name == name:
            yield folder / name


def write_archive(archive: Path, journal: Path, name: str, recordings: Iterable[Path]) -> int:
    """Write a tar file of a journal, under this name, and recordings; return how many of these.

    A recording that is still written to is taken as far as it was, which is how a crash would
    leave it; one that was erased meanwhile is left out. Nobody else may read the archive.

    Empty files go before the journal by the names of those that SQLite keeps beside it: unpacked
    over a journal whose service was killed, its log must not become that of the copy.

    Raises:
        OSError: It is there already, or cannot be written.
    """
    count = 0
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        member = tar.gettarinfo(journal)
        member.size = 0
        for suffix in SIDE_FILES:
            member.name = name + suffix
            tar.addfile(member)
        tar.add(journal, name)
        for path in recordings:
            count += _add(tar, path)
        tar.close()
        file.flush()
        os.fsync(descriptor)
    return count


def _add(tar: tarfile.TarFile, path: Path) -> bool:
    try:
        audio = path.open("rb")
    except FileNotFoundError:
        return False
    with audio:
        member = tar.gettarinfo(arcname=f"{RECORDINGS}/{path.name}", fileobj=audio)
        tar.addfile(member, audio)  # as much as there was a moment ago: it only grows
    return True


def _expect_none(path: Path) -> None:
    try:
        path.lstat()
    except FileNotFoundError:
        return
    raise FileExistsError(f"{path} is there already")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
