"""A call's transcript in the formats of the programs that people open it with."""

import asyncio
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from service.archive.calls import describe_call, read_events
from service.archive.participants import read_participants
from service.archive.transcript import (
    Line,
    Note,
    SpeakerTurn,
    Transcript,
    Utterance,
    read_lines,
    read_transcript,
)
from service.archive.wording import why
from service.calls.party_events import Participant
from service.ids import CallId
from service.ports import CallSummary, Journal, Library, StoredEvent
from service.wire.events import timestamp
from service.wire.shown import one_line
from service.wire.subtitles import Cue, clock, is_long, joined, words_of, write_subtitles
from service.words import count_words

ExportForm = Literal["json", "jsonl", "txt", "srt", "vtt", "csv"]
FORMS: tuple[ExportForm, ...] = get_args(ExportForm)
CONTENT_TYPES: dict[ExportForm, str] = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
_WORD_MS = 350
"""How long a word takes to say, where nobody measured it."""
_COLUMNS = (
    "call_id", "seq", "type", "utterance_id", "role", "track", "start", "start_ms", "end_ms",
    "text", "confidence",
)  # fmt: skip
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes a cell for a formula by."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_NAME_LETTERS = 100
LABELS = {
    "gap": "not transcribed",
    "paused": "transcription paused",
    "resumed": "transcription resumed",
    "stopped": "transcription stopped",
    "degraded": "words may come late",
    "failed": "transcription failed",
    "recovered": "words come again",
    "erased": "erased",
}


@dataclass(frozen=True, slots=True)
class Export:
    """A file: what is in it, what kind it is, and a name for it that is safe anywhere."""

    body: bytes
    content_type: str
    file_name: str


def write_export(call: CallSummary, events: Sequence[StoredEvent], form: ExportForm) -> Export:
    """Return the transcript of a call in a format. `events` are all of the call's, in order.

    It takes up to a second for a call of two hours: run it in a thread.
    """
    name = _UNSAFE.sub("_", call.call_id)[:_MAX_NAME_LETTERS]
    return Export(_WRITERS[form](call, events), CONTENT_TYPES[form], f"call-{name}.{form}")


async def export_call(
    library: Library, journal: Journal, call_id: CallId, form: ExportForm
) -> Export | None:
    """Return the transcript of a call in a format; None if there is no such call.

    Raises:
        JournalUnavailableError: The database does not answer.
    """
    call = await library.call(call_id)
    if call is None:
        return None
    events = await read_events(journal, call_id)
    return await asyncio.to_thread(write_export, call, events, form)


def speaker_of(turn: SpeakerTurn) -> str:
    """Return who speaks, as people are shown it: the role, or the track where that is unknown."""
    return (turn.track or "speaker" if turn.role == "unknown" else turn.role).capitalize()


def cues_of(transcript: Transcript) -> list[Cue]:
    """Return the transcript as subtitles, by when they begin; long utterances are cut.

    An utterance without a time of its own is shown after those that were final before it.
    """
    cues: list[Cue] = []
    free_ms = 0
    for turn in transcript.turns:
        voice = speaker_of(turn)
        for utterance in turn.utterances:
            shown = list(_cues(utterance, voice, free_ms))
            cues += shown
            free_ms = max([free_ms, *(cue.end_ms for cue in shown)])
    return sorted(cues, key=lambda cue: cue.start_ms)


def write_text(
    call: CallSummary, transcript: Transcript, participants: Sequence[Participant] = ()
) -> str:
    """Return the transcript to be read: the call, then a line for each utterance and note."""
    present = [_present(one) for one in participants]
    lines = [f"Call {one_line(call.call_id)}", *_about(call), *present, ""]
    lines += [line_of(*line) for line in read_lines(transcript)]
    return "\n".join(lines) + "\n"


def line_of(at_ms: int, turn: SpeakerTurn | None, said: Utterance | Note) -> str:
    """Return an utterance or note on one line, with its place on the call clock."""
    return f"[{_short_clock(at_ms)}] {_line(turn, said)}"


def _cues(utterance: Utterance, voice: str, free_ms: int) -> Iterator[Cue]:
    text = one_line(utterance.text)
    start_ms = free_ms if utterance.start_ms is None else max(utterance.start_ms, 0)
    end_ms = utterance.end_ms
    if end_ms is None or end_ms <= start_ms:
        end_ms = start_ms + _WORD_MS * count_words(text)
    cue = Cue(start_ms, end_ms, text, voice)
    if not is_long(cue):
        return iter([cue] if text else [])
    words = [
        Cue(max(word.start_ms, 0), max(word.end_ms, 0), one_line(word.text), voice)
        for word in utterance.words or ()
    ]
    return joined([word for word in words if word.text] or words_of(cue))


