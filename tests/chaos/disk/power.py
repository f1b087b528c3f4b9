"""The disk from outside: plugged in, cut off, plugged in again with what survived."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.chaos.disk import process
from tests.chaos.disk.volatile import Cut

_ANSWER_S = 30.0


class PowerDisk:
    """One disk. `place` is where it is while it has power, `image` what survived the last cut."""

    def __init__(self, place: Path, image: Path) -> None:
        self.place = place
        self.image = image
        self._process: asyncio.subprocess.Process | None = None

    async def plug_in(self) -> str:
        """Give it power; return why that cannot be done here, if so."""
        program = str(Path(process.__file__))
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", program, str(self.place), str(self.image),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said = await self._said()
        return "" if said == "mounted" else said

    async def cut(self, how: Cut, seed: str) -> None:
        """Have it answer nobody, and lose what was not synced. Who waits for it waits."""
        self._running.stdin.write(f"{how} {seed}\n".encode())  # type: ignore[union-attr]
        if (said := await self._said()) != "cut":
            raise RuntimeError(f"the disk says {said!r}")

    async def pull_out(self) -> None:
        """Unmount it; who waits for it gets an error."""
        if self._process is not None and self._process.returncode is None:
            self._running.stdin.close()  # type: ignore[union-attr]
            async with asyncio.timeout(_ANSWER_S):
                await self._process.wait()

    async def _said(self) -> str:
        async with asyncio.timeout(_ANSWER_S):
            line = await self._running.stdout.readline()  # type: ignore[union-attr]
        return line.decode().strip()

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise ValueError("it was never plugged in")
        return self._process


@asynccontextmanager
async def open_disk(folder: Path) -> AsyncIterator[PowerDisk | None]:
    """Plug in an empty disk in a folder; yield None, and say why, where that cannot be done."""
    place, image = folder / "disk", folder / "image"
    place.mkdir()
    image.mkdir()
    disk = PowerDisk(place, image)
    try:
        refused = await disk.plug_in()
        if refused:
            sys.stderr.write(f"power cut: SKIPPED, no FUSE here ({refused})\n")
        yield None if refused else disk
    finally:
        await disk.pull_out()
