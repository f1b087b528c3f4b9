"""A real disk that is soon full: a small file system in memory (Linux, as root)."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path | None]:
    """Mount one of this size (`12m`) in a folder; yield None where that is not allowed."""
    place = folder / "disk"
    place.mkdir()
    command = f"mount -t tmpfs -o size={size} tmpfs {place}"
    if os.geteuid() != 0 or os.system(f"{command} 2>/dev/null"):  # noqa: S605
        yield None
        return
    try:
        yield place
    finally:
        os.system(f"umount -l {place}")  # noqa: S605


def fill(path: Path) -> None:
    """Have a file take all that is left."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
