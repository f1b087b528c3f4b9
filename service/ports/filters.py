"""Which events an endpoint gets, and what a report follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from service.calls.after_events import RecordingTranscribed
from service.calls.events import RecordingSaved, TranscriptCompleted, TranscriptRedacted

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


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events an endpoint gets: those of types that fit a pattern, and reports if it does."""

    events: tuple[str, ...] = ("*",)
    """Shell-style."""
    report: bool = False

    def accepts(self, kind: str) -> bool:
        """Say whether events of this type go out."""
        return any(fnmatchcase(kind, pattern) for pattern in self.events)

    def listed(self, kinds: Iterable[str]) -> dict[str, str]:
        """Return as what deliveries of these types are listed, once they are given up.

        Those are left out that never go out. An event is listed as itself, and its report goes with
        it; alone, the report is.
        """
        found = {kind: self._listed_as(kind) for kind in kinds}
        return {kind: name for kind, name in found.items() if name is not None}

    def _listed_as(self, kind: str) -> str | None:
        if kind != REPORT_TYPE and self.accepts(kind):
            return kind
        return REPORT_TYPE if self.report and kind in {REPORT_TYPE, *REPORTED} else None


EVERYTHING: Final = EventFilter(report=True)
"""Of an endpoint of which nothing is known."""
