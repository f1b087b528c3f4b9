"""Parsing webhooks: every golden fixture, and what is no webhook at all."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.calls.inputs import (
    LegAnswered,
    LegBridged,
    LegHungUp,
    LegInitiated,
    SpeakEnded,
    StreamingFailed,
    StreamingStarted,
    StreamingStopped,
    WebhookInput,
    WordsReported,
)
from service.calls.party_webhooks import KeyPressed, LegHeld, LegJoined, LegLeft, LegRetrieved
from service.calls.tape_webhooks import TapeFailed, TapeSaved
from service.calls.webhook import SiprecStream, Webhook
from service.errors import BadInputError
from service.ids import CallId, InputId, LegId, StreamId
from service.wire.webhooks import Ignored, parse_webhook
from tests.ingress.builders import LEG, NOW, WEBHOOKS, webhook_body

CALL = CallId("428c31b6-abf3-3bc1-b7f4-5013ef9657c1")
CUSTOMER, SUPPORT = "+12025550133", "+12025550100"
MADE_UP = InputId("any")
BASE: dict[str, Any] = {
    "input_id": MADE_UP,
    "call_id": CALL,
    "leg_id": LEG,
    "connection_id": "1494404757140276705",
}
PARTIES: dict[str, Any] = {"from_number": CUSTOMER, "to_number": SUPPORT}
STATE = {"queue": "billing", "vip": "true", "attempt": "2"}

EXPECTED: dict[str, WebhookInput | Ignored] = {
    "call.initiated.incoming": LegInitiated(
        **BASE,
        **PARTIES,
        occurred_at=NOW + 0.076316,
        direction="incoming",
        headers={
            "x-account-tier": "gold",
            "user-to-user": "order=4711;encoding=ascii",
            "diversion": "<sip:support@sip.example.com>;reason=no-answer",
        },
        caller_name=CUSTOMER,
    ),
    "call.initiated.siprec": LegInitiated(
        **BASE,
        **PARTIES,
        occurred_at=NOW + 0.076316,
        direction="incoming",
        headers={
            "x-desthost": "yourcompany",
            "x-label": "outbound",
            "x-participantid": "F7yzLJtvXnTLaZflfmhkwpR5",
            "x-siprec-sessionid": "1772ce22-99ca-476a-b58f-1b848702e2ce",
            "x-streamid": "QxjNUZblCzXqwKCTQpsm4Ok3",
            "x-metadata-xml": "PD94bWwgdmVyc2lvbj0iMS4wIj8+",
        },
        caller_name="Outbound Call",
        siprec=SiprecStream("1772ce22-99ca-476a-b58f-1b848702e2ce", "outbound"),
    ),
    "call.initiated.outgoing": LegInitiated(
        **BASE,
        from_number=SUPPORT,
        to_number=CUSTOMER,
        occurred_at=NOW + 0.131409,
        direction="outgoing",
        client_state=STATE,
        tags=("callback",),
    ),
    "call.initiated.formatted_number": LegInitiated(
        **BASE,
        from_number=CUSTOMER,
        to_number="sip:support@sip.example.com",
        occurred_at=NOW + 0.076316,
        direction="incoming",
    ),
    "call.answered": LegAnswered(**BASE, **PARTIES, occurred_at=NOW + 1.512873, client_state=STATE),
    "call.bridged": LegBridged(**BASE, **PARTIES, occurred_at=NOW + 1.900211),
    "call.speak.ended": SpeakEnded(**BASE, occurred_at=NOW + 3.5),
    "call.hangup": LegHungUp(
        **BASE,
        **PARTIES,
        occurred_at=NOW + 41.231990,
        client_state=STATE,
        cause="normal_clearing",
        source="caller",
        sip_code="200",
    ),
    "call.hangup.while_ringing": LegHungUp(
        **BASE,
        **PARTIES,
        occurred_at=NOW + 9.004512,
        cause="originator_cancel",
        source="caller",
        sip_code="487",
    ),
    "call.transcription.interim": WordsReported(
        **BASE,
        occurred_at=NOW + 9.41,
        text="I'd like to change",
        is_final=False,
        confidence=0.0,
        track="inbound",
    ),
    "call.transcription.final": WordsReported(
        **BASE,
        occurred_at=NOW + 10.38,
        text="I'd like to change my booking.",
        is_final=True,
        confidence=0.977219,
        track="inbound",
    ),
    "call.transcription.without_track": WordsReported(
        **BASE,
        occurred_at=NOW + 13.02,
        text="Certainly, which day suits you?",
        is_final=True,
        confidence=0.91,
    ),
    "call.transcription.null_confidence": WordsReported(
        **BASE, occurred_at=NOW + 15.73, text="نعم، يوم الخميس", is_final=True
    ),
    "call.transcription.without_is_final": WordsReported(
        **BASE,
        occurred_at=NOW + 16.1,
        text="Thursday, please.",
        is_final=None,
        confidence=0.88,
        track="outbound",
    ),
    "call.transcription.empty": WordsReported(
        **BASE, occurred_at=NOW + 17, text="", is_final=True, confidence=0.0
    ),
    "call.transcription.flat": WordsReported(
        **BASE, occurred_at=NOW + 18, text="Thank you.", is_final=True, confidence=0.95
    ),
    "streaming.started": StreamingStarted(**BASE, occurred_at=NOW + 1.98),
    "streaming.stopped": StreamingStopped(**BASE, occurred_at=NOW + 41.19),
    "streaming.failed": StreamingFailed(
        **BASE,
        occurred_at=NOW + 2.48,
        reason="connection_failed",
        stream_id=StreamId("2be1c0f4-6a3c-4a7e-9f10-1f2d3c4b5a69"),
    ),
    "call.recording.saved": TapeSaved(
        **{**BASE, "leg_id": LegId("")},
        occurred_at=NOW + 45.0,
        tape_id="10cd86ac-fef8-4765-b203-0f7511f9fc75",
        link="https://recordings.example.com/428c31b6.wav?X-Amz-Expires=600",
        started_at=NOW + 1.6,
        ended_at=NOW + 41.2,
    ),
    "call.recording.error": TapeFailed(
        **BASE, occurred_at=NOW + 46.0, reason="Unsupported backend"
    ),
    "unread.call.machine.premium.call_screening.detected": Ignored(
        "call.machine.premium.call_screening.detected", "unread_event"
    ),
    "unread.call.deepfake_detection.result": Ignored(
        "call.deepfake_detection.result", "unread_event"
    ),
    "call.dtmf.received": KeyPressed(**BASE, occurred_at=NOW + 6.0, digit="7"),
    "call.hold": LegHeld(**BASE, **PARTIES, occurred_at=NOW + 20.0),
    "call.unhold": LegRetrieved(**BASE, **PARTIES, occurred_at=NOW + 24.0),
    "conference.participant.joined": LegJoined(
        **BASE, occurred_at=NOW + 25.0, conference_id="f4b1f5d2-0c7a-4e55-8e0b-6b2f5c1d7a90"
    ),
    "conference.participant.left": LegLeft(**BASE, occurred_at=NOW + 30.0, conference_id=""),
    "unread.call.invented_by_telnyx_tomorrow": Ignored(
        "call.invented_by_telnyx_tomorrow", "unread_event"
    ),
    "unread.conference.floor.changed": Ignored("conference.floor.changed", "unread_event"),
    "odd.underscored_name": StreamingStarted(**BASE, occurred_at=NOW + 1.98),
    "odd.occurred_at_in_payload": LegAnswered(**BASE, **PARTIES, occurred_at=NOW + 1.512873),
    "odd.without_occurred_at": LegAnswered(**BASE, **PARTIES, occurred_at=NOW + 99),
    "odd.nulls": LegInitiated(input_id=MADE_UP, call_id=None, leg_id=LEG, occurred_at=NOW + 99),
    "odd.wrong_types": LegInitiated(
        input_id=MADE_UP,
        call_id=None,
        leg_id=LEG,
        occurred_at=NOW + 99,
        to_number=SUPPORT,
        headers={"user-to-user": "kept"},
    ),
    "odd.without_session": LegHungUp(
        **{**BASE, "call_id": None},
        **PARTIES,
        occurred_at=NOW + 41.231990,
        cause="unspecified",
        source="unknown",
        sip_code="unspecified",
    ),
    "odd.without_leg": Ignored("call.answered", "no_leg"),
    "odd.without_event_id": StreamingStopped(**BASE, occurred_at=NOW + 41.19),
    "odd.client_state_of_another_program": LegAnswered(
        **BASE, **PARTIES, occurred_at=NOW + 1.512873
    ),
    "odd.v1_envelope": Ignored("call_initiated", "v1_envelope"),
    "odd.debugger_record": Ignored("call.initiated", "debugger_record"),
}


def read(body: bytes | Mapping[str, object]) -> WebhookInput:
    """Parse a body that is not ignored."""
    parsed = parse_webhook(body if isinstance(body, bytes) else json.dumps(body).encode(), NOW)
    assert not isinstance(parsed, Ignored)
    return parsed


def changed(name: str, **payload: object) -> bytes:
    """Return a fixture with other payload fields."""
    body = json.loads(webhook_body(name))
    body["data"]["payload"] |= payload
    return json.dumps(body).encode()


@pytest.mark.parametrize("path", WEBHOOKS, ids=lambda path: path.stem)
def test_every_fixture_is_read_as_what_it_is(path: Path) -> None:
    """Each golden webhook gives exactly the input (or the reason) written beside its name."""
    parsed = parse_webhook(path.read_bytes(), NOW + 99)

    if isinstance(parsed, Webhook):
        parsed = msgspec.structs.replace(parsed, input_id=MADE_UP)
    assert parsed == EXPECTED[path.stem]


def test_no_fixture_is_forgotten() -> None:
    """The expectations and the folder name the same webhooks."""
    assert sorted(EXPECTED) == [path.stem for path in WEBHOOKS]


def test_the_event_id_is_what_a_redelivery_repeats() -> None:
    """`data.id` is the input's id, whatever `meta.attempt` says."""
    body = json.loads(webhook_body("call.answered"))
    again = {**body, "meta": {"attempt": 2}}

    ids = [read(each).input_id for each in (body, again)]

    assert ids == [body["data"]["id"]] * 2


