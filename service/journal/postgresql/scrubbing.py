"""Has PostgreSQL clear away the rows of what was erased."""

from typing import Final

from service.journal.postgresql.connection import DRIVER_ERRORS, connect, unreachable

_TABLES: Final = (
    "event",
    "utterance",
    "summary",
    "call",
    "parked",
    "attempt",
    "keeping",
    "party",
    "pending_input",
)
_TIMEOUT_S: Final = 3_600.0


async def vacuum(url: str) -> None:
    """Clear dead rows out of every table that holds what people said, beside all commits.

    Raises:
        JournalUnavailableError: The server does not answer.
    """
    try:
        db = await connect(url, name="scrubber")
        try:
            for table in _TABLES:
                # entries of the index of words are taken out as well, whatever the server thinks
                command = f"VACUUM (INDEX_CLEANUP ON) {table}"
                await db.execute(command, timeout=_TIMEOUT_S)
        finally:
            await db.close()
    except DRIVER_ERRORS as error:
        raise unreachable(error) from error
