"""Calls that are taken from other workers: whatever waits to be taken is taken in one go.

The audio of many calls may come at once to a worker that has none of them. Their rows are locked
in the order in which a commit of theirs locks them, too: else each of the two would wait for the
other, until the server noticed after a second.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Final, cast

from service.errors import JournalError
from service.ids import WorkerId
from service.journal.postgresql.connection import Connection
from service.journal.postgresql.writer import Work
from service.journal.statements import load_statements
from service.journal.worker import Worker
from service.ports import Claim

_SQL: Final = load_statements("postgresql", "workers")
_OURS: Final = Claim(is_ours=True)

Take = tuple[str, WorkerId]
"""A call, as the database spells its id, and who takes it."""


class Takes:
    """Handles the takes of a roster, by its group commits."""

    def __init__(self, fenced: Worker[Work]) -> None:
        self._fenced = fenced

    async def handle(self, batch: Sequence[Take]) -> list[object]:
        """Return what became of each: a claim, or why it was not taken."""
        by_worker: defaultdict[WorkerId, set[str]] = defaultdict(set)
        for call_id, worker in batch:
            by_worker[worker].add(call_id)
        outcomes: dict[Take, object] = {}
        for worker, call_ids in by_worker.items():
            claims = await self._taken(sorted(call_ids), worker)
            outcomes |= {(call_id, worker): claims[call_id] for call_id in call_ids}
        return [outcomes[take] for take in batch]

    async def close(self) -> None:
        """Have nothing to close."""

    async def _taken(self, call_ids: Sequence[str], worker: WorkerId) -> dict[str, object]:
        try:
            claims = await self._fenced.do(partial(_take, call_ids, worker))
        except JournalError as error:
            return dict.fromkeys(call_ids, error)
        return cast(dict[str, object], claims)


async def _take(call_ids: Sequence[str], worker: WorkerId, db: Connection) -> dict[str, Claim]:
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
