"""Calls that a journal holds: their events, committed as the runtime commits them."""

import math
import time
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from service.ids import CallId, EndpointName
from service.ports.audience import Audience
from service.ports.journal import Entry, Journal, LaneUpdate, Parked, StoredEvent
from service.wire.events import timestamp

BATCH = 500
WORD_MS = 300
CRM = EndpointName("crm")
EventData = tuple[str, Mapping[str, object]]
"""An event: its type, and the part of its data that matters."""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call for a journal; it was answered `ago_s` before now."""

    call_id: str = "call-of-yesterday"
    ago_s: float = 9000.0
    metadata: Mapping[str, str] = field(default_factory=lambda: {"queue": "bookings"})

    def stored(self, events: Sequence[EventData], *, after_seq: int = 0) -> list[StoredEvent]:
        """Return these events, numbered, as they are kept."""
        return [self._event(seq, *one) for seq, one in enumerate(events, start=after_seq + 1)]

    def _event(self, seq: int, kind: str, data: Mapping[str, object]) -> StoredEvent:
        at_ms = data.get("end_ms", 0)
        assert isinstance(at_ms, int)
        when = timestamp(time.time() - self.ago_s + at_ms / 1000)
        about = {"leg": "v3:leg", "occurred_at": when, "metadata": self.metadata}
        whole = {"call_id": self.call_id, "seq": seq, **data, **about}
        body = msgspec.json.encode({"type": kind, "timestamp": when, "data": whole})
        return StoredEvent(CallId(self.call_id), seq, kind, body)

    async def write(
        self,
        journal: Journal,
        events: Sequence[EventData],
        *,
        refused: Sequence[int] = (),
        undelivered: bool = False,
    ) -> None:
        """Commit these events of a call that is over.

        The endpoint `crm` was sent them all, and refused those in `refused` for good. If they are
        `undelivered`, it was sent none.
        """
        call_id = CallId(self.call_id)
        stored = self.stored(events)
        endpoints = (CRM,) if refused or undelivered else ()
        for version, start in enumerate(range(0, len(stored), BATCH)):
            batch = tuple(stored[start : start + BATCH])
            await journal.commit(self._entry(version, batch, endpoints))
        for seq in refused:
            parked = Parked(seq, 422, "refused")
            await journal.settle([LaneUpdate(call_id, CRM, acked_seq=seq, parked=parked)])
        if refused:
            await journal.settle([LaneUpdate(call_id, CRM, acked_seq=len(stored))])

    async def append(
        self, journal: Journal, audience: Audience, events: Sequence[EventData], *, after_seq: int
    ) -> None:
        """Commit more events, one by one, and notify the audience of each."""
        version = math.ceil(after_seq / BATCH)
        for number, event in enumerate(self.stored(events, after_seq=after_seq)):
            await journal.commit(self._entry(version + number, (event,), ()))
            audience.committed([event])

    def _entry(
        self, version: int, events: tuple[StoredEvent, ...], endpoints: tuple[EndpointName, ...]
    ) -> Entry:
        call_id = CallId(self.call_id)
        return Entry(
            call_id=call_id, version=version, epoch=0, state=b"{}", events=events,
            endpoints=endpoints, ended=True,
        )  # fmt: skip

    async def record(self, journal: Journal, folder: Path, *, seconds: int) -> None:
        """Add a recording of silence."""
        folder.mkdir()  # noqa: ASYNC240 - before anything runs
        with wave.open(str(folder / "silence.wav"), "wb") as file:
            file.setparams((2, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(4 * 8000 * seconds))
        started_at = time.time() - self.ago_s
        await journal.keep_recording(
            CallId(self.call_id), "silence.wav", started_at=started_at, delete_at=None
        )


def opening(engine: str = "Deepgram", model: str | None = "nova-3") -> list[EventData]:
    """Return the events with which a call begins."""
    numbers = {"direction": "incoming", "from": "+13125550143", "to": "+13125550199"}
    heard = {"source": "media", "engine": engine, "model": model, "language": "en-US"}
    return [
        ("call.started", {**numbers, "connection_id": "1"}),
        ("call.answered", {}),
        ("transcription.started", {**heard, "ignored": [], "start_ms": 0}),
    ]


def final(number: int, role: str, start_ms: int, text: str) -> EventData:
    """Return a final whose words have times, one every 300 ms."""
    words = [
        {"text": word, "start_ms": start_ms + n * WORD_MS, "end_ms": start_ms + (n + 1) * WORD_MS,
         "confidence": 0.9}
        for n, word in enumerate(text.split())
    ]  # fmt: skip
    return "transcript.final", {
        "utterance_id": f"utt_{number}", "revision": 1, "text": text, "role": role,
        "track": "inbound" if role == "customer" else "outbound", "start_ms": start_ms,
        "end_ms": words[-1]["end_ms"], "time_source": "audio", "confidence": 0.9, "words": words,
        "language": "en-US", "engine": "Deepgram", "model": "nova-3", "source": "media",
    }  # fmt: skip


def closing(duration_ms: int, utterances: int) -> list[EventData]:
    """Return the events with which a call ends."""
    books = {"transcribed_ms": duration_ms, "silence_ms": 0, "paused_ms": 0, "lost_ms": 0}
    cause = {"cause": "normal_clearing", "ended_by": "caller", "sip_code": "200"}
    counts = {"utterances": utterances, "words": utterances * 5, "gaps": 0}
    return [
        ("call.ended", {**cause, "duration_ms": duration_ms, "end_ms": duration_ms}),
        ("transcription.stopped", {"source": "media", "reason": "media_stopped"}),
        ("transcript.completed",
         {**counts, "duration_ms": duration_ms, "coverage": {"inbound": books}}),
    ]  # fmt: skip


def conversation() -> list[EventData]:
    """Return the events of a small call about a booking, with a gap in it."""
    gap = {"track": "inbound", "role": "customer", "start_ms": 9000, "end_ms": 10040,
           "reason": "buffer_full"}  # fmt: skip
    return [
        *opening(),
        final(1, "agent", 500, "Good morning, how can I help you?"),
        final(2, "customer", 3500, "I would like to change my booking for the weekend."),
        ("transcript.gap", gap),
        final(3, "agent", 10500, "Of course. A room with a view of the harbour?"),
        final(4, "customer", 14000, "Wonderful, <b>thank you</b> so much."),
        *closing(17_000, 4),
    ]
