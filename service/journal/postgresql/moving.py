"""What an endpoint that is configured no more did not get: moved to another one, or given up."""

from typing import Final

from service.ids import EndpointName
from service.journal.postgresql.connection import PLAN_FREELY, Connection
from service.journal.postgresql.entries import shut_calls
from service.journal.postgresql.text import to_database
from service.journal.statements import load_statements
from service.ports import EventFilter

_SQL: Final = load_statements("postgresql", "journal")


async def move(old: EndpointName, new: EndpointName, wanted: EventFilter, db: Connection) -> int:
    """Do what `Journal.move_lanes` promises, within a transaction."""
    before, after = to_database(old), to_database(new)
    await db.execute(PLAN_FREELY)
    await db.fetch(_SQL["hold_live_calls"].text)
    moved = [call_no for (call_no,) in await db.fetch(_SQL["move_lanes"].text, before, after)]
    await db.execute(_SQL["open_calls"].text, moved)
    listed = await _listed(db, "types_parked", before, wanted)
    for name in ("forget_parked_twice", "move_parked"):
        await db.execute(_SQL[name].text, before, after, *listed)
    for name in ("forget_parked_of", "forget_lanes", "enable"):
        await db.execute(_SQL[name].text, before)
    for name in ("keep_alias", "redirect_aliases"):
        await db.execute(_SQL[name].text, before, after)
    await db.execute(_SQL["forget_alias"].text, after)
    return len(moved)


async def park(
    endpoint: EndpointName, reason: str, at: float, wanted: EventFilter, db: Connection
) -> int:
    """Do what `Journal.park_lanes` promises, within a transaction."""
    name = to_database(endpoint)
    await db.execute(PLAN_FREELY)
    listed = await _listed(db, "types_left", name, wanted)
    parked = await db.fetch(_SQL["park_lanes"].text, name, reason, at, *listed)
    left = await db.fetch(_SQL["forget_lanes"].text, name)
    await shut_calls(db, {call_no for (call_no,) in left})
    return len(parked)


async def _listed(
    db: Connection, name: str, old: str, wanted: EventFilter
) -> tuple[list[str], list[str]]:
    """Return the types there are of the old one that are wanted, and as what each is listed."""
    kinds = [kind for (kind,) in await db.fetch(_SQL[name].text, old)]
    listed = wanted.listed(kinds)
    return list(listed), list(listed.values())
