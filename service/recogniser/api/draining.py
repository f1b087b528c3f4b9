"""How requests that are being answered come to their end."""

import asyncio
from collections.abc import Collection


async def finish_within(requests: Collection[asyncio.Task[object]], timeout_s: float) -> None:
    """Wait until these requests are answered; cancel those that are not within `timeout_s`."""
    if requests:
        _, late = await asyncio.wait(requests, timeout=timeout_s)
        for request in late:
            request.cancel()
