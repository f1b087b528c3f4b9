"""Files of which the synced part survives a power cut, and as much of the rest as chance wants.

It is stricter than the file systems that it stands for: a file's name survives only if its
folder was synced. Of bytes that were written twice between two syncs, the older are not tried.
"""

import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

SECTOR = 512
"""What is written whole or not at all."""
PAGE = 4096


class Cut(StrEnum):
    """What is left of that which was not synced."""

    NOTHING = "nothing"
    SECTORS = "sectors"
    """Any sectors, whatever was written first."""
    PAGES = "pages"
    """Any pages of `PAGE`."""
    EARLIEST = "earliest"
    """What was written before some moment."""


@dataclass(slots=True)
class File:
    """What is read of a file (`now`), and what is left of it without power (`kept`)."""

    number: int
    mode: int
    now: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)
    dirty: dict[int, None] = field(default_factory=dict)
    """The sectors that were written since the last sync, the latest last."""

    def write(self, offset: int, data: bytes | memoryview) -> None:
        """Write, behind the end as well."""
        if offset > len(self.now):
            self.resize(offset)
        self.now[offset : offset + len(data)] = data
        self._mark(offset, offset + len(data))

    def resize(self, size: int) -> None:
        """Cut it off, or fill it up with zeros."""
        length = len(self.now)
        if size < length:
            del self.now[size:]
        else:
            self.now.extend(bytes(size - length))
            self._mark(length, size)

    def sync(self) -> None:
        """Keep all of it."""
        self._keep(self.dirty)
        del self.kept[len(self.now) :]
        self.dirty.clear()

    def cut(self, survives: Callable[[Iterable[int]], Collection[int]]) -> None:
        """Lose what was not synced, but for the sectors that survive."""
        self._keep(survives(self.dirty))
        self.now = bytearray(self.kept)
        self.dirty.clear()

    def _mark(self, start: int, end: int) -> None:
        for sector in range(start // SECTOR, -(-end // SECTOR)):
            self.dirty.pop(sector, None)  # it goes to the end
            self.dirty[sector] = None

    def _keep(self, sectors: Iterable[int]) -> None:
        for sector in sectors:
            start = sector * SECTOR
            data = self.now[start : start + SECTOR]  # none, if it was cut off
            if data:
                self.kept.extend(bytes(max(0, start - len(self.kept))))
                self.kept[start : start + len(data)] = data


class VolatileDisk:
    """One folder of files."""

    def __init__(self) -> None:
        self.names: dict[str, File] = {}
        self.kept_names: dict[str, File] = {}
        self._made = 1  # the folder itself

    def make(self, name: str, mode: int) -> File:
        """Make an empty file."""
        self._made += 1
        made = self.names[name] = File(self._made, mode)
        return made

    def sync_names(self) -> None:
        """Keep which files there are."""
        self.kept_names = dict(self.names)

    def cut(self, how: Cut, dice: random.Random) -> None:
        """Lose what was not synced, of every file and of the folder."""
        for name in sorted({*self.names, *self.kept_names}):
            old, new = self.kept_names.get(name), self.names.get(name)
            if old is not new and how is not Cut.NOTHING and dice.random() < 0.5:
                self.kept_names.pop(name, None)
                self.kept_names |= {name: new} if new else {}
        self.names = dict(self.kept_names)
        for file in self.names.values():
            file.cut(lambda dirty: _survivors(how, dice, list(dirty)))

    def save(self, folder: Path) -> None:
        """Write what was kept into a real folder that is there."""
        for old in folder.iterdir():
            old.unlink()
        for name, file in self.kept_names.items():
            (folder / name).write_bytes(file.kept)
            (folder / name).chmod(file.mode & 0o777)

    @classmethod
    def load(cls, folder: Path) -> "VolatileDisk":
        """Return a disk that has kept what is in a folder."""
        disk = cls()
        for path in sorted(folder.iterdir()):
            disk.make(path.name, path.stat().st_mode).write(0, path.read_bytes())
        for file in disk.names.values():
            file.sync()
        disk.sync_names()
        return disk


def _survivors(how: Cut, dice: random.Random, dirty: list[int]) -> Collection[int]:
    match how:
        case Cut.NOTHING:
            return ()
        case Cut.SECTORS:
            return [sector for sector in dirty if dice.random() < 0.5]
        case Cut.PAGES:
            pages = {sector * SECTOR // PAGE for sector in dirty}
            left = {page for page in sorted(pages) if dice.random() < 0.5}
            return [sector for sector in dirty if sector * SECTOR // PAGE in left]
        case Cut.EARLIEST:
            return dirty[: dice.randint(0, len(dirty))]
