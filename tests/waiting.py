"""How tests wait: for the thing itself, never for a while."""

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 30.0
"""After that a test fails which waits for what has to come: no bound on how fast it comes."""
_TURNS: Final = 50
"""So often it looks with each turn of the loop: what only this process does is done by then."""
_PAUSE_S: Final = 0.001
"""Between two looks after that, so that threads and processes which do it have the processor."""


async def until(done: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    """Return once something is so; fail after `timeout_s` seconds.

    Raises:
        TimeoutError: It never was.
    """
    async with asyncio.timeout(timeout_s):
        looks = 0
        while not done():
            await asyncio.sleep(0 if looks < _TURNS else _PAUSE_S)
            looks += 1


async def writing_to_a_reader(fifo: Path, timeout_s: float = PATIENCE_S) -> int:
    """Return a FIFO's descriptor for writing once somebody reads it, who then waits for its end.

    To open it as a file waits for a reader in the kernel, where no time-out reaches.

    Raises:
        TimeoutError: Nobody read it.
    """
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
            await asyncio.sleep(0.01)
