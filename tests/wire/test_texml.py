"""Callbacks of TeXML: forms, of which any field may be missing, become inputs or say why not."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.calls.inputs import (
    LegAnswered,
    LegHungUp,
    LegInitiated,
    StreamingFailed,
    StreamingStarted,
    WebhookInput,
    WordsReported,
)
from service.errors import BadInputError
from service.wire.texml import parse_callback
from service.wire.webhooks import Ignored

NOW = 1_795_341_600.0
LEG, PARENT = "v3:leg", "v3:parent"
BASE = {
    "AccountSid": "f5586561-8ff0-4291-a51b-c7dfe4139ff9",
    "CallSid": LEG,
    "From": "+12025550133",
    "To": "+12025550100",
    "ConnectionId": "17",
    "Timestamp": "2026-11-22 10:00:05.500000Z",
}


def read(**fields: str) -> WebhookInput | Ignored:
    """Read a callback with these fields beside the usual ones."""
    return parse_callback(urlencode({**BASE, **fields}).encode(), NOW)


@pytest.mark.parametrize(
    ("fields", "kind", "said"),
    [
        (
            {"CallStatus": "initiated", "Direction": "inbound"},
            LegInitiated,
            {"direction": "incoming"},
        ),
        (
            {"CallStatus": "ringing", "Direction": "outbound-api"},
            LegInitiated,
            {"direction": "outgoing"},
        ),
        ({"CallStatus": "ringing", "CallerId": "Jo"}, LegInitiated, {"caller_name": "Jo"}),
        (
            {"CallStatus": "initiated", "ParentCallSid": PARENT},
            LegInitiated,
            {"direction": "outgoing", "call_id": PARENT},
        ),
        ({"CallStatus": "in-progress"}, LegAnswered, {"direction": None, "call_id": None}),
        (
            {"CallStatus": "completed", "HangupSource": "callee"},
            LegHungUp,
            {"cause": "normal_clearing", "source": "callee"},
        ),
        ({"CallStatus": "busy"}, LegHungUp, {"cause": "user_busy"}),
        ({"CallStatus": "failed", "HangupCause": "not_found"}, LegHungUp, {"cause": "not_found"}),
        ({"StreamEvent": "stream-started"}, StreamingStarted, {}),
        ({"StreamEvent": "stream-error", "StreamError": "x"}, StreamingFailed, {}),
        (
            {"Transcript": "hello there", "IsFinal": "true", "Confidence": "0.97"},
            WordsReported,
            {"text": "hello there", "is_final": True, "confidence": 0.97, "track": None},
        ),
        (
            {"TranscriptionText": "hel", "IsFinal": "False", "TranscriptionTrack": "outbound"},
            WordsReported,
            {"text": "hel", "is_final": False, "confidence": None, "track": "outbound"},
        ),
    ],
)  # fmt: skip
def test_a_callback_is_read(fields: dict[str, str], kind: type, said: dict[str, Any]) -> None:
    """With the leg, the numbers, and when it was, whichever way that is written."""
    item = read(**fields)

    assert isinstance(item, kind)
    assert not isinstance(item, Ignored)
    assert (item.leg_id, item.occurred_at) == (LEG, NOW + 5.5)
    assert (item.from_number, item.to_number) == (BASE["From"], BASE["To"])
    assert {name: getattr(item, name) for name in said} == said


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"CallStatus=ringing", "no_leg"),
        (urlencode({**BASE, "RecordingSid": "r", "TranscriptionText": "all of it"}).encode(), None),
        (urlencode({**BASE, "CallStatus": "dancing"}).encode(), None),
        (b"", "no_leg"),
    ],
)
def test_what_is_of_no_use_is_ignored(body: bytes, reason: str | None) -> None:
    """What was said in a recording was heard before; and who has no leg is nobody's."""
    item = parse_callback(body, NOW)

    assert isinstance(item, Ignored)
    assert item.reason == (reason or "unread_event")


def test_a_repeat_is_known_and_the_same_words_said_twice_are_not_one() -> None:
    """Where there is a time; where there is none, nothing tells them from a repeat."""
    said = {"Transcript": "yes", "IsFinal": "true"}
    once, again = read(**said), read(**said)
    untimed = urlencode({"CallSid": LEG, **said}).encode()
    first, second = parse_callback(untimed, NOW), parse_callback(untimed, NOW + 1)

    assert isinstance(once, WordsReported)
    assert once == again
    assert isinstance(first, WordsReported)
    assert isinstance(second, WordsReported)
    assert first.input_id != second.input_id
    assert first.occurred_at == NOW


@pytest.mark.parametrize("body", [b"\xff=1", b"&".join(b"a%d=1" % n for n in range(300))])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    """Not UTF-8, or without end."""
    with pytest.raises(BadInputError):
        parse_callback(body, NOW)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing else is ever raised."""
    try:
        parse_callback(body, NOW)
    except BadInputError:
        return
