"""What many calls are asked for at once, done in one go: claims, takes, and mail for other workers.

The audio of many calls may come at once to a worker that has none of them. Their rows are locked
in the order in which a commit of theirs locks them, too: else each of the two would wait for the
other, until the server noticed after a second. And where any worker gets any webhook, most are for
calls of others: one round to the server for each would be what takes longest.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, cast

from service.errors import JournalError, JournalUnavailableError
from service.ids import WorkerId
from service.journal.postgresql.connection import Connection
from service.journal.postgresql.writer import Work
from service.journal.statements import load_statements
from service.journal.worker import Worker
from service.ports import Claim

_SQL: Final = load_statements("postgresql", "workers")
_OURS: Final = Claim(is_ours=True)

Take = tuple[str, WorkerId]
"""A call, as the database spells its id, and who claims or takes it."""
Letter = tuple[str, str, bytes]
"""A webhook for another worker's call: the call's id and its own, as they are spelt, and itself."""
Claiming = Callable[[Sequence[str], WorkerId, Connection], Awaitable[dict[str, Claim]]]


class Claims:
    """Handles the claims or takes of a roster (`claiming`), by its group commits."""

    def __init__(self, fenced: Worker[Work], claiming: Claiming) -> None:
        self._fenced = fenced
        self._claiming = claiming

    async def handle(self, batch: Sequence[Take]) -> list[object]:
        """Return what became of each: a claim, or why there is none."""
        by_worker: defaultdict[WorkerId, set[str]] = defaultdict(set)
        for call_id, worker in batch:
            by_worker[worker].add(call_id)
        outcomes: dict[Take, object] = {}
        for worker, call_ids in by_worker.items():
            claims = await self._claimed(sorted(call_ids), worker)
            outcomes |= {(call_id, worker): claims[call_id] for call_id in call_ids}
        return [outcomes[take] for take in batch]

    async def close(self) -> None:
        """Have nothing to close."""

    async def _claimed(self, call_ids: Sequence[str], worker: WorkerId) -> dict[str, object]:
        try:
            claims = await self._fenced.do(partial(self._claiming, call_ids, worker))
        except JournalError as error:
            if isinstance(error, JournalUnavailableError) or len(call_ids) == 1:
                return dict.fromkeys(call_ids, error)
            half = len(call_ids) // 2  # what the database cannot hold fails alone
            first = await self._claimed(call_ids[:half], worker)
            return first | await self._claimed(call_ids[half:], worker)
        return cast(dict[str, object], claims)


class Letters:
    """Handles the mail of a roster, by its group commits; what came first stays first."""

    def __init__(self, fenced: Worker[Work]) -> None:
        self._fenced = fenced

    async def handle(self, batch: Sequence[Letter]) -> list[object]:
        """Return of each that it is kept, or why it is not."""
        try:
            await self._fenced.do(partial(_send, tuple(zip(*batch, strict=True))))
        except JournalError as error:
            if isinstance(error, JournalUnavailableError) or len(batch) == 1:
                return [error for _ in batch]
            half = len(batch) // 2  # what the database cannot hold fails alone
            return await self.handle(batch[:half]) + await self.handle(batch[half:])
        return [None for _ in batch]

    async def close(self) -> None:
        """Have nothing to close."""


async def _send(columns: Sequence[Sequence[object]], db: Connection) -> None:
    await db.execute(_SQL["send"].text, *columns)


async def claim(call_ids: Sequence[str], worker: WorkerId, db: Connection) -> dict[str, Claim]:
    """Claim calls for a worker: those that are nobody's, or of somebody who is gone, become its."""
    claims = dict.fromkeys(call_ids, _OURS)
    for call_id, owner, lives in await db.fetch(_SQL["owners"].text, call_ids):
        if owner == worker:
            continue
        if lives or not await db.fetch(_SQL["claim"].text, call_id, worker):
            # somebody lives, or was faster: then the next look says who
            claims[call_id] = Claim(is_ours=False, owner=owner)
        else:
            claims[call_id] = Claim(is_ours=True, was_taken=True, owner=owner)
    return claims


async def take(call_ids: Sequence[str], worker: WorkerId, db: Connection) -> dict[str, Claim]:
    """Take calls for a worker, whoever has them."""
    claims = dict.fromkeys(call_ids, _OURS)
    locked = await db.fetch(_SQL["lock_calls"].text, call_ids)
    taken = {call_id: owner for call_id, owner in locked if owner != worker}
    if taken:
        await db.execute(_SQL["take"].text, list(taken), worker)
        await db.execute(_SQL["forget_losses_of"].text, worker, list(taken))
        await db.execute(_SQL["note_losses"].text, list(taken), list(taken.values()))
    for call_id, loser in taken.items():
        claims[call_id] = Claim(is_ours=True, was_taken=True, owner=loser)
    return claims
