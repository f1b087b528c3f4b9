"""Events of calls that never were, as they would be delivered."""

import secrets
import time
from typing import Any, Final

import msgspec

from service.calls.after_events import RecordingTranscribed, TranscribedSegment
from service.calls.events import (
    CallAnswered,
    CallEnded,
    CallStarted,
    EndpointDisabled,
    Event,
    TranscriptErased,
    TranscriptFinal,
    TranscriptGap,
    TranscriptPartial,
)
from service.calls.inputs import Word
from service.calls.turn import Fact
from service.delivery.certification.receiver import Message
from service.delivery.notices import SERVICE
from service.ids import CallId, EndpointName, LegId, UtteranceId
from service.ports import REPORT_TYPE
from service.wire.events import delivery_id, encode, partial_id, report_id, timestamp

LEG: Final = LegId("v3:certify")
STARTED: Final = CallStarted(
    leg=LEG, direction="incoming", from_="+15555550100", to="+15555550199", connection_id=None
)
ANSWERED: Final = CallAnswered(leg=LEG)
ENDED: Final = CallEnded(leg=LEG, cause=None, ended_by=None, sip_code=None, duration_ms=0)
_UTTERANCES: Final = 700


def new_call(name: str) -> CallId:
    """Return the id of a call that nobody has heard of."""
    return CallId(f"certify-{name}-{time.time_ns()}-{secrets.token_hex(3)}")


def messages(name: str, *events: Event, first_seq: int = 1) -> list[Message]:
    """Return events of a new call, in order."""
    call_id = new_call(name)
    return [message(call_id, seq, event) for seq, event in enumerate(events, start=first_seq)]


def call(name: str) -> list[Message]:
    """Return a short call."""
    return messages(name, STARTED, ANSWERED, ENDED)


def first(name: str) -> Message:
    """Return the beginning of a call."""
    return call(name)[0]


def message(call_id: CallId, seq: int, event: Event) -> Message:
    """Return a durable event."""
    return Message(delivery_id(call_id, seq), _encoded(call_id, seq, event))


def partial() -> Message:
    """Return a partial: it has no `seq`, and comes again with a higher revision."""
    call_id = new_call("partial")
    event = TranscriptPartial(**_said("I would", call_id, revision=2))
    return Message(partial_id(event), _encoded(call_id, None, event))


def final(text: str, *, confidence: float | None = 0.97, words: bool = False) -> TranscriptFinal:
    """Return something that was said, with the times of its words or without."""
    said = _said(text, new_call("final"), confidence=confidence)
    if words:
        said["words"] = tuple(
            Word(text=word, start_ms=100 * nth, end_ms=100 * nth + 90, confidence=confidence)
            for nth, word in enumerate(text.split())
        )
    return TranscriptFinal(**said)


def gap(reason: str) -> TranscriptGap:
    """Return a gap for this reason."""
    return TranscriptGap(
        track="inbound", role="unknown", leg=LEG, start_ms=0, end_ms=900, reason=reason
    )


def large() -> Message:
    """Return an event of 200 KB: a recording that was transcribed whole."""
    text = "It goes on for quite a while. " * 3_500
    segment = TranscribedSegment(role="unknown", track="inbound", text=text)
    event = RecordingTranscribed(
        revision=1, engine="Deepgram", model=None, language=None, text=text, segments=(segment,)
    )
    return messages("large", event)[0]


def erased() -> Message:
    """Return the end of all that is kept of a call, which comes by itself."""
    return messages("erased", TranscriptErased(reason="retention"), first_seq=5)[0]


def notice() -> Message:
    """Return an event of no call."""
    event = EndpointDisabled(endpoint=EndpointName("certify"), reason="http_410")
    call_id = CallId(f"{SERVICE}-{new_call('notice')}")
    return message(call_id, 1, event)


def test() -> Message:
    """Return what `callscribe endpoints test` sends."""
    at = timestamp(time.time())
    data = {"endpoint": "certify", "occurred_at": at}
    body = {"type": "endpoint.test", "timestamp": at, "data": data}
    return Message(f"tst_{secrets.token_hex(8)}", msgspec.json.encode(body))


def batch(number: int) -> Message:
    """Return one request that brings so many events of a call, as an array."""
    events = messages("batch", *[final("and so on") for _ in range(number)])
    name = events[0].id
    if number > 1:
        name = f"bat_{name.removeprefix('evt_')}_{number}"
    return Message(name, b"[" + b",".join(each.body for each in events) + b"]")


def report() -> Message:
    """Return the report of a call of three hours: 1.6 MB."""
    call_id, at = new_call("report"), timestamp(time.time())
    said = msgspec.to_builtins(final("every word " * 15, words=True))
    del said["revision"]
    utterances = [{**said, "seq": 3 + nth} for nth in range(_UTTERANCES)]
    started = msgspec.to_builtins(STARTED)
    document: dict[str, object] = {
        "version": 1,
        "call_id": call_id,
        "revision": 1,
        "seq": 4 + _UTTERANCES,
        **{name: started[name] for name in ("route", "direction", "to", "connection_id")},
        "from": STARTED.from_,
        "metadata": {},
        **dict.fromkeys(("started_at", "answered_at", "ended_at"), at),
        "attached": False,
        "duration_ms": 10_800_000,
        **dict.fromkeys(("cause", "ended_by", "sip_code")),
        "participants": [],
        "words": 30 * _UTTERANCES,
        "utterances": utterances,
        "gaps": [],
        "pauses": [],
        "coverage": None,
        "redactions": {},
        "recording": None,
        "transcribed": None,
    }
    body = {"type": REPORT_TYPE, "timestamp": at, "data": document}
    return Message(report_id(call_id, 4 + _UTTERANCES), msgspec.json.encode(body))


def _said(text: str, call_id: CallId, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    plain: dict[str, Any] = {
        "utterance_id": UtteranceId(f"utt_{call_id}_0i1"),
        "revision": 3,
        "text": text,
        "track": "inbound",
        "role": "unknown",
        "leg": LEG,
        "start_ms": 8_420,
        "end_ms": 10_380,
        "time_source": "audio",
        "confidence": 0.97,
        "words": None,
        "language": "en-US",
        "engine": "Deepgram",
        "model": "nova-3",
        "source": "media",
    }
    return plain | changes


def _encoded(call_id: CallId, seq: int | None, event: Event | TranscriptPartial) -> bytes:
    now = time.time()
    fact = Fact(
        call_id=call_id,
        seq=seq,
        after_seq=0 if seq is None else seq - 1,
        event=event,
        occurred_at=now,
        answered_at=None,
        metadata={},
    )
    return encode(fact, now=now)
