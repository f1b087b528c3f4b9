"""What stands between the service's rooms in a proof: it watches, and is in the way if told so."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from service.calls.inputs import AudioLost, Input
from service.errors import JournalUnavailableError
from service.ports import Journal, Recognition, RecognitionPlan, Recognitions
from service.stt.ring import Ring

WRITES = frozenset({"commit", "settle", "keep_token", "use_token", "adopt"})
"""What changes the journal in a call's life."""

Step = Callable[[str], Awaitable[None]]


async def _go_on(_name: str) -> None:
    """Do nothing at a boundary."""


class JournalDoor:
    """Stands before the journal. `before` and `after` are awaited at every write."""

    def __init__(self) -> None:
        self.away = False
        self.slow_s = 0.0
        self.before: Step = _go_on
        self.after: Step = _go_on

    def wrap(self, journal: Journal) -> Journal:
        """Return the journal behind this door."""
        return cast("Journal", _Behind(journal, self))

    async def pass_through(self) -> None:
        """Let somebody in, late if it is slow.

        Raises:
            JournalUnavailableError: The journal is away.
        """
        if self.away:
            raise JournalUnavailableError("the journal is away")
        if self.slow_s:
            await asyncio.sleep(self.slow_s)


class _Behind:
    """A journal whose every method goes through a door."""

    def __init__(self, journal: Journal, door: JournalDoor) -> None:
        self._journal = journal
        self._door = door

    def __getattr__(self, name: str) -> object:
        method = getattr(self._journal, name)
        door = self._door

        async def through(*args: object, **named: object) -> object:
            await door.pass_through()
            if name in WRITES:
                await door.before(name)
            result = await method(*args, **named)
            if name in WRITES:
                await door.after(name)
            return result

        return through


class SilentGaps:
    """Recognitions that never tell what they lost: to see that the proof notices."""

    def __init__(self, recognitions: Recognitions) -> None:
        self._recognitions = recognitions

    def open(self, plan: RecognitionPlan, tell: Callable[[Input], None]) -> Recognition:
        """See `Recognitions.open`."""

        def hide(item: Input) -> None:
            if not isinstance(item, AudioLost):
                tell(item)

        return self._recognitions.open(plan, hide)


class ForgetfulRing(Ring):
    """Audio that is never sent twice: to see that the proof notices."""

    def find(self, at_ms: int) -> int:
        """Have every session begin with what comes next."""
        del at_ms
        return self.end
