"""Calls as they are looked up: a call as JSON, its status, and its events."""

from typing import NamedTuple

import msgspec

from service.ids import CallId
from service.ports import CallSummary, Journal, StoredEvent
from service.wire.events import timestamp

_READ_AT_ONCE = 500
"""Few enough that whoever loads a call does not wait for it."""


class SnippetPart(NamedTuple):
    """A part of a snippet, and whether it is what was searched for."""

    text: str
    is_match: bool


def status_of(call: CallSummary) -> str:
    """Return how far a call is: ringing, talking, ending, complete or erased."""
    reached = (
        (call.erased_at, "erased"),
        (call.completed_at, "complete"),
        (call.ended_at, "ending"),
        (call.answered_at, "talking"),
    )
    return next((status for at, status in reached if at is not None), "ringing")


def describe_call(call: CallSummary) -> dict[str, object]:
    """Return a call as the API and the exports show it."""
    return {
        "call_id": call.call_id,
        "status": status_of(call),
        "direction": call.direction,
        "from": call.from_number,
        "to": call.to_number,
        "started_at": timestamp(call.started_at),
        "answered_at": _stamp(call.answered_at),
        "ended_at": _stamp(call.ended_at),
        "duration_ms": call.duration_ms,
        "utterances": call.utterances,
        "words": call.words,
        "gaps": call.gaps,
        "last_seq": call.last_seq,
        "metadata": msgspec.Raw(call.metadata),
        "transcription": call.transcription,
        "has_audio": call.has_audio,
    }


def split_snippet(snippet: str) -> list[SnippetPart]:
    """Return the parts of a `Hit.snippet`, in order."""
    parts: list[SnippetPart] = []
    for marked in snippet.split("\x02"):
        found, mark, rest = marked.rpartition("\x03")
        parts += [SnippetPart(found, is_match=True)] if mark else []
        parts += [SnippetPart(rest, is_match=False)] if rest else []
    return parts


async def read_events(journal: Journal, call_id: CallId) -> list[StoredEvent]:
    """Return all events of a call, in order."""
    events: list[StoredEvent] = []
    while True:
        after_seq = events[-1].seq if events else 0
        more = await journal.read(call_id, after_seq=after_seq, limit=_READ_AT_ONCE)
        events += more
        if len(more) < _READ_AT_ONCE:
            return events


def _stamp(at: float | None) -> str | None:
    return None if at is None else timestamp(at)
