"""What is kept in clear that would be hidden today: how many of what, by call; never the value."""

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from service.calls.events import TranscriptCompleted, TranscriptErased, TranscriptFinal
from service.ids import CallId
from service.ports import Library, StoredEvent
from service.redaction.memory import Memory, Policy
from service.redaction.redactor import Spoken, redact

_PAGE: Final = 500
_MAX_CALLS: Final = 10_000
"""Of so many calls at once it is remembered what was said."""


@dataclass(slots=True)
class CallFindings:
    """What would be hidden of a call: in how many of its finals, and what, how often."""

    call_id: CallId
    finals: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    memory: Memory = field(default_factory=Memory, repr=False)


async def audit_redaction(library: Library, policy: Policy) -> AsyncIterator[CallFindings]:
    """Yield each call of which something would be hidden, once all of it was looked through.

    Finals are taken in the order in which they were kept. What is committed meanwhile is looked
    through as well. A call that went on for longer than ten thousand others may come twice.

    Raises:
        JournalUnavailableError: The journal does not answer.
    """
    calls: OrderedDict[CallId, CallFindings] = OrderedDict()
    position = 0
    while page := await library.events(after=position, limit=_PAGE):
        position = page[-1].position
        for placed in page:
            for over in _take(calls, placed.event, policy):
                yield over
    for left in calls.values():
        if left.finals:
            yield left


def _take(
    calls: OrderedDict[CallId, CallFindings], event: StoredEvent, policy: Policy
) -> list[CallFindings]:
    over = []
    if event.type == TranscriptFinal.type:
        found = calls.setdefault(event.call_id, CallFindings(event.call_id))
        calls.move_to_end(event.call_id)
        _look(found, event, policy)
        if len(calls) > _MAX_CALLS:
            over.append(calls.popitem(last=False)[1])
    elif event.type in (TranscriptCompleted.type, TranscriptErased.type):
        gone = calls.pop(event.call_id, None)
        over += [] if gone is None else [gone]
    return [one for one in over if one.finals]


def _look(found: CallFindings, event: StoredEvent, policy: Policy) -> None:
    body = msgspec.json.decode(event.body)
    data = body["data"]
    spoken = _spoken(data, datetime.fromisoformat(body["timestamp"]).timestamp())
    shown = redact(found.memory, policy, spoken)
    if shown.text == spoken.text:
        return
    found.finals += 1
    found.entities += Counter(hidden.entity for hidden in shown.hidden) - _hidden_before(data)


def _spoken(data: dict[str, Any], at: float) -> Spoken:
    return Spoken(
        text=data["text"],
        key=f"{data['leg']}/{data['track'] or ''}",
        at=at,
        is_final=True,
        language=data["language"],
        words=tuple(word["text"] for word in data["words"] or ()),
    )


def _hidden_before(data: dict[str, Any]) -> Counter[str]:
    return Counter(one["entity"] for one in data.get("redactions", ()))
