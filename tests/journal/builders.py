"""Entries to commit, events of the shape that ours have, and what is asked again and again."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from service.ids import CallId, EndpointName, InputId, LegId
from service.ports import (
    Attempt,
    Entry,
    Journal,
    Keeping,
    LaneRow,
    LaneUpdate,
    MediaToken,
    Parked,
    StoredEvent,
)

CALL = CallId("call-1")
OTHER = CallId("call-2")
CRM = EndpointName("crm")
LOG = EndpointName("log")
DAY_S = 86_400.0
NUMBER = "+15555550142"
SECRET = "rumpelstiltskin"
"""What erased calls are searched for."""
TIMESTAMPS = ("2026-11-22T09:59:57.500Z", "2026-11-22T09:59:58.250Z", "2026-11-22T10:00:00.000Z")
TIMES = (1795341597.5, 1795341598.25, 1795341600.0)


def event(seq: int, call_id: CallId = CALL, kind: str = "transcript.final") -> StoredEvent:
    """Return an event with a body of its own."""
    return StoredEvent(call_id, seq, kind, b'{"call":"%b","seq":%d}' % (call_id.encode(), seq))


def body(call_id: str, seq: int, event_type: str, at: int = 0, **data: Any) -> StoredEvent:  # noqa: ANN401 - any JSON
    """Return an event of the shape that ours have; it occurred at one of `TIMES`."""
    envelope = {
        "type": event_type,
        "timestamp": TIMESTAMPS[at],
        "data": {"call_id": call_id, "seq": seq, **data},
    }
    return StoredEvent(CallId(call_id), seq, event_type, msgspec.json.encode(envelope))


def entry(
    version: int = 0,
    seqs: Sequence[int] = (),
    *,
    call_id: CallId = CALL,
    epoch: int = 1,
    inputs: Sequence[str] = (),
    legs: Sequence[str] = (),
    endpoints: Sequence[EndpointName] = (),
    wake_at: float | None = None,
    ended: bool = False,
) -> Entry:
    """Return a change of a call made from `version`, with the events of these `seqs`."""
    return Entry(
        call_id=call_id,
        version=version,
        epoch=epoch,
        state=f"state after {version}".encode(),
        input_ids=tuple(InputId(one) for one in inputs),
        legs=tuple(LegId(leg) for leg in legs),
        events=tuple(event(seq, call_id) for seq in seqs),
        endpoints=tuple(endpoints),
        wake_at=wake_at,
        ended=ended,
    )


def said(seq: int, text: str, call_id: CallId = CALL) -> StoredEvent:
    """Return a final with these words."""
    body = (
        b'{"type":"transcript.final","timestamp":"2026-11-22T10:00:03.120Z","data":{'
        b'"utterance_id":"u%d","role":"customer","text":"%b"}}' % (seq, text.encode())
    )
    return StoredEvent(call_id, seq, "transcript.final", body)


def started(call_id: CallId = CALL, number: str = NUMBER) -> StoredEvent:
    """Return the first event of a call from this number."""
    body = (
        b'{"type":"call.started","timestamp":"2026-11-22T10:00:00.000Z","data":{'
        b'"from":"%b","to":"+15555550100","metadata":{"name":"%b"}}}'
        % (number.encode(), SECRET.encode())
    )
    return StoredEvent(call_id, 1, "call.started", body)


def tombstone(seq: int, call_id: CallId = CALL) -> StoredEvent:
    """Return what is left of an erased call."""
    body = b'{"type":"transcript.erased","data":{"reason":"api"}}'
    return StoredEvent(call_id, seq, "transcript.erased", body)


def attempt(call_id: CallId, made_at: float) -> Attempt:
    """Return an attempt at the first event of a call, which was refused."""
    return Attempt(call_id, CRM, 1, made_at, "refused", 400, 12, f"no {SECRET}, please")


def call_with(
    *events: StoredEvent,
    version: int = 0,
    keeping: Keeping | None = None,
    numbers: Sequence[str] = (),
) -> Entry:
    """Return a change with these events for two endpoints."""
    return Entry(
        call_id=events[0].call_id,
        version=version,
        epoch=1,
        state=f"{SECRET} {NUMBER}".encode(),
        legs=(LegId(f"leg of {events[0].call_id}"),),
        events=events,
        endpoints=(CRM, LOG),
        numbers=tuple(numbers),
        keeping=keeping,
    )


def erasing(version: int, *events: StoredEvent) -> Entry:
    """Return the change that erases a call; the last of its events is the tombstone."""
    return Entry(
        call_id=events[-1].call_id,
        version=version,
        epoch=1,
        state=b"erased",
        events=events,
        endpoints=(CRM,),
        ended=True,
        erases=True,
    )


async def seqs_of(journal: Journal, call_id: CallId = CALL) -> list[int]:
    """Return the seqs of all events of the call."""
    return [event.seq for event in await journal.read(call_id, after_seq=0, limit=1_000_000)]


async def lane_of(journal: Journal, endpoint: EndpointName = CRM) -> LaneRow:
    """Return this endpoint's only lane with a backlog."""
    (lane,) = [row for row in await journal.backlog() if row.endpoint == endpoint]
    return lane


def token(token_hash: bytes, *, expires_at: float) -> MediaToken:
    """Return a media token of the call."""
    return MediaToken(
        token_hash=token_hash,
        header_hash=b"header",
        call_id=CALL,
        leg_id=LegId("leg"),
        expires_at=expires_at,
    )


async def talk(journal: Journal) -> None:
    """Commit a call with a secret, and park one of its deliveries."""
    await journal.commit(call_with(started(), said(2, f"my name is {SECRET}")))
    await journal.commit(call_with(said(3, f"{SECRET} it is"), version=1))
    await journal.settle([LaneUpdate(CALL, CRM, 2, parked=Parked(2, 500, "gave_up"))])
    await journal.keep_token(token(b"hash", expires_at=time.time() + 60))
