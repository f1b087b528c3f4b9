"""What shows too much of a secret: events in the order in which they are seen, and other texts."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from service.redaction.memory import MAX_SHOWN, Level
from tests.redaction.dialogues import REPEATED
from tests.redaction.oracle import digits_in, most_in_order
from tests.redaction.proof import Viewer, bound_of
from tests.redaction.whole.calls import Call

_UTTERANCE: Final = re.compile(r"_\d+([io])(\d+)$")
_TRACKS: Final = {"i": "inbound", "o": "outbound"}
_MOST: Final = MAX_SHOWN["balanced"]
"""What of one number anybody may see; of others' there may be as many digits by chance."""


def leaks_in_events(call: Call, events: Iterable[Mapping[str, Any]], level: Level) -> int:
    """Return how many events of a call show too much to whoever saw all before them, in order."""
    viewer = Viewer(call.dialogue, bound_of(call.dialogue, level))
    return sum(_leaks(viewer, call, event) for event in events) + viewer.remembers_too_much()


def _leaks(viewer: Viewer, call: Call, event: Mapping[str, Any]) -> int:
    found = _UTTERANCE.search(event.get("utterance_id", ""))
    if found is None:
        return 0
    heard = call.heard(_TRACKS[found[1]], int(found[2]))
    text = " ".join((event["text"], *(word["text"] for word in event.get("words") or ())))
    is_final = "time_source" in event and event["type"] == "transcript.final"
    seen = replace(heard, is_final=is_final)
    return int(viewer.sees(seen, text))


def said_too_much(call: Call) -> set[str]:
    """Return the shortest pieces of what was said that show too much, as they were written.

    Of a code it is what other numbers show by chance: only who knows the utterance can tell.
    """
    secret = call.dialogue.secret
    if secret.kind == "code":
        return set()
    if secret.kind == "email":
        at_sign = call.dialogue.tongue.at
        return {f"{secret.value} {one} example" for one in (at_sign, f"({at_sign})")}
    return {
        piece
        for heard in call.dialogue.heard
        if heard.utterance % REPEATED >= call.dialogue.begins
        for piece in _pieces(heard.words, secret.value)
    }


def _pieces(words: tuple[str, ...], secret: str) -> Iterator[str]:
    for first in range(len(words)):
        for last in range(first + 1, len(words) + 1):
            piece = " ".join(words[first:last])
            if most_in_order(digits_in(piece), secret) > _MOST:
                yield piece
                break


def leaks_in_text(calls: Iterable[Call], text: str) -> int:
    """Return of how many calls a text has a piece that shows too much."""
    return sum(any(piece in text for piece in said_too_much(call)) for call in calls)
