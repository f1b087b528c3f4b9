"""Erasing a call beside a running service: from the command line, through the journal.

Both write by the call's version, so one of them is refused and looks again: if that is the
service, it finds the call erased and takes nothing more of it.
"""

from collections.abc import Callable

from service.calls.inputs import EraseAsked
from service.errors import JournalUnavailableError, StaleCallError
from service.ids import CallId
from service.ports import Journal
from service.runtime.call import MAX_ATTEMPTS
from service.runtime.commit import commit_turn, load_call


class JournalEraser:
    """Erases calls in a journal that another process may serve from."""

    def __init__(self, journal: Journal, *, clock: Callable[[], float]) -> None:
        self._journal = journal
        self._clock = clock

    async def erase(self, call_id: CallId, *, reason: str) -> bool:
        """Return once the tombstone is committed; False if nothing was ever kept of the call.

        What the call wanted done besides is the serving process's: it sees the journal.

        Raises:
            JournalUnavailableError: Nothing was erased.
        """
        for _ in range(MAX_ATTEMPTS):
            call = await load_call(self._journal, call_id, ())
            if call.version == 0:
                return False
            now = self._clock()
            outcome = call.session.receive([EraseAsked(at=now, reason=reason)], now=now)
            if outcome.durable:
                try:
                    await commit_turn(self._journal, call, outcome, now=now)
                except StaleCallError:
                    continue
            (reply,) = outcome.replies
            return reply is not None and reply.refused is None
        raise JournalUnavailableError("somebody else keeps writing this call")
