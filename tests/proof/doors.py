"""What stands between the service's rooms in a proof: it watches, and is in the way if told so."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from service.calls.inputs import AudioLost, Input
from service.errors import JournalUnavailableError
from service.ports import Entry, Journal, Recognition, RecognitionPlan, Recognitions, StoredCall
from service.stt.ring import Ring

WRITES = frozenset({"commit", "settle", "keep_token", "use_token", "adopt"})
"""What changes the journal in a call's life."""

Step = Callable[[str], Awaitable[None]]
"""What happens at a boundary of a write, which it is told in words."""


async def _go_on(_write: str) -> None:
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
            if name not in WRITES:
                return await method(*args, **named)
            write = _in_words(name, args)
            await door.before(write)
            result = await method(*args, **named)
            await door.after(write)
            return result

        return through


def _in_words(name: str, args: Sequence[object]) -> str:
    """Name a write: a commit by the events it has, if it has any."""
    if not args or not isinstance(args[0], Entry):
        return name
    types = dict.fromkeys(event.type for event in args[0].events)
    return f"{name} {', '.join(types) or 'without an event'}"


class NothingUnfinished:
    """A journal that knows of no unfinished call: nothing that was asked is asked again."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def unfinished(self) -> list[StoredCall]:
        """See `Journal.unfinished`."""
        return []

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)


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
