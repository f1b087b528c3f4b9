"""Messages on the wire: one example of each event of our own, and media frames of Telnyx's.

The events are a short call, seq by seq, with values that never change. `python -m
tests.wire.builders` writes `fixtures/events/` anew, after a field was added on purpose.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
from msgspec import structs

from service.calls.after_events import (
    ArchiveFailed,
    ArchiveStored,
    RecordingFailed,
    RecordingTranscribed,
    TranscribedSegment,
)
from service.calls.events import (
    CallAnswered,
    CallAttached,
    CallEnded,
    CallStarted,
    CallUnanswered,
    Coverage,
    EndpointDisabled,
    EndpointEnabled,
    EngineRef,
    Event,
    RecordingSaved,
    TranscriptCompleted,
    TranscriptErased,
    TranscriptFinal,
    TranscriptGap,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionPaused,
    TranscriptionRecovered,
    TranscriptionResumed,
    TranscriptionStarted,
    TranscriptionStopped,
    TranscriptPartial,
    TranscriptRedacted,
)
from service.calls.inputs import Redaction, Word
from service.calls.party_events import (
    CallBridged,
    CallDtmf,
    CallHeld,
    CallResumed,
    CallTransferred,
    ConferenceJoined,
    ConferenceLeft,
    Participant,
)
from service.calls.turn import Fact
from service.ids import CallId, EndpointName, LegId, UtteranceId
from service.wire.events import encode

FOLDER = Path(__file__).parents[2] / "fixtures" / "events"
SERVICE = CallId("service/endpoints")
CALL = CallId("428c31b6-7af4-4bcb-b7f5-5013ef9657c1")
LEG = LegId("v3:golden-example-leg")
ANSWERED_AT = 1795341600.0  # 2026-11-22T10:00:00Z
UTTERANCE = UtteranceId(f"utt_{CALL}_0i0")
QUEUED_S = 0.004
"""How long after it occurred each event is written."""
METADATA: Mapping[str, object] = {"queue": "bookings"}

PARTIAL = TranscriptPartial(
    utterance_id=UTTERANCE,
    revision=1,
    text="I'd like to",
    track="inbound",
    role="customer",
    leg=LEG,
    start_ms=8420,
    end_ms=9120,
    time_source="audio",
    confidence=None,
    words=None,
    language="en-US",
    engine="Deepgram",
    model="nova-3",
    source="media",
)
FINAL = TranscriptFinal(
    utterance_id=UTTERANCE,
    revision=2,
    text="I'd like to change my booking.",
    track="inbound",
    role="customer",
    leg=LEG,
    start_ms=8420,
    end_ms=10380,
    time_source="audio",
    confidence=0.97,
    words=(
        Word(text="I'd", start_ms=8420, end_ms=8610, confidence=0.95),
        Word(text="like", start_ms=8610, end_ms=8830, confidence=0.99),
        Word(text="to", start_ms=8830, end_ms=8940, confidence=0.99),
        Word(text="change", start_ms=8940, end_ms=9370, confidence=0.98),
        Word(text="my", start_ms=9370, end_ms=9560, confidence=0.98),
        Word(text="booking.", start_ms=9560, end_ms=10380, confidence=0.94),
    ),
    language="en-US",
    engine="Deepgram",
    model="nova-3",
    source="media",
)
AGENT_LEG, THIRD_LEG = LegId("v3:agent"), LegId("v3:third")
CUSTOMER = Participant(leg=LEG, role="customer", number="+15555550100", start_ms=0, end_ms=None)
AGENT = Participant(leg=AGENT_LEG, role="agent", number="+15555550177", start_ms=9400, end_ms=None)
THIRD = Participant(leg=THIRD_LEG, role="agent", number="+15555550178", start_ms=41000, end_ms=None)
AFTERWARDS = tuple(replace(one, end_ms=45060) for one in (CUSTOMER, AGENT, THIRD))
EVENTS: tuple[tuple[float, Event], ...] = (
    (
        -2.5,
        CallStarted(
            leg=LEG,
            direction="incoming",
            from_="+15555550100",
            to="+15555550199",
            connection_id="1684641123236054244",
            route="bookings",
        ),
    ),
    (0.0, CallAnswered(leg=LEG)),
    (0.2, CallUnanswered(leg=LEG, reason="busy", code="486")),
    (
        0.25,
        TranscriptionStarted(
            leg=LEG,
            source="media",
            engine="Deepgram",
            model="nova-3",
            language="en-US",
            ignored=("endpointing_ms",),
            start_ms=250,
        ),
    ),
    (9.4, CallBridged(leg=LEG, other=AGENT_LEG, participants=(CUSTOMER, AGENT))),
    (11.12, FINAL),
    (
        14.0,
        TranscriptionDegraded(
            leg=LEG,
            source="media",
            track="inbound",
            reason="connection_lost",
            code="",
            engine="Deepgram",
            model="nova-3",
            to=EngineRef(source="media", engine="Google", model="latest_long"),
            start_ms=13700,
            lost_capabilities=("keyterms",),
        ),
    ),
    (
        31.5,
        TranscriptGap(
            track="inbound",
            role="customer",
            leg=LEG,
            start_ms=13980,
            end_ms=15020,
            reason="buffer_full",
        ),
    ),
    (
        32.0,
        TranscriptionFailed(
            leg=LEG, source="media", track="outbound", reason="refused_by_engine", code="40002"
        ),
    ),
    (
        32.6,
        TranscriptionRecovered(
            leg=LEG,
            source="media",
            track="outbound",
            engine="Deepgram",
            model="nova-3",
            start_ms=31200,
        ),
    ),
    (33.0, TranscriptionPaused(leg=LEG, source="media", reason="card_payment", start_ms=33000)),
    (
        38.5,
        TranscriptionResumed(
            leg=LEG, source="media", reason="agent", start_ms=38500, paused_since_ms=33000
        ),
    ),
    (39.0, CallHeld(leg=LEG, role="customer", start_ms=39000)),
    (40.2, CallDtmf(leg=AGENT_LEG, role="agent", digit=None, start_ms=40200)),
    (41.5, CallResumed(leg=LEG, role="customer", start_ms=41500, held_since_ms=39000)),
    (
        41.6,
        CallTransferred(
            leg=LEG, former=AGENT_LEG, other=THIRD_LEG, participants=(CUSTOMER, AGENT, THIRD)
        ),
    ),
    (
        43.0,
        ConferenceJoined(
            leg=LEG,
            role="customer",
            conference_id="59c3bd8c-4d5f-4d0e-9a0c-3d2b2f8d1a57",
            start_ms=43000,
            participants=(CUSTOMER, AGENT, THIRD),
        ),
    ),
    (
        44.0,
        ConferenceLeft(
            leg=LEG,
            role="customer",
            conference_id="59c3bd8c-4d5f-4d0e-9a0c-3d2b2f8d1a57",
            start_ms=44000,
        ),
    ),
    (
        45.06,
        CallEnded(
            leg=LEG,
            cause="normal_clearing",
            ended_by="caller",
            sip_code="200",
            duration_ms=45060,
            participants=AFTERWARDS,
        ),
    ),
    (
        45.2,
        RecordingSaved(
            duration_ms=45060,
            size_bytes=721018,
            content_type="audio/wav",
            channels=("inbound", "outbound"),
            silenced_ms=4300,
        ),
    ),
    (45.3, TranscriptionStopped(leg=LEG, source="media", reason="media_stopped")),
    (
        45.9,
        TranscriptCompleted(
            duration_ms=45060,
            utterances=1,
            words=6,
            gaps=1,
            coverage={
                "inbound": Coverage(
                    transcribed_ms=1960,
                    silence_ms=36560,
                    paused_ms=5500,
                    lost_ms=1040,
                    lost_reasons={"buffer_full": 1040},
                ),
            },
            participants=AFTERWARDS,
        ),
    ),
    (
        46.1,
        RecordingTranscribed(
            revision=1,
            engine="Deepgram",
            model="nova-3",
            language="en-US",
            text="I'd like to change my booking.",
            segments=(
                TranscribedSegment(
                    role="customer",
                    track="inbound",
                    text="I'd like to change my booking.",
                    start_ms=8400,
                    end_ms=10400,
                ),
            ),
        ),
    ),
    (
        46.15,
        RecordingFailed(revision=1, stage="transcription", reason="unreachable", code=""),
    ),
    (
        46.2,
        ArchiveFailed(endpoint=EndpointName("archive"), revision=1, reason="unreachable"),
    ),
    (
        47.4,
        ArchiveStored(endpoint=EndpointName("archive"), revision=1, files=4, size_bytes=736402),
    ),
    (
        86445.9,
        TranscriptRedacted(
            supersedes=6,
            utterance_id=FINAL.utterance_id,
            text="I'd like to change my [PHONE].",
            words=None,
            redactions=(Redaction(entity="phone", start=22, end=29),),
            track="inbound",
            role="customer",
            leg=LEG,
            start_ms=FINAL.start_ms,
            end_ms=FINAL.end_ms,
        ),
    ),
    (2592045.9, TranscriptErased(reason="retention")),
)

NOTICES: tuple[tuple[float, Event], ...] = (
    (60.0, EndpointDisabled(endpoint=EndpointName("crm"), reason="gone")),
    (360.0, EndpointEnabled(endpoint=EndpointName("crm"))),
)


def fact(event: Event | TranscriptPartial, at_s: float, seq: int | None = None) -> Fact:
    """Return what is told of an event so many seconds after the answer."""
    return Fact(
        call_id=CALL,
        seq=seq,
        after_seq=5 if seq is None else seq - 1,
        event=event,
        occurred_at=ANSWERED_AT + at_s,
        answered_at=ANSWERED_AT,
        metadata={} if isinstance(event, TranscriptErased) else METADATA,
    )


def notice(event: Event, at_s: float, seq: int) -> Fact:
    """Return what is told of an event that is of no call."""
    return structs.replace(fact(event, at_s, seq), call_id=SERVICE, answered_at=None, metadata={})


def attached() -> Fact:
    """Return what would be told in the place of its answer, had somebody else answered it."""
    return fact(CallAttached(leg=LEG, before_ms=93_400), 0.0, 2)


def facts() -> list[Fact]:
    """Return the call, event by event, an attachment, the partial, and what is of no call."""
    durable = [fact(event, at_s, seq) for seq, (at_s, event) in enumerate(EVENTS, start=1)]
    notices = [notice(event, at_s, seq) for seq, (at_s, event) in enumerate(NOTICES, start=1)]
    return [*durable, attached(), fact(PARTIAL, 9.86), *notices]


def bodies() -> dict[str, bytes]:
    """Encode every example; by event type."""
    return {one.event.type: encode(one, now=one.occurred_at + QUEUED_S) for one in facts()}


def readable(body: bytes) -> bytes:
    """Lay an event out for reading; order and spelling stay as they are sent."""
    return msgspec.json.format(body, indent=2) + b"\n"


def frame(payload: bytes, *, track: str, number: int) -> str:
    """Write a media frame as Telnyx does: numbers as strings, audio in base64."""
    media = {
        "track": track,
        "chunk": str(number),
        "timestamp": str(number * 20),
        "payload": base64.b64encode(payload).decode(),
    }
    body = {"event": "media", "sequence_number": str(number), "stream_id": "s-1", "media": media}
    return json.dumps(body)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for kind, body in bodies().items():
        (FOLDER / f"{kind}.json").write_bytes(readable(body))
