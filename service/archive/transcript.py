"""The transcript of a call: a view over its journal, in turns with speakers and times. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import msgspec

from service.calls.events import (
    TranscriptErased,
    TranscriptFinal,
    TranscriptGap,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionPaused,
    TranscriptionRecovered,
    TranscriptionResumed,
    TranscriptionStopped,
)
from service.calls.inputs import Word
from service.ids import LegId, Role, Track, UtteranceId
from service.ports import StoredEvent

NOTED = frozenset(
    kind.type
    for kind in (
        TranscriptGap,
        TranscriptErased,
        TranscriptionPaused,
        TranscriptionResumed,
        TranscriptionStopped,
        TranscriptionDegraded,
        TranscriptionFailed,
        TranscriptionRecovered,
    )
)
"""What tells a reader why there are no words, or that they come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """The final text of one stretch of speech. Milliseconds on the call clock."""

    utterance_id: UtteranceId
    seq: int
    text: str
    start_ms: int | None
    end_ms: int | None
    confidence: float | None
    words: tuple[Word, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerTurn:
    """What one speaker said until another did. Milliseconds on the call clock."""

    role: Role
    track: Track | None
    start_ms: int | None
    end_ms: int | None
    utterances: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What happened beside the words. `type` is the event's, without its first part."""

    type: str
    seq: int
    start_ms: int | None
    end_ms: int | None
    role: Role | None
    track: Track | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A call's turns and notes, each in the order of the call clock."""

    turns: tuple[SpeakerTurn, ...]
    notes: tuple[Note, ...]


class Line(NamedTuple):
    """Something to be read, and where on the call clock it belongs. A note is nobody's turn."""

    at_ms: int
    turn: SpeakerTurn | None
    said: Utterance | Note


class _Text(msgspec.Struct, frozen=True):
    seq: int
    utterance_id: UtteranceId
    text: str
    role: Role
    track: Track | None = None
    leg: LegId = LegId("")
    start_ms: int | None = None
    end_ms: int | None = None
    confidence: float | None = None


class _Final(_Text, frozen=True):
    words: tuple[Word, ...] | None = None


class _Noted(msgspec.Struct, frozen=True):
    seq: int
    role: Role | None = None
    track: Track | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    reason: str | None = None


class _TextBody(msgspec.Struct, frozen=True):
    data: _Text


class _FinalBody(msgspec.Struct, frozen=True):
    data: _Final


class _NotedBody(msgspec.Struct, frozen=True):
    data: _Noted


_decode_text = msgspec.json.Decoder(_TextBody).decode
_decode_final = msgspec.json.Decoder(_FinalBody).decode
_decode_noted = msgspec.json.Decoder(_NotedBody).decode


def read_transcript(events: Iterable[StoredEvent], *, words: bool = True) -> Transcript:
    """Return the transcript that these events of one call, in order, make.

    An utterance without a time stays behind the one before it; a final that came late goes where
    it was said. Bodies of another shape than ours are left out. Without `words` their
    times are left out, which are most of a long call.
    """
    decode = _decode_final if words else _decode_text
    finals: list[tuple[int, _Text]] = []
    notes: list[tuple[int, Note]] = []
    now_ms = 0
    for event in events:
        try:
            if event.type == TranscriptFinal.type:
                final = decode(event.body).data
                now_ms = now_ms if final.start_ms is None else final.start_ms
                finals.append((now_ms, final))
            elif event.type in NOTED:
                note = _note(event.type, _decode_noted(event.body).data)
                notes.append((now_ms if note.start_ms is None else note.start_ms, note))
        except msgspec.DecodeError:
            continue
    finals.sort(key=_place)  # stable: what began together stays in the order of the journal
    notes.sort(key=_place)
    spoken = groupby((final for _, final in finals), key=_speaker)
    turns = tuple(_turn(list(said)) for _, said in spoken)
    return Transcript(turns, tuple(note for _, note in notes))


def read_lines(transcript: Transcript) -> Iterator[Line]:
    """Return utterances and notes in the order of the call clock, whenever they became known."""
    said = [(turn, utterance) for turn in transcript.turns for utterance in turn.utterances]
    items: list[tuple[SpeakerTurn | None, Utterance | Note]] = [
        *said,
        *((None, note) for note in transcript.notes),
    ]
    now_ms = 0
    lines: list[Line] = []
    for turn, one in sorted(items, key=lambda item: item[1].seq):
        at_ms = now_ms if one.start_ms is None else one.start_ms
        now_ms = now_ms if turn is None else at_ms
        lines.append(Line(at_ms, turn, one))
    return iter(sorted(lines, key=_reading_order))


def _reading_order(line: Line) -> tuple[int, bool]:
    """Return where a line comes: a note with a time before the words of that time.

    Without one it stays behind what the journal has before it.
    """
    return line.at_ms, line.turn is not None or line.said.start_ms is None


def _place(placed: tuple[int, object]) -> int:
    return placed[0]


def _speaker(final: _Text) -> tuple[Role, Track | None, LegId]:
    return final.role, final.track, final.leg


def _turn(finals: list[_Text]) -> SpeakerTurn:
    starts = [one.start_ms for one in finals if one.start_ms is not None]
    ends = [one.end_ms for one in finals if one.end_ms is not None]
    return SpeakerTurn(
        role=finals[0].role,
        track=finals[0].track,
        start_ms=min(starts, default=None),
        end_ms=max(ends, default=None),
        utterances=tuple(_utterance(one) for one in finals),
    )


def _utterance(final: _Text) -> Utterance:
    return Utterance(
        utterance_id=final.utterance_id,
        seq=final.seq,
        text=final.text,
        start_ms=final.start_ms,
        end_ms=final.end_ms,
        confidence=final.confidence,
        words=final.words if isinstance(final, _Final) else None,
    )


def _note(event_type: str, noted: _Noted) -> Note:
    return Note(
        type=event_type.partition(".")[2],
        seq=noted.seq,
        start_ms=noted.start_ms,
        end_ms=noted.end_ms,
        role=noted.role,
        track=noted.track,
        reason=noted.reason,
    )
