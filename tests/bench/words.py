"""Made-up talk: words as often as people use them, the same in each run."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import msgspec

from service.ids import CallId
from service.ports import StoredEvent

_STARTS, _MIDDLES = "bcdfghjklm", ("a", "eo", "i", "ou", "un", "er")
_ENDS = ("t", "nd", "rsing", "lt", "mp", "ck", "sh", "ring", "gle", "ft", "ness", "ment", "ver")
_SYLLABLES = [a + b + c for a in _STARTS for b in _MIDDLES for c in _ENDS]
VOCABULARY = _SYLLABLES + [a + b for a in _SYLLABLES[:600] for b in _SYLLABLES[::100]]
"""Several thousand, the commonest first."""
_OFTEN = list(accumulate(1 / (rank + 3) for rank in range(len(VOCABULARY))))
_BEGAN = datetime(2026, 11, 22, 10, 0, 11, tzinfo=UTC)
WORDS_PER_FINAL = 14


def sentences(count: int) -> Iterator[str]:
    """Yield texts of as many words as a final has."""
    dice = random.Random(7)  # noqa: S311 - a benchmark, the same each time
    for _ in range(count):
        yield " ".join(dice.choices(VOCABULARY, cum_weights=_OFTEN, k=WORDS_PER_FINAL))


def started(call_id: CallId, number: int = 0, *, route: str | None = None) -> StoredEvent:
    """Return the first event of a call; it is the one of that number, a minute after the other."""
    numbers = {"from": f"+1312555{number % 10_000:04}", "to": "+13125550002"}
    return _event(
        call_id,
        1,
        "call.started",
        _BEGAN + timedelta(minutes=number),
        direction="incoming",
        metadata={"queue": "a"},
        route=route,
        **numbers,
    )


def ended(call_id: CallId, seq: int, number: int = 0) -> StoredEvent:
    """Return the end of a call, half a minute after its start."""
    at = _BEGAN + timedelta(minutes=number, seconds=30)
    return _event(call_id, seq, "call.ended", at, duration_ms=30_000)


def final(call_id: CallId, seq: int, text: str, *, words: bool = False) -> StoredEvent:
    """Return a final of two seconds, the speakers taking turns; with the times of its words."""
    start_ms, spoken = (seq - 2) * 720, text.split()
    step_ms = 2_000 // len(spoken)
    timed = [
        {"text": word, "start_ms": start_ms + n * step_ms, "end_ms": start_ms + (n + 1) * step_ms}
        for n, word in enumerate(spoken)
    ]
    return _event(
        call_id,
        seq,
        "transcript.final",
        utterance_id=f"utt_{call_id}_{seq}",
        text=text,
        track="outbound" if seq % 2 else "inbound",
        role="agent" if seq % 2 else "customer",
        leg="v3:leg",
        start_ms=start_ms,
        end_ms=start_ms + 2_000,
        confidence=0.97,
        words=timed if words else None,
        metadata={"queue": "a"},
    )


def _event(
    call_id: CallId, seq: int, event_type: str, at: datetime | None = None, **data: object
) -> StoredEvent:
    envelope = {
        "type": event_type,
        "timestamp": f"{at or _BEGAN:%Y-%m-%dT%H:%M:%S}.120Z",
        "data": {"call_id": call_id, "seq": seq, **data},
    }
    return StoredEvent(call_id, seq, event_type, msgspec.json.encode(envelope))
