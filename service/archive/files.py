"""A complete call's transcript as files, made from its events alone: each time the same."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from service.archive.calls import read_events
from service.archive.exports import ExportForm, write_export
from service.archive.report import CallDocument, make_document
from service.ids import CallId
from service.ports import CallFile, CallSummary, Journal, StoredEvent


class ExportedFiles:
    """The `CallFiles` of a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def transcripts(
        self, call_id: CallId, *, through_seq: int, forms: Sequence[str]
    ) -> list[CallFile]:
        """See `CallFiles.transcripts`."""
        events = await read_events(self._journal, call_id)
        kept = [event for event in events if event.seq <= through_seq]
        return await asyncio.to_thread(_write, kept, forms)


def _write(events: Sequence[StoredEvent], forms: Sequence[str]) -> list[CallFile]:
    document = make_document(events)
    if document is None:
        return []
    call = _summary(document)
    exports = [(form, write_export(call, events, cast("ExportForm", form))) for form in forms]
    return [
        CallFile(f"transcript.{form}", export.content_type, export.body) for form, export in exports
    ]


def _summary(document: CallDocument) -> CallSummary:
    """Return the call as exports describe it, by what was known when it was completed."""
    started_at = _unix(document.started_at)
    return CallSummary(
        call_id=document.call_id,
        started_at=started_at or 0.0,
        answered_at=_unix(document.answered_at),
        ended_at=_unix(document.ended_at),
        completed_at=_unix(document.ended_at) or started_at or 0.0,
        erased_at=None,
        direction=document.direction,
        from_number=document.from_,
        to_number=document.to,
        duration_ms=document.duration_ms,
        utterances=len(document.utterances),
        words=document.words,
        gaps=len(document.gaps),
        last_seq=document.seq,
        metadata=bytes(document.metadata),
        transcription="off",
        has_audio=document.recording is not None,
        route=document.route,
    )


def _unix(stamp: str | None) -> float | None:
    return None if stamp is None else datetime.fromisoformat(stamp).timestamp()
