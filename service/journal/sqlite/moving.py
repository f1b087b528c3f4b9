"""What an endpoint that is configured no more did not get: moved to another one, or given up."""

import sqlite3
from typing import Final

import msgspec

from service.ids import EndpointName
from service.journal.statements import load_statements
from service.ports import EventFilter

_AFTER_A_MOVE: Final = (
    "move_parked",
    "forget_parked_of",
    "forget_lanes",
    "forget_endpoint",
    "keep_alias",
    "redirect_aliases",
    "forget_alias",
)
_SQL: Final = load_statements("sqlite", "journal")


def move(old: EndpointName, new: EndpointName, wanted: EventFilter, db: sqlite3.Connection) -> int:
    """Do what `Journal.move_lanes` promises, within a transaction."""
    given = {"old": old, "new": new, "listed": _listed(db, "types_parked", old, wanted)}
    moved = db.execute(_SQL["move_lanes"].sql(), given).rowcount
    for name in _AFTER_A_MOVE:
        db.execute(_SQL[name].sql(), given)
    return moved


def park(
    name: EndpointName, reason: str, at: float, wanted: EventFilter, db: sqlite3.Connection
) -> int:
    """Do what `Journal.park_lanes` promises, within a transaction."""
    listed = _listed(db, "types_left", name, wanted)
    given = {"old": name, "reason": reason, "at": at, "listed": listed}
    parked = db.execute(_SQL["park_lanes"].sql(), given).rowcount
    db.execute(_SQL["forget_lanes"].sql(), given)
    return parked


def _listed(db: sqlite3.Connection, name: str, old: EndpointName, wanted: EventFilter) -> str:
    """Return, as JSON, as what each type there is of the old one is listed."""
    kinds = [kind for (kind,) in db.execute(_SQL[name].sql(), {"old": old})]
    return msgspec.json.encode(wanted.listed(kinds)).decode()
