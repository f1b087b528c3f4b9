"""How tests wait: for the thing itself, never for a while."""

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path


async def until(done: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Return once something is so; fail after `timeout_s` seconds.

    Raises:
        TimeoutError: It never was.
    """
    async with asyncio.timeout(timeout_s):
        while not done():  # noqa: ASYNC110 - what is waited for is whatever the test names
            await asyncio.sleep(0)


async def writing_to_a_reader(fifo: Path, timeout_s: float = 5.0) -> int:
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
