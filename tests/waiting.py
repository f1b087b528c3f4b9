"""How tests wait: for the thing itself, never for a while."""

import asyncio
from collections.abc import Callable


async def until(done: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Return once something is so; fail after `timeout_s` seconds.

    Raises:
        TimeoutError: It never was.
    """
    async with asyncio.timeout(timeout_s):
        while not done():  # noqa: ASYNC110 - what is waited for is whatever the test names
            await asyncio.sleep(0)
