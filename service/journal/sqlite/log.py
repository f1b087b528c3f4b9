"""The write-ahead log: how large it may become, and how it is emptied.

What is in it may need as much room again in the database. SQLite brings it in by the number of its
pages (`PRAGMAS`), whatever room there is: on a small or filling disk the log would take all that is
left, and could then neither grow nor be brought in.
"""

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from service.journal.sqlite.driver import database_errors

_CHECKPOINT_WAITS_MS: Final = 50
"""How long a checkpoint may keep commits waiting for those who still read what was."""
_ROOM_FOR_EACH_BYTE: Final = 2
"""So much room must be left on the disk: as much as it needs, and for what is written meanwhile."""
_LITTLE_ROOM_BYTES: Final = 8 << 20
"""With less room than this nothing stays in the log. One transaction, in which the words' index is
merged, may take all that is left, and what was in the log before it could not be brought in."""


def truncate_log(db: sqlite3.Connection) -> bool:
    """Bring the log into the database and empty its file; False if somebody still reads it."""
    (waits_ms,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_WAITS_MS}")
    try:
        (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {waits_ms}")
    return not busy


def bound_log(db: sqlite3.Connection, path: Path) -> None:
    """Empty the log of the database at this path if it has come too close to what room is left."""
    with suppress(OSError):  # it is looked for again after the next commit
        size = path.with_name(f"{path.name}-wal").stat().st_size
        free = shutil.disk_usage(path).free
        if size and (free < _LITTLE_ROOM_BYTES or size * _ROOM_FOR_EACH_BYTE > free):
            make_room(db)


def make_room(db: sqlite3.Connection) -> None:
    """Give the room that the log takes back to the disk, as far as that can be done now."""
    with suppress(*database_errors()):  # it all stays in the log
        truncate_log(db)
