"""Reports: a completed call as one document, which is made when somebody is to have it."""

from typing import Protocol

from service.ports.journal import StoredEvent


class Reports(Protocol):
    """Makes the report of a call from what is kept of it."""

    async def report(self, event: StoredEvent) -> bytes | None:
        """Return the report that follows this event, as a webhook gets it: each time the same.

        None if the call was not complete by then, or was erased since.

        Raises:
            JournalUnavailableError: The journal does not answer.
        """


class NoReports:
    """For where nobody is to have any."""

    async def report(self, event: StoredEvent) -> bytes | None:
        """Return None."""
        del event
        return None
