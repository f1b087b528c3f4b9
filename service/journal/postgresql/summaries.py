"""What events say of their call, to be listed and searched: the rows of a transaction. Pure.

SQLite's triggers do the same there. An event that is none of ours (no JSON, or without what is
asked of it) is kept as an event and is in no list.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from service.journal.postgresql.searching import vector_of
from service.journal.postgresql.text import to_database
from service.journal.words import FOUND_END, FOUND_START
from service.ports import StoredEvent

Row = tuple[object, ...]

_READ_TYPES: Final = frozenset(
    {"call.started", "call.answered", "call.ended", "transcript.final", "transcript.completed"}
)
"""Of what others say, only the metadata and the route count."""
_TRANSCRIPTION: Final = {
    "transcription.started": "on",
    "transcription.resumed": "on",
    "transcription.paused": "paused",
    "transcription.stopped": "off",
}
_MARKS: Final = str.maketrans({FOUND_START: " ", FOUND_END: " ", "\0": "\ufffd"})


class _Body(msgspec.Struct):
    timestamp: Any = None
    data: Any = None


_decode = msgspec.json.Decoder(_Body).decode


@dataclass(slots=True)
class Change:
    """What the events of one transaction change of a call's summary."""

    answered_at: float | None = None
    ended_at: float | None = None
    duration_ms: int | None = None
    completed_at: float | None = None
    utterances: int | None = None
    words: int | None = None
    gaps: int | None = None
    more_utterances: int = 0
    more_words: int = 0
    more_gaps: int = 0
    transcription: str | None = None
    metadata: bytes | None = None
    facts: str | None = None
    route: str | None = None

    def row(self, call_no: int) -> Row:
        """Return the columns of `change_summaries`."""
        return (
            call_no, self.answered_at, self.ended_at, self.duration_ms, self.completed_at,
            self.utterances, self.words, self.gaps, self.more_utterances, self.more_words,
            self.more_gaps, self.transcription, self.metadata, self.facts, self.route,
        )  # fmt: skip


@dataclass(slots=True)
class Summaries:
    """The rows that events make, gathered in their order; `now` is in Unix seconds."""

    now: float
    started: dict[int, Row] = field(default_factory=dict)
    changes: dict[int, Change] = field(default_factory=dict)
    utterances: list[Row] = field(default_factory=list)

    def add(self, call_no: int, event: StoredEvent) -> None:
        """Take an event in."""
        if event.type in _TRANSCRIPTION:
            self._change(call_no).transcription = _TRANSCRIPTION[event.type]
        elif event.type == "transcript.gap":
            self._change(call_no).more_gaps += 1
        if not (body := _read(event.body)):
            return
        data = body.data if isinstance(body.data, dict) else {}
        if event.type in _READ_TYPES:
            self._read(call_no, event, body.timestamp, data)
        if event.type != "call.started":
            self._know(call_no, data)

    def _read(
        self, call_no: int, event: StoredEvent, timestamp: object, data: dict[str, Any]
    ) -> None:
        at = self.now if (said := _unix(timestamp)) is None else said
        if event.type == "call.started":
            self.started.setdefault(call_no, _started(call_no, at, data))
        elif event.type == "call.answered":
            self._change(call_no).answered_at = at
        elif event.type == "call.ended":
            change = self._change(call_no)
            change.ended_at, change.duration_ms = at, _number(data.get("duration_ms"))
        elif event.type == "transcript.completed":
            self._complete(self._change(call_no), at, data)
        elif all(isinstance(data.get(key), str) for key in ("text", "utterance_id", "role")):
            self._say(call_no, event.seq, at, data)

    def _know(self, call_no: int, data: dict[str, Any]) -> None:
        """Take the latest metadata and route: they may come, or change, later in a call."""
        metadata, route = data.get("metadata"), _text(data.get("route"))
        if isinstance(metadata, dict) and metadata:
            change = self._change(call_no)
            change.metadata = msgspec.json.encode(metadata)
            change.facts = msgspec.json.encode(facts_of(metadata)).decode()
        if route is not None:
            self._change(call_no).route = route

    def _complete(self, change: Change, at: float, data: dict[str, Any]) -> None:
        # the call itself has counted better than we: words may stand apart by more than a space
        change.completed_at = at
        for name in ("utterances", "words", "gaps"):
            if (count := _number(data.get(name))) is not None:
                setattr(change, name, count)
                setattr(change, f"more_{name}", 0)
        if change.transcription is not None:
            change.transcription = "off"

    def _say(self, call_no: int, seq: int, at: float, data: dict[str, Any]) -> None:
        text = data["text"].translate(_MARKS)
        self.utterances.append(
            (
                call_no, seq, to_database(data["utterance_id"]), to_database(data["role"]),
                _number(data.get("start_ms")), _number(data.get("end_ms")), at, text,
                vector_of(text),
            )
        )  # fmt: skip
        change = self._change(call_no)
        change.more_utterances += 1
        change.more_words += 1 + text.count(" ")

    def _change(self, call_no: int) -> Change:
        return self.changes.setdefault(call_no, Change())


def summarise(events: Iterable[tuple[int, StoredEvent]], now: float) -> Summaries:
    """Return what these events, each with its `call_no`, say of their calls."""
    summaries = Summaries(now)
    for call_no, event in events:
        summaries.add(call_no, event)
    return summaries


def facts_of(metadata: object) -> dict[str, str]:
    """Return the top level of metadata as text, to be compared with what people ask for."""
    if not isinstance(metadata, dict):
        return {}
    return {to_database(key): _as_text(value) for key, value in metadata.items() if _plain(value)}


def _started(call_no: int, at: float, data: dict[str, Any]) -> Row:
    metadata = data.get("metadata") or {}
    return (
        call_no,
        at,
        _text(data.get("direction")),
        _text(data.get("from")),
        _text(data.get("to")),
        msgspec.json.encode(metadata),
        msgspec.json.encode(facts_of(metadata)).decode(),
        _text(data.get("route")),
    )


def _read(body: bytes) -> _Body | None:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _unix(timestamp: object) -> float | None:
    if not isinstance(timestamp, str):
        return None
    try:
        read = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    read = read if read.tzinfo else read.replace(tzinfo=UTC)
    return round(read.timestamp() * 1000) / 1000


def _plain(value: object) -> bool:
    return not isinstance(value, dict | list)


def _as_text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return to_database(str(value))


def _text(value: object) -> str | None:
    return to_database(value) if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
