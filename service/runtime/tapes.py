"""Has Telnyx's recordings of calls fetched and kept, and the calls told what came of it."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import structlog

from service.calls.commands import FetchTape
from service.calls.tape_answers import TapeKept, TapeNotKept
from service.errors import BadInputError, JournalUnavailableError, TapeError
from service.ids import CallId
from service.ports import KeptTape, TapeShelf, TapeSource
from service.runtime.media_stream import CallInbox
from service.tasks import Tasks

_MAX_AT_ONCE: Final = 4

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TapeRoom:
    """Where Telnyx's recordings are fetched from, and who keeps them."""

    source: TapeSource
    shelf: TapeShelf


class TapeFetcher:
    """Runs the `FetchTape` of all calls. Without anybody to keep them, it says so."""

    def __init__(self, room: TapeRoom | None, tasks: Tasks, clock: Callable[[], float]) -> None:
        self._room = room
        self._tasks = tasks
        self._clock = clock
        self._places = asyncio.Semaphore(_MAX_AT_ONCE)
        self._turns: dict[CallId, asyncio.Lock] = {}
        self._running: dict[CallId, set[asyncio.Task[None]]] = {}

    def start(self, call: CallInbox, command: FetchTape) -> None:
        """Begin and return at once; `call` gets what came of it."""
        task = self._tasks.start(self._run(call, command), "fetch_tape", of=call.call_id)
        self._running.setdefault(call.call_id, set()).add(task)
        task.add_done_callback(lambda done: self._ended(call.call_id, done))

    def forget(self, call_id: CallId) -> None:
        """Fetch nothing more of a call that was erased, and delete what there is."""
        self.let_go(call_id)
        if self._room is not None:
            self._room.shelf.forget(call_id)

    def let_go(self, call_id: CallId) -> None:
        """Fetch nothing more of a call: whoever has it now does."""
        for task in self._running.get(call_id, ()):
            task.cancel()

    def _ended(self, call_id: CallId, task: asyncio.Task[None]) -> None:
        running = self._running.get(call_id, set())
        running.discard(task)
        if not running:
            self._running.pop(call_id, None)
            self._turns.pop(call_id, None)

    async def _run(self, call: CallInbox, command: FetchTape) -> None:
        turn = self._turns.setdefault(call.call_id, asyncio.Lock())
        async with turn, self._places:  # tapes of a call go into one file, one after the other
            answer = await self._answer(call.call_id, command)
        if isinstance(answer, TapeNotKept):
            log.warning("tape_not_kept", call_id=call.call_id, reason=answer.reason)
        call.post(answer)

    async def _answer(self, call_id: CallId, command: FetchTape) -> TapeKept | TapeNotKept:
        if self._room is None:
            return self._not_kept(command, "nobody_keeps", for_good=True)
        try:
            size = await self._keep(self._room, call_id, command)
        except TapeError as error:
            return self._not_kept(
                command, error.reason, for_good=error.for_good, has_expired=error.has_expired
            )
        except BadInputError:
            return self._not_kept(command, "unreadable", for_good=True)
        except JournalUnavailableError:
            return self._not_kept(command, "journal_unavailable")
        except OSError:
            return self._not_kept(command, "not_written")
        return TapeKept(number=command.number, at=self._clock(), **size._asdict())

    async def _keep(self, room: TapeRoom, call_id: CallId, command: FetchTape) -> KeptTape:
        if not command.link:
            return await room.shelf.silence(call_id, command)
        async with aclosing(room.source.download(command.link)) as pieces:
            return await room.shelf.keep(call_id, command, pieces)

    def _not_kept(
        self,
        command: FetchTape,
        reason: str,
        *,
        for_good: bool = False,
        has_expired: bool = False,
    ) -> TapeNotKept:
        return TapeNotKept(
            number=command.number,
            at=self._clock(),
            reason=reason,
            for_good=for_good,
            has_expired=has_expired,
        )
