"""A process of the virtual machine: whatever is started in it stops as a whole."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVar

_running: ContextVar["Process | None"] = ContextVar("process", default=None)

Result = TypeVar("Result")


class Process:
    """A process. Tasks, timers and connections that its tasks make are its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parked: list[asyncio.Handle] = []
        """What would run if it did not stand still, in order."""

    def start(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """Start a task in this process."""
        context = copy_context()
        context.run(_running.set, self)
        return asyncio.get_running_loop().create_task(work, name=self.name, context=context)

    def owns(self, handle: asyncio.Handle) -> bool:
        """Say whether a callback is one of this process."""
        return owner_of(handle) is self


def owner_of(handle: asyncio.Handle) -> Process | None:
    """Return the process of a callback; None is the machine itself."""
    context: Context = handle._context  # type: ignore[attr-defined] # noqa: SLF001 - no other way
    return context.get(_running)


def running_process() -> Process | None:
    """Return the process that runs now; None is the machine itself."""
    return _running.get()
