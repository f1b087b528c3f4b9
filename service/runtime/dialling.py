"""Calls that somebody wants made: told to the call itself, which has Telnyx dial."""

from collections.abc import Callable

from service.calls.commands import Reply
from service.calls.dial_wish import DialAsked
from service.errors import (
    CallElsewhereError,
    ControlRefusedError,
    DrainingError,
    JournalUnavailableError,
)
from service.ids import CallId
from service.ports import DialWish
from service.runtime.registry import MAX_TRIES, CallRegistry


class Dialler:
    """The `CallStarts` of this process."""

    def __init__(self, calls: CallRegistry, clock: Callable[[], float]) -> None:
        self._calls = calls
        self._clock = clock

    async def dial(self, call_id: CallId, wish: DialWish) -> bool:
        """See `CallStarts.dial`."""
        if self._calls.draining and not self._calls.has(call_id):
            raise DrainingError("this process is stopping and makes no new calls")
        asked = DialAsked(
            at=self._clock(),
            from_number=wish.from_number,
            to_number=wish.to_number,
            route=wish.route,
            connection_id=wish.connection_id,
            metadata=wish.metadata,
        )
        reply = await self._ask(call_id, asked)
        if reply.refused is not None:
            raise ControlRefusedError(reply.refused)
        return reply.changed

    async def _ask(self, call_id: CallId, asked: DialAsked) -> Reply:
        ownership = self._calls.ownership
        for _ in range(MAX_TRIES):
            try:
                reply = await self._calls.asked(call_id, asked)
            except CallElsewhereError:
                claim = await ownership.claim(call_id)
                if claim.is_ours:
                    continue
                reply = await ownership.ask(call_id, asked, claim.owner)
            return reply or Reply(refused="unknown")
        raise JournalUnavailableError("workers keep taking this call from each other")
