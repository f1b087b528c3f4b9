"""The whole of a completed call as one document: `call.json`, and the report to a webhook. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from service.archive.participants import read_participants
from service.archive.report_parts import (
    ReportedGap,
    ReportedPause,
    ReportedRecording,
    ReportedTranscription,
    ReportedUtterance,
    read_data,
    read_gaps,
    read_pauses,
    read_utterances,
)
from service.calls.after_events import RecordingTranscribed
from service.calls.events import (
    CallAnswered,
    CallAttached,
    CallEnded,
    CallStarted,
    Coverage,
    RecordingSaved,
    TranscriptCompleted,
)
from service.calls.party_events import Participant
from service.calls.webhook import Direction
from service.ids import CallId
from service.ports import REPORT_TYPE, REPORTED, StoredEvent

VERSION: Final = 1
"""Of the document: raised if a field ever means something else. Fields are only ever added."""
_T = TypeVar("_T")


class CallDocument(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A completed call: who, when, every word and gap, and where every second went.

    Offsets are milliseconds on the call clock (0 = the call was answered).
    """

    version: int = VERSION
    call_id: CallId
    revision: int
    """Grows with each document of the call: words or audio may come late."""
    seq: int
    """The `seq` of the last event that is in it."""
    route: str | None
    direction: Direction | None
    from_: str | None
    to: str | None
    connection_id: str | None
    metadata: msgspec.Raw
    started_at: str | None
    answered_at: str | None
    attached: bool
    """Whether the call talked already when its transcription was asked for."""
    ended_at: str | None
    duration_ms: int | None
    cause: str | None
    ended_by: str | None
    sip_code: str | None
    participants: tuple[Participant, ...]
    """Who was in it, by when their legs began."""
    words: int
    utterances: tuple[ReportedUtterance, ...]
    """In the order they were spoken."""
    gaps: tuple[ReportedGap, ...]
    pauses: tuple[ReportedPause, ...]
    coverage: Mapping[str, Coverage] | None
    """By track: where its time went; None where nobody here heard the audio."""
    redactions: Mapping[str, int]
    """How many numbers were hidden, by what they are."""
    recording: ReportedRecording | None
    transcribed: ReportedTranscription | None


class _Started(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    occurred_at: str
    route: str | None = None
    direction: Direction | None = None
    from_: str | None = None
    to: str | None = None
    connection_id: str | None = None


class _Moment(msgspec.Struct, frozen=True):
    occurred_at: str


class _Ended(msgspec.Struct, frozen=True):
    occurred_at: str
    cause: str | None = None
    ended_by: str | None = None
    sip_code: str | None = None
    duration_ms: int | None = None


class _Completed(msgspec.Struct, frozen=True):
    occurred_at: str
    metadata: msgspec.Raw
    words: int = 0
    duration_ms: int | None = None
    coverage: Mapping[str, Coverage] | None = None


def make_document(events: Sequence[StoredEvent]) -> CallDocument | None:
    """Return the document that these events of one call make, from the first on, in order.

    None where the call is not complete by then, or was erased. The same events make the same one.
    """
    completed = _last(events, TranscriptCompleted.type, _Completed)
    if completed is None:
        return None
    started = _last(events, CallStarted.type, _Started)
    answered = _last(events, CallAnswered.type, _Moment)
    ended = _last(events, CallEnded.type, _Ended)
    utterances = read_utterances(events)
    return CallDocument(
        call_id=events[-1].call_id,
        revision=_revision(events),
        seq=events[-1].seq,
        route=started.route if started else None,
        direction=started.direction if started else None,
        from_=started.from_ if started else None,
        to=started.to if started else None,
        connection_id=started.connection_id if started else None,
        metadata=completed.metadata,
        started_at=started.occurred_at if started else None,
        answered_at=answered.occurred_at if answered else None,
        attached=any(event.type == CallAttached.type for event in events),
        ended_at=ended.occurred_at if ended else None,
        duration_ms=completed.duration_ms,
        cause=ended.cause if ended else None,
        ended_by=ended.ended_by if ended else None,
        sip_code=ended.sip_code if ended else None,
        participants=read_participants(events),
        words=completed.words,
        utterances=utterances,
        gaps=read_gaps(events),
        pauses=read_pauses(events),
        coverage=completed.coverage,
        redactions=_hidden(utterances),
        recording=_last(events, RecordingSaved.type, ReportedRecording),
        transcribed=_last(events, RecordingTranscribed.type, ReportedTranscription),
    )


def write_report(document: CallDocument, occurred_at: str) -> bytes:
    """Return the document as a webhook gets it: in the envelope of events."""
    return msgspec.json.encode({"type": REPORT_TYPE, "timestamp": occurred_at, "data": document})


def _revision(events: Sequence[StoredEvent]) -> int:
    """Count what made a document of its own: the first completion, and all that changes it."""
    types = [event.type for event in events]
    first = types.index(TranscriptCompleted.type)
    return sum(kind in REPORTED for kind in types[first:])


def _hidden(utterances: Sequence[ReportedUtterance]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for utterance in utterances:
        for one in utterance.redactions:
            counts[one.entity] = counts.get(one.entity, 0) + 1
    return dict(sorted(counts.items()))


def _last(events: Sequence[StoredEvent], kind: str, shape: type[_T]) -> _T | None:
    found = next((event for event in reversed(events) if event.type == kind), None)
    return None if found is None else read_data(found, shape)
