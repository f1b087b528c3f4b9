"""Puts a journal's copy and its recordings into one archive."""

import os
import tarfile
from collections.abc import Iterable
from pathlib import Path

RECORDINGS = "recordings"


def write_archive(archive: Path, journal: Path, name: str, recordings: Iterable[Path]) -> int:
    """Write a tar file of a journal, under this name, and recordings; return how many of these.

    A recording that is still written to is taken as far as it was, which is how a crash would
    leave it; one that was erased meanwhile is left out. Nobody else may read the archive.

    Raises:
        OSError: It is there already, or cannot be written.
    """
    count = 0
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
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
