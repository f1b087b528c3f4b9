"""Amending events: other bodies in the place of old ones, of which nothing is left."""

from collections.abc import Sequence
from typing import Final

from service.journal.postgresql.connection import Connection
from service.journal.postgresql.summaries import summarise
from service.journal.statements import load_statements
from service.ports import StoredEvent

_SQL: Final = load_statements("postgresql", "journal")


async def amend_events(
    db: Connection, amended: Sequence[tuple[int, StoredEvent]], now: float
) -> None:
    """Replace the bodies of events, by `call_no` and `seq`, and what was made of them."""
    if not amended:
        return
    call_nos = [call_no for call_no, _ in amended]
    seqs = [event.seq for _, event in amended]
    bodies = [event.body for _, event in amended]
    await db.execute(_SQL["amend_events"].text, call_nos, seqs, bodies)
    await db.execute(_SQL["forget_attempts_at"].text, call_nos, seqs)
    if made := summarise(amended, now).utterances:
        rows = [(row[0], row[1], row[7], row[8]) for row in made]
        await db.execute(_SQL["amend_words"].text, *zip(*rows, strict=True))
    for call_no in sorted(set(call_nos)):
        await db.execute(_SQL["note_unscrubbed"].text, call_no)
