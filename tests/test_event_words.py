"""Everywhere that events become words for people, each type has some, or has none on purpose.

Telemetry is not here: its `match` statements end in `assert_never`, so that the type checker sees
a type that nobody counts or traces.
"""

import re
from collections.abc import Collection
from pathlib import Path

import pytest

from service.archive.exports import LABELS
from service.archive.transcript import NOTED
from service.demo.screen import NOTES
from service.settings.checks import EVENT_TYPES

CONSOLE = Path(__file__).parents[1] / "service" / "console" / "static"
WORDS = frozenset({"transcript.partial", "transcript.final"})
"""Shown as what was said."""
OF_NO_CALL = frozenset({"endpoint.disabled", "endpoint.enabled"})
"""Shown with the endpoints."""
AFTER = frozenset({"archive.stored", "archive.failed", "recording.transcribed", "recording.failed"})
"""Of a copy of the call or of its recording, not of what was said."""


def keys_of(module: str, name: str) -> set[str]:
    """Return the keys of an object in a module of the console: those in quotes, one a line."""
    text = (CONSOLE / module).read_text()
    (body,) = re.findall(rf"^const {name} = {{$(.*?)^}};$", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r'^  "([a-z.]+)":', body, re.MULTILINE))


@pytest.mark.parametrize(
    ("worded", "silent"),
    [
        pytest.param(
            NOTES,
            WORDS
            | OF_NO_CALL
            | {
                "transcription.stopped",
                "transcription.paused",
                "transcription.resumed",
                "transcript.completed",
                "transcript.redacted",
                "transcript.erased",
                "recording.saved",
                "call.dtmf",
                *AFTER,
            },
            id="demo",
        ),
        pytest.param(
            keys_of("notes.js", "NOTES"),
            WORDS | OF_NO_CALL | {"call.started", "transcript.redacted", "transcript.completed"},
            id="console, notes in a call",
        ),
        pytest.param(
            keys_of("call.js", "CHANGES"),
            OF_NO_CALL
            | {
                "call.attached",
                "transcript.partial",
                "transcript.redacted",
                "call.unanswered",
                "call.held",
                "call.resumed",
                "call.dtmf",
                "conference.left",
                "transcription.degraded",
                "transcription.failed",
                "transcription.recovered",
                *AFTER,
            },
            id="console, what changes about a call",
        ),
        pytest.param(
            NOTED,
            WORDS
            | OF_NO_CALL
            | {
                "call.started",
                "call.attached",
                "call.answered",
                "call.bridged",
                "call.transferred",
                "call.held",
                "call.resumed",
                "call.dtmf",
                "conference.joined",
                "conference.left",
                "call.unanswered",
                "call.ended",
                "transcription.started",
                "transcript.redacted",
                "transcript.completed",
                "recording.saved",
                *AFTER,
            },
            id="exports",
        ),
    ],
)
def test_every_type_of_event_has_words_or_is_silent_on_purpose(
    worded: Collection[str], silent: Collection[str]
) -> None:
    """Whoever adds a type decides for each of these what people are to see of it."""
    assert {*worded} | {*silent} == {*EVENT_TYPES}
    assert not {*worded} & {*silent}


def test_every_note_of_an_export_has_its_words() -> None:
    """Without them, people would read the name of the type."""
    assert set(LABELS) == {kind.partition(".")[2] for kind in NOTED}
