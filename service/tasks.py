"""How tasks are run and ended, everywhere: a room opens `Tasks` and starts its work there.

Two kinds of work, two promises:

- **Work** (`start`): one call's turn, one delivery. It ends by itself. What it raises unforeseen
  is logged once and counted, and whoever awaits the task gets it; the room and its other work
  go on.
- **A keeper** (`keep`): it runs as long as the room is open. What it raises unforeseen is logged
  once and counted, and it is started again after a back-off; it never ends the process.

Both run in the context of the room, not of whoever happened to start them: what a recognition
binds for its log lines is none of the business of the lane whose delivery its words set off.

Closing the room cancels all of both and waits until they have ended. `CancelledError` is never
swallowed. An error of the room's own body leaves as itself, not inside an `ExceptionGroup`.

Where several tasks are one piece of work, so that the failure of one is to end the others, that
is an `asyncio.TaskGroup`, or `first_of`. What may hang in a thread runs in `DaemonThreads`.
"""

import asyncio
import errno
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Any, Final, TypeVar

import structlog

BACKOFF_S: Final = (0.1, 0.5, 2.0, 10.0, 30.0, 60.0)
"""Before a keeper that failed is started again, each time in a row; the last one stays."""
STEADY_S: Final = 60.0
"""A keeper that ran so long was sound: the back-off begins anew."""

failures: Counter[str] = Counter()
"""Unforeseen failures of this process since its start, by the `kind` of the work."""

_Result = TypeVar("_Result")

log = structlog.get_logger()


class Tasks:
    """The tasks of one room. Use from the event loop only. Made by `open_tasks`."""

    def __init__(self, backoff_s: Sequence[float] = BACKOFF_S) -> None:
        self._backoff_s = backoff_s
        self._context = copy_context()
        self._live: set[asyncio.Task[Any]] = set()

    def start(
        self, work: Coroutine[Any, Any, _Result], kind: str, *, of: str = ""
    ) -> asyncio.Task[_Result]:
        """Start a piece of work and return at once.

        `kind` is a slug for log and metrics, the same for all work of its kind; `of` tells one
        from another in the task's name and in the log.
        """
        loop, context = asyncio.get_running_loop(), self._context.copy()
        task = loop.create_task(work, name=f"{kind} {of}".rstrip(), context=context)
        self._live.add(task)
        task.add_done_callback(lambda done: self._ended(done, kind, of), context=context)
        return task

    def keep(self, run: Callable[[], Awaitable[None]], kind: str) -> asyncio.Task[None]:
        """Start a keeper and return at once; it is over when `run` returns."""
        return self.start(self._kept(run, kind), kind)

    async def close(self) -> None:
        """Cancel whatever still runs and return once all of it has ended."""
        cancelled: asyncio.CancelledError | None = None
        while self._live:
            for task in self._live:
                task.cancel()
            try:
                await asyncio.wait(self._live)
            except asyncio.CancelledError as error:  # raised below: nothing is left running
                cancelled = error
        if cancelled is not None:
            raise cancelled

    async def _kept(self, run: Callable[[], Awaitable[None]], kind: str) -> None:
        loop = asyncio.get_running_loop()
        failed = 0
        while True:
            began_at = loop.time()
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - not CancelledError: a keeper starts again
                failed = 1 if loop.time() - began_at >= STEADY_S else failed + 1
                delay_s = self._backoff_s[min(failed, len(self._backoff_s)) - 1]
                _note("keeper_failed", kind, error, again_in_s=delay_s)
                await asyncio.sleep(delay_s)
            else:
                return

    def _ended(self, task: asyncio.Task[Any], kind: str, of: str) -> None:
        self._live.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _note("task_failed", kind, error, **({"of": of} if of else {}))


class DaemonThreads(Executor):
    """Runs each call in a thread of its own that nobody has to wait for.

    On a busy machine to load a library takes half a minute, and a disk that is away holds a thread
    up for ever; the pool's threads are few, others need them, and they are waited for at exit.
    There are `most` at once: of one more, `submit` says so with `OSError`, as a system would.
    """

    def __init__(self, name: str, *, most: int) -> None:
        self._name = name
        self._places = threading.Semaphore(most)

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:  # noqa: ANN401 - any call
        """See `Executor.submit`."""
        if not self._places.acquire(blocking=False):
            raise OSError(errno.EAGAIN, f"all threads of {self._name} are held up")
        done: Future[Any] = Future()
        done.set_running_or_notify_cancel()

        def work() -> Any:  # noqa: ANN401 - any call's
            try:
                return call(*given, **named)
            finally:
                self._places.release()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                done.set_exception(error)

        threading.Thread(target=run, name=self._name, daemon=True).start()
        return done


@asynccontextmanager
async def open_tasks(*, backoff_s: Sequence[float] = BACKOFF_S) -> AsyncIterator[Tasks]:
    """Open a room's tasks; on leaving, whatever still runs is cancelled and awaited."""
    tasks = Tasks(backoff_s)
    try:
        yield tasks
    finally:
        await tasks.close()


async def first_of(*works: Coroutine[Any, Any, object]) -> int:
    """Return the index of the work that ended first; the others are cancelled and awaited.

    Raises:
        Exception: What that one raised. What the others raise on their way out is dropped.
    """
    tasks = [asyncio.get_running_loop().create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        index = next(i for i, task in enumerate(tasks) if task.done())
        tasks[index].result()
        return index
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _note(event: str, kind: str, error: BaseException, **more: object) -> None:
    failures[kind] += 1
    log.error(event, kind=kind, exc_info=error, **more)
