"""Work that goes on beside everything else, for as long as the simulator is open."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager


class Background:
    """Runs things in a `TaskGroup` that can be left while they still run."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._live: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        """Start something; it is cut when the simulator closes, and closes it if it fails."""
        task = self._group.create_task(work, name=name)
        self._live.add(task)
        task.add_done_callback(self._live.discard)
        return task

    def cut(self) -> None:
        """Cancel whatever still runs."""
        for task in self._live:
            task.cancel()


@asynccontextmanager
async def open_background() -> AsyncIterator[Background]:
    """Open it; on the way out whatever still runs is cancelled and awaited.

    An error of the body leaves as itself, not inside the group's `ExceptionGroup`.
    """
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        background = Background(group)
        try:
            yield background
        except Exception as error:  # noqa: BLE001 - raised again below
            failure = error
        finally:
            background.cut()
    if failure is not None:
        raise failure