def _line(turn: SpeakerTurn | None, said: Utterance | Note) -> str:
    if isinstance(said, Utterance):
        return f"{speaker_of(turn) if turn else ''}: {one_line(said.text)}"
    until = "" if said.end_ms is None else f" until {_short_clock(said.end_ms)}"
    whose = said.role if said.role not in (None, "unknown") else said.track
    of = "" if whose is None else f", {whose}"
    because = f": {one_line(why(said.reason))}" if said.reason else ""
    return f"({LABELS.get(said.type, said.type)}{until}{of}{because})"


def _side(number: str | None) -> str:
    return one_line(number) if number else "unknown"


def _about(call: CallSummary) -> list[str]:
    if call.erased_at is not None:  # who called, and whether anybody answered, is gone as well
        return [f"erased {timestamp(call.erased_at)}: nothing else of it is kept"]
    way = call.direction or "unknown way"
    return [
        f"{_side(call.from_number)} to {_side(call.to_number)}, {way}",
        f"{timestamp(call.started_at)}, {_length(call)}",
    ]


def _present(one: Participant) -> str:
    since = "from before the answer" if one.start_ms is None else _short_clock(one.start_ms)
    until = "" if one.end_ms is None else f" until {_short_clock(one.end_ms)}"
    return f"{one.role.capitalize()} {_side(one.number)}, {since}{until}"


def _length(call: CallSummary) -> str:
    if call.duration_ms is not None:
        return f"{_short_clock(call.duration_ms)} long"
    return "not answered" if call.ended_at is not None else "still going on"


def _short_clock(ms: int) -> str:
    return clock(max(ms, 0))[:8]


def _text(call: CallSummary, events: Sequence[StoredEvent]) -> bytes:
    transcript = read_transcript(events, words=False)
    return write_text(call, transcript, read_participants(events)).encode()


def _json(call: CallSummary, events: Sequence[StoredEvent]) -> bytes:
    transcript = read_transcript(events)
    shown = {**describe_call(call), "participants": read_participants(events)}
    return msgspec.json.encode(
        {"call": shown, "turns": transcript.turns, "notes": transcript.notes}
    )


def _jsonl(_: CallSummary, events: Sequence[StoredEvent]) -> bytes:
    return b"".join(event.body + b"\n" for event in events)


def _srt(_: CallSummary, events: Sequence[StoredEvent]) -> bytes:
    return write_subtitles(cues_of(read_transcript(events)), "srt").encode()


def _vtt(_: CallSummary, events: Sequence[StoredEvent]) -> bytes:
    return write_subtitles(cues_of(read_transcript(events)), "vtt").encode()


def _csv(call: CallSummary, events: Sequence[StoredEvent]) -> bytes:
    out = io.StringIO(newline="")
    rows = csv.writer(out)  # RFC 4180: CRLF, quotes doubled
    rows.writerow(_COLUMNS)
    for line in read_lines(read_transcript(events, words=False)):
        rows.writerow(_row(call, line))
    # with the mark at its beginning, Excel takes it for UTF-8
    return out.getvalue().encode("utf-8-sig")


def _row(call: CallSummary, line: Line) -> list[object]:
    at_ms, turn, said = line
    start = clock(max(at_ms, 0))
    if isinstance(said, Note):
        whose: list[object] = [said.type, "", said.role or "", said.track or ""]
        text, confidence = said.reason or "", None
    else:
        role, track = (turn.role, turn.track) if turn else ("", None)
        whose = ["utterance", _cell(said.utterance_id), role, track or ""]
        text, confidence = said.text, said.confidence
    return [
        _cell(call.call_id), said.seq, *whose, start, said.start_ms, said.end_ms, _cell(text),
        confidence,
    ]  # fmt: skip


def _cell(text: str) -> str:
    """Return text that no spreadsheet calculates with."""
    text = one_line(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


_Writer = Callable[[CallSummary, Sequence[StoredEvent]], bytes]
_WRITERS: dict[ExportForm, _Writer] = {
    "json": _json,
    "jsonl": _jsonl,
    "txt": _text,
    "srt": _srt,
    "vtt": _vtt,
    "csv": _csv,
}
