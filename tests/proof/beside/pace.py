"""Speech at the speed at which it is spoken."""

import asyncio
from collections.abc import AsyncIterator

FRAME_BYTES = 320
"""20 ms of 16-bit samples at 8 kHz."""
FRAME_S = 0.02


async def frames_in_time(speech: bytes) -> AsyncIterator[bytes]:
    """Give 20 ms at a time, none of it early."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, at in enumerate(range(0, len(speech), FRAME_BYTES)):
        await asyncio.sleep(began + number * FRAME_S - loop.time())
        yield speech[at : at + FRAME_BYTES]
