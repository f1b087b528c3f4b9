"""Ownership where one service has the journal to itself: every call is its own."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Final

from service.calls.commands import Reply
from service.calls.inputs import AskedInput, WebhookInput
from service.errors import JournalUnavailableError
from service.ids import CallId, WorkerId
from service.ports import Claim, Journal, LaneHolder, Orphans

AT_ONCE: Final = 500
"""How many calls a start takes up together: the journal does not let any number wait."""
_OURS: Final = Claim(is_ours=True)
_NOBODY: Final = "there is no other worker"


class Alone:
    """An `Ownership`; its methods are documented there."""

    is_shared = False
    holds = True
    keeps_house = True

    def __init__(self, journal: Journal, lanes: LaneHolder | None = None) -> None:
        self._journal = journal
        self._lanes = lanes
        self._left: Iterator[CallId] | None = None

    def is_ours(self, owner: WorkerId | None) -> bool:
        """See `Ownership.is_ours`."""
        del owner
        return True

    async def claim(self, call_id: CallId) -> Claim:
        """See `Ownership.claim`."""
        del call_id
        return _OURS

    def lag_s(self, call_id: CallId) -> float:
        """See `Ownership.lag_s`: nobody else takes any."""
        del call_id
        return 0.0

    async def take(self, call_id: CallId) -> bool:
        """See `Ownership.take`."""
        del call_id
        return False

    async def orphans(self) -> Orphans:
        """See `Ownership.orphans`: what another process left unfinished, once.

        Their lanes go on where they were: also those that have nothing to deliver before more
        comes have to know of which life they are, and what was given up.
        """
        if self._left is None:
            self._left = iter([kept.call_id for kept in await self._journal.unfinished()])
        some = tuple(islice(self._left, AT_ONCE))
        await asyncio.gather(*map(self._journal.adopt, some))  # in few transactions
        if self._lanes is not None:
            await self._lanes.take_up(some)
        return Orphans(some)

    async def forward(self, call_id: CallId, item: WebhookInput, to: WorkerId | None) -> None:
        """See `Ownership.forward`."""
        del call_id, item, to
        raise JournalUnavailableError(_NOBODY)

    async def ask(self, call_id: CallId, item: AskedInput, to: WorkerId | None) -> Reply | None:
        """See `Ownership.ask`."""
        del call_id, item, to
        raise JournalUnavailableError(_NOBODY)

    async def leave(self) -> bool:
        """See `Ownership.leave`."""
        return False

    async def hand_over(self) -> None:
        """See `Ownership.hand_over`."""
        raise JournalUnavailableError(_NOBODY)