def test_without_an_event_id_a_redelivery_still_has_the_same_one() -> None:
    """The stand-in id depends on the event and not on the attempt or the order of keys."""
    body = json.loads(webhook_body("odd.without_event_id"))
    again = {"meta": {"attempt": 2}, "data": dict(reversed(body["data"].items()))}
    other = {"data": {**body["data"], "occurred_at": "2026-11-22T10:00:42Z"}}

    ids = [read(each).input_id for each in (body, again, other)]

    assert ids[0] == ids[1] != ids[2]
    assert ids[0].startswith("sha256:")


@pytest.mark.parametrize("name", ["Call_Hangup", "call_hangup", "CALL.HANGUP"])
def test_any_spelling_of_a_name_that_is_read_is_read(name: object) -> None:
    """Underscores and capitals do not hide an event."""
    body = json.loads(webhook_body("call.hangup"))
    body["data"]["event_type"] = name

    assert isinstance(parse_webhook(json.dumps(body).encode(), NOW), LegHungUp)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2026-11-22T10:00:03Z", NOW + 3),
        ("2026-11-22T11:00:03.5+01:00", NOW + 3.5),
        ("2026-11-22T10:00:03", NOW + 3),
        ("yesterday", NOW),
        ("0001-01-01T00:00:00+14:00", NOW),
        ("9999-12-31T23:59:59-14:00", NOW),
        (1_795_341_603, NOW),
    ],
)
def test_a_time_is_read_as_utc_and_an_impossible_one_is_now(sent: object, expected: float) -> None:
    """ISO 8601 with or without an offset; anything else, or another century, is `now`."""
    body = json.loads(webhook_body("call.answered"))
    body["data"]["occurred_at"] = sent

    assert read(body).occurred_at == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (b'{"a":"b","n":1.5,"no":null,"deep":{"x":1}}', {"a": "b", "n": "1.5"}),
        (b'["a"]', {}),
        (b"\xff\xfe", {}),
        (b"[" * 5000, {}),
        (b"", {}),
    ],
)
def test_client_state_is_read_where_it_is_an_object(state: bytes, expected: dict[str, str]) -> None:
    """Plain values become text, others are left out, and other programs' states are empty."""
    body = changed("call.answered", client_state=base64.b64encode(state).decode())

    assert read(body).client_state == expected


