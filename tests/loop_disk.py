"""A disk of its own in a file, which shows what is on it when the power fails (Linux, as root)."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_IMAGE, _CUT = "disk.img", "cut.img"


@dataclass(frozen=True, slots=True)
class LoopDisk:
    """A file system that is mounted at `place`."""

    place: Path
    folder: Path

    def after_a_cut(self) -> dict[str, bytes]:
        """Return every file, by name, that would be there if the power failed now."""
        shutil.copyfile(self.folder / _IMAGE, self.folder / _CUT)
        with _mounted(self.folder / _CUT, self.folder / "after") as place:
            if place is None:
                raise OSError("what was just mounted cannot be mounted again")
            files = [path for path in sorted(place.rglob("*")) if path.is_file()]
            return {str(path.relative_to(place)): path.read_bytes() for path in files}


@contextmanager
def loop_disk(folder: Path) -> Iterator[LoopDisk | None]:
    """Make and mount one; yield None where that is not allowed."""
    image = folder / _IMAGE
    with image.open("wb") as file:
        file.truncate(16 * 1024 * 1024)
    os.system(f"mkfs.ext4 -q -F {image} 2>/dev/null")  # noqa: S605
    with _mounted(image, folder / "disk") as place:
        yield None if place is None else LoopDisk(place, folder)


@contextmanager
def _mounted(image: Path, place: Path) -> Iterator[Path | None]:
    place.mkdir(exist_ok=True)
    # nothing is written by itself for ten minutes: only what is synced is there
    command = f"mount -o loop,commit=600 {image} {place} 2>/dev/null"
    if os.geteuid() != 0 or os.system(command):  # noqa: S605
        yield None
        return
    try:
        yield place
    finally:
        os.system(f"umount -l {place}")  # noqa: S605
