"""The disk as a process of its own, which no pause of its user holds up. It is run as a file.

`process.py PLACE IMAGE` mounts at PLACE what is kept in the folder IMAGE, and says `mounted`. A
line `nothing SEED` (or another `Cut`) cuts the power: nothing is answered from then on, what
survives is in IMAGE, and it says `cut`. At the end of its input it unmounts and ends.
"""

import random
import select
import sys
from pathlib import Path

from tests.chaos.disk.fuse import FuseServer, mounted
from tests.chaos.disk.volatile import Cut, VolatileDisk


def main(place: Path, image: Path) -> None:
    """Run the disk until the end of the input."""
    disk = VolatileDisk.load(image)
    try:
        with mounted(place) as device:
            _say("mounted")
            how, _, seed = _serve(FuseServer(disk), device).partition(" ")
            if how:
                disk.cut(Cut(how), random.Random(seed))  # noqa: S311 - to be played again
                disk.save(image)
                _say("cut")
                sys.stdin.read()  # who waits for an answer now must not get one
    except OSError as error:
        _say(f"refused: {error.strerror}")


def _serve(server: FuseServer, device: int) -> str:
    """Answer the kernel until told otherwise; return the line, none at the end of the input."""
    waiting = select.poll()
    for one in (device, sys.stdin.fileno()):
        waiting.register(one, select.POLLIN)
    while True:
        ready = {one for one, _ in waiting.poll()}
        if sys.stdin.fileno() in ready:
            return sys.stdin.readline().strip()
        if not server.serve_one(device):
            return ""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
