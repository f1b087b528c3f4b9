"""What of the words of a call is hidden, by its route, before they go anywhere.

There is one place for all of it: what a turn records or shows. In-call finals are the exception,
because they wait for their turn in the journal: they are redacted before they wait, in the order
in which they come. That order is not the one they were said in, but what is shown of a number is
counted, so the bound holds in any order.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from service.calls.events import TranscriptFinal, TranscriptPartial
from service.calls.inputs import Redaction, Word, WordsReported
from service.calls.routes import Route
from service.calls.state import CallState
from service.ids import LegId, Track
from service.redaction.memory import Level, Memory, Policy
from service.redaction.redactor import Aloud, Redacted, Spoken, redact

_Kind = TypeVar("_Kind", TranscriptPartial, TranscriptFinal)


def redacted(state: CallState, route: Route, event: _Kind, at: float) -> tuple[_Kind, Aloud]:
    """Return a transcript with what its route wants hidden, and what of its sound is.

    It is remembered what was shown.
    """
    if not route.redact:
        return event, Aloud()
    words = event.words or ()
    spoken = Spoken(
        text=event.text,
        key=key_of(event.leg, event.track),
        at=at,
        is_final=isinstance(event, TranscriptFinal),
        language=event.language,
        words=tuple(word.text for word in words),
        life=state.life,
    )
    shown = redact(state.redaction, policy_of(route), spoken)
    hidden = replace(
        event,
        text=shown.text,
        words=event.words and written(words, shown),
        redactions=told(words, shown),
    )
    return hidden, shown.aloud


def before_waiting(
    state: CallState, route: Route, item: WordsReported, *, key: str, is_kept: bool
) -> WordsReported:
    """Return an in-call final as it may wait in the journal.

    Words that are not to be kept by what is known now are not counted, and none of their numbers
    is shown.
    """
    if not route.redact:
        return item
    lost = Memory(spent=True, lost=True, last_at=item.occurred_at, life=state.life)
    spoken = Spoken(
        text=item.text.strip(),
        key=key,
        at=item.occurred_at,
        is_final=True,
        language=route.language,
        life=state.life,
    )
    shown = redact(state.redaction if is_kept else lost, policy_of(route), spoken)
    return msgspec.structs.replace(
        item, text=shown.text, redactions=told((), shown), aloud=shown.aloud
    )


def key_of(leg_id: LegId, track: Track | None) -> str:
    """Return whose words those of a track are."""
    return f"{leg_id}/{track or ''}"


def careful_route(routes: Sequence[Route]) -> Route:
    """Return what hides all that any of the routes hides: nobody knows yet which is the call's."""
    kinds = {kind for route in routes for kind in route.redact}
    levels = {route.redact_level for route in routes if route.redact}
    level: Level = "strict" if "strict" in levels else "balanced"
    languages = {route.language for route in routes}
    return Route(
        redact=tuple(sorted(kinds)),
        redact_level=level,
        language=languages.pop() if len(languages) == 1 else None,
    )


def policy_of(route: Route) -> Policy:
    """Return what a route wants hidden, and how."""
    return Policy(frozenset(route.redact), route.redact_level, route.mask, route.language)


def written(words: tuple[Word, ...], shown: Redacted) -> tuple[Word, ...]:
    """Put labels in the place of hidden words; how sure the engine was of them is not told."""
    return tuple(
        word if label is None else replace(word, text=label, confidence=None)
        for word, label in zip(words, shown.words, strict=True)
    )


def told(words: tuple[Word, ...], shown: Redacted) -> tuple[Redaction, ...]:
    """Return what is told of what is hidden."""
    return tuple(
        Redaction(
            entity=hidden.entity,
            start=hidden.start,
            end=hidden.end,
            start_ms=words[hidden.words[0]].start_ms if hidden.words else None,
            end_ms=words[hidden.words[-1]].end_ms if hidden.words else None,
        )
        for hidden in shown.hidden
    )