@pytest.mark.parametrize("confidence", [-0.1, 1.5, True, "0.9", None, [1]])
def test_a_confidence_that_is_none_is_left_out(confidence: object) -> None:
    """Only a number from 0 to 1 is a confidence."""
    said = {"transcript": "yes", "is_final": True, "confidence": confidence}

    words = read(changed("call.transcription.final", transcription_data=said))

    assert isinstance(words, WordsReported)
    assert (words.text, words.confidence) == ("yes", None)


@pytest.mark.parametrize("is_final", ["true", 1, None])
def test_is_final_is_never_guessed(is_final: object) -> None:
    """What is neither true nor false is unknown."""
    said = {"transcript": "yes", "is_final": is_final}

    words = read(changed("call.transcription.final", transcription_data=said))

    assert isinstance(words, WordsReported)
    assert words.is_final is None


@pytest.mark.parametrize("said", [{}, {"transcript": None}, {"transcript": ["yes"]}])
def test_a_transcription_without_a_transcript_is_ignored(said: object) -> None:
    """Silence is an empty string; nothing at all is not words."""
    parsed = parse_webhook(changed("call.transcription.final", transcription_data=said), NOW)

    assert parsed == Ignored("call.transcription", "no_transcript")


@pytest.mark.parametrize(
    ("transcript", "text"),
    [("4", "4"), ("4.5", "4.5"), (r'"half \ud83d of one"', "half \ufffd of one"), ('""', "")],
)
def test_words_of_any_spelling_are_kept(transcript: str, text: str) -> None:
    """A number is what somebody said, and so is a text with half a character in it."""
    body = changed("call.transcription.final", transcription_data={"transcript": "SAID"})

    words = read(body.replace(b'"SAID"', transcript.encode()))

    assert isinstance(words, WordsReported)
    assert words.text == text


