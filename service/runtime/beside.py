"""Erasing a call beside a running service: from the command line, through the journal.

Both write by the call's version, so one of them is refused and looks again: if that is the
service, it finds the call erased and takes nothing more of it.
"""

import asyncio
from collections.abc import Callable, Sequence

from service.calls.commands import Command
from service.calls.inputs import EraseAsked
from service.calls.routes import Route
from service.ids import CallId
from service.ports import UNOBSERVED, Journal, StoredEvent
from service.runtime.live import LiveCall, Office
from service.runtime.seen import Seen


class _NoEffects:
    """The lanes and streams are another process's; it sees the journal."""

    def carry_out(
        self,
        call: LiveCall,
        route: Route | None,
        stored: Sequence[StoredEvent],
        commands: Sequence[Command],
    ) -> None:
        """Do nothing."""

    def forget(self, call: LiveCall) -> None:
        """Do nothing."""


class JournalEraser:
    """Erases calls in a journal that another process may serve from."""

    def __init__(self, journal: Journal, *, clock: Callable[[], float]) -> None:
        self._journal = journal
        self._clock = clock

    async def erase(self, call_id: CallId, *, reason: str) -> bool:
        """Return once the tombstone is committed; False if nothing was ever kept of the call.

        Raises:
            JournalUnavailableError: Nothing was erased.
        """
        if await self._journal.load(call_id) is None:
            return False
        async with asyncio.TaskGroup() as tasks:
            office = Office(
                journal=self._journal,
                routes=(),
                clock=self._clock,
                seen=Seen(),
                tasks=tasks,
                effects=_NoEffects(),
                observer=UNOBSERVED,
            )
            call = LiveCall(call_id, office)
            asked = call.tell(EraseAsked(at=self._clock(), reason=reason))
            (outcome,) = await asyncio.gather(asked, return_exceptions=True)
            call.stop()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome is not None and outcome.refused is None
