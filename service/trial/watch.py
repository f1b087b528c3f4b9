"""Waiting for what comes in by itself: webhooks, sockets, words."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

_Found = TypeVar("_Found")


class Watch:
    """Whoever waits looks again whenever there is news."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def tell(self) -> None:
        """Say that there is something new to look at."""
        self._news.set()

    async def until(self, find: Callable[[], _Found | None], within_s: float) -> _Found | None:
        """Return the first thing that `find` finds, or None if that takes longer."""
        try:
            async with asyncio.timeout(within_s):
                while (found := find()) is None:
                    self._news.clear()
                    await self._news.wait()
                return found
        except TimeoutError:
            return None