def test_words_that_name_only_their_call_are_kept() -> None:
    """A final may come without the leg; without the call as well it is nobody's."""
    words = read(changed("call.transcription.final", call_control_id=None))
    nobody = changed("call.transcription.final", call_control_id=None, call_session_id=None)

    assert isinstance(words, WordsReported)
    assert (words.call_id, words.leg_id) == (CALL, "")
    assert parse_webhook(nobody, NOW) == Ignored("call.transcription", "no_leg")


@pytest.mark.parametrize("leg", ["", "x" * 513, "v3:\x00", "v3:\n", 7])
def test_an_id_that_cannot_be_a_key_is_no_id(leg: object) -> None:
    """Empty, endless or unprintable ids never reach a journal."""
    assert isinstance(parse_webhook(changed("call.answered", call_control_id=leg), NOW), Ignored)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"data": "\xff"}',
        b'{"data":' * 20_000,
        b"[" * 200_000,
        b'{"data":1e999}',
        b'{"data":' + b"9" * 5000 + b"}",
        b'{"data":{}} trailing',
    ],
    ids=lambda body: repr(body[:16]),
)
def test_what_is_no_json_object_is_bad_input(body: bytes) -> None:
    """Truncated, foreign, endless and bottomless bodies are refused by name."""
    with pytest.raises(BadInputError):
        parse_webhook(body, NOW)
