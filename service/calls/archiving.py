"""Copies of the call in archives: each revision is told once, and so is that one failed."""

from service.calls.after_events import ArchiveFailed, ArchiveStored
from service.calls.archive_answers import ArchiveAnswer, ArchiveRefused
from service.calls.state import Archived
from service.calls.turn import Turn


def told(turn: Turn, item: ArchiveAnswer) -> None:
    """Tell what became of a revision, unless that was told: an attempt may be repeated."""
    known = turn.state.archived.setdefault(item.endpoint, Archived())
    if item.revision <= known.stored:
        return
    if isinstance(item, ArchiveRefused):
        if item.revision > known.failed:
            known.failed = item.revision
            turn.record(
                ArchiveFailed(endpoint=item.endpoint, revision=item.revision, reason=item.reason),
                item.at,
            )
        return
    known.stored = item.revision
    turn.record(
        ArchiveStored(
            endpoint=item.endpoint,
            revision=item.revision,
            files=item.files,
            size_bytes=item.size_bytes,
        ),
        item.at,
    )
