"""Connections made ahead, to engines whose sessions end sooner than the next one is opened.

One after the other, each would hear a few seconds, and nobody would hear what is said meanwhile.
So while one connection is made, or its session lasts, the next ones are made as well.
"""

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from service.errors import RecognitionError
from service.stt.connection import Connection
from service.tasks import Tasks, open_tasks

Opening = Callable[[], Coroutine[Any, Any, Connection]]
_Made = Awaitable[Connection | None]


class Spares:
    """The spare connections of one recognition, for each URL. Made by `open_spares`."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._made: defaultdict[str, deque[_Made]] = defaultdict(deque)
        self._idle: set[Connection] = set()

    def make(self, url: str, opening: Opening, *, count: int) -> None:
        """Begin to make connections, until so many stand by."""
        while len(self._made[url]) < count:
            self._made[url].append(self._tasks.start(self._open(opening), "stt_spare"))

    def take(self, url: str) -> Coroutine[Any, Any, Connection | None]:
        """Take the first that stands by, so that another may be made; return what waits for it.

        That gives None if there is none, if it could not be made, or is closed by now.
        """
        made = self._made[url]
        return self._taken(made.popleft() if made else None)

    async def _taken(self, made: _Made | None) -> Connection | None:
        if made is None:
            return None
        connection = await made
        if connection is None:
            return None
        self._idle.discard(connection)
        return None if connection.is_closed else connection

    def close(self) -> None:
        """Drop what nobody took."""
        for connection in self._idle:
            connection.abort()

    async def _open(self, opening: Opening) -> Connection | None:
        try:
            connection = await opening()
        except RecognitionError:
            return None  # whoever needs one makes one, and learns why
        self._idle.add(connection)
        return connection


@asynccontextmanager
async def open_spares() -> AsyncIterator[Spares]:
    """Keep spare connections until the block ends; those that nobody took are dropped then."""
    async with open_tasks() as tasks:
        spares = Spares(tasks)
        try:
            yield spares
        finally:
            spares.close()
