"""The audit of erasure: what it can be asked, whatever the database."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class ErasureAudit(Protocol):
    """Searches one journal, and only reads. Any method may raise the errors of its database."""

    def left_of_erased(self) -> list[str]:
        """Return what is left of calls that were erased, a line for each call and kind."""

    def not_erased(self, call_ids: Sequence[str]) -> list[str]:
        """Return those of the calls that are in the journal and were not erased."""

    def where_found(self, sought: str) -> list[str]:
        """Return where a word or number still is, in upper or lower case."""

    def stray_recordings(self, folder: Path) -> list[str]:
        """Return files among the recordings that are no call's."""
