"""Reports: a completed call as one document, which is made when somebody is to have it."""

from typing import Final, Protocol

from service.calls.after_events import RecordingTranscribed
from service.calls.events import (
    RecordingSaved,
    TranscriptCompleted,
    TranscriptRedacted,
)
from service.ports.journal import StoredEvent

REPORT_TYPE: Final = "call.report"
"""What a report is called where events go. It is of no event's: the journal has none."""
REPORTED: Final = frozenset(
    {
        TranscriptCompleted.type,
        RecordingSaved.type,
        RecordingTranscribed.type,
        TranscriptRedacted.type,
    }
)
"""What a document follows, once the call is complete: what comes late makes one more, and so does
what is hidden late."""


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
