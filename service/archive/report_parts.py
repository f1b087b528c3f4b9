"""What was said in a call, and what was not, as its document has it. Pure."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from service.calls.after_events import TranscribedSegment
from service.calls.events import (
    TimeSource,
    TranscriptFinal,
    TranscriptGap,
    TranscriptionPaused,
    TranscriptionResumed,
)
from service.calls.inputs import Redaction, Word
from service.ids import LegId, Role, Source, Track, UtteranceId
from service.ports import StoredEvent

_T = TypeVar("_T")


class ReportedUtterance(msgspec.Struct, frozen=True, kw_only=True):
    """The final text of one stretch of speech."""

    utterance_id: UtteranceId
    seq: int
    role: Role
    text: str
    track: Track | None = None
    leg: LegId | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    time_source: TimeSource | None = None
    confidence: float | None = None
    words: tuple[Word, ...] | None = None
    language: str | None = None
    engine: str | None = None
    model: str | None = None
    source: Source | None = None
    redactions: tuple[Redaction, ...] = ()


class ReportedGap(msgspec.Struct, frozen=True, kw_only=True):
    """Audio that could not be transcribed."""

    seq: int
    start_ms: int
    end_ms: int
    reason: str
    track: Track | None = None
    role: Role | None = None
    leg: LegId | None = None


class ReportedPause(msgspec.Struct, frozen=True, kw_only=True):
    """A time that nobody was to hear; without an end it was so until the call's."""

    start_ms: int | None
    end_ms: int | None
    reason: str


class ReportedRecording(msgspec.Struct, frozen=True, kw_only=True):
    """The call's audio, which is fetched from the service, or lies beside this document."""

    duration_ms: int
    size_bytes: int
    content_type: str
    channels: tuple[Track, ...]
    silenced_ms: int = 0


class ReportedTranscription(msgspec.Struct, frozen=True, kw_only=True):
    """The recording, transcribed whole once the call was over; beside the utterances."""

    revision: int
    engine: str
    text: str
    segments: tuple[TranscribedSegment, ...]
    model: str | None = None
    language: str | None = None


class _Pause(msgspec.Struct, frozen=True):
    reason: str
    start_ms: int | None = None


def read_utterances(events: Iterable[StoredEvent]) -> tuple[ReportedUtterance, ...]:
    """Return all finals, in the order they were spoken: one that came late is where it was said.

    One without a time stays behind the one before it.
    """
    placed: list[tuple[int, ReportedUtterance]] = []
    now_ms = 0
    for one in _read(events, TranscriptFinal.type, ReportedUtterance):
        now_ms = now_ms if one.start_ms is None else one.start_ms
        placed.append((now_ms, one))
    return tuple(one for _, one in sorted(placed, key=lambda item: item[0]))


def read_gaps(events: Iterable[StoredEvent]) -> tuple[ReportedGap, ...]:
    """Return all gaps, by where they begin."""
    gaps = _read(events, TranscriptGap.type, ReportedGap)
    return tuple(sorted(gaps, key=lambda gap: gap.start_ms))


def read_pauses(events: Iterable[StoredEvent]) -> tuple[ReportedPause, ...]:
    """Return all pauses, in their order."""
    pauses: list[ReportedPause] = []
    began: _Pause | None = None
    for event in events:
        if event.type == TranscriptionPaused.type and began is None:
            began = read_data(event, _Pause)
        elif event.type == TranscriptionResumed.type and began is not None:
            resumed = read_data(event, _Pause)
            end_ms = resumed.start_ms if resumed else None
            pauses.append(
                ReportedPause(start_ms=began.start_ms, end_ms=end_ms, reason=began.reason)
            )
            began = None
    if began is not None:
        pauses.append(ReportedPause(start_ms=began.start_ms, end_ms=None, reason=began.reason))
    return tuple(pauses)


def read_data(event: StoredEvent, shape: type[_T]) -> _T | None:
    """Return what an event says, in this shape; None if its body is of another."""
    try:
        return msgspec.json.decode(_envelope(event.body).data, type=shape)
    except msgspec.DecodeError:
        return None


class _Envelope(msgspec.Struct):
    data: msgspec.Raw


_envelope = msgspec.json.Decoder(_Envelope).decode


def _read(events: Iterable[StoredEvent], kind: str, shape: type[_T]) -> Iterator[_T]:
    for event in events:
        if event.type == kind and (one := read_data(event, shape)) is not None:
            yield one
