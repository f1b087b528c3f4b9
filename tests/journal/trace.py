"""A seeded history of a journal, and all that can be seen of it afterwards."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from service.errors import StaleCallError
from service.ids import CallId, EndpointName, LegId
from service.ports import (
    CallFilter,
    Entry,
    Journal,
    Keeping,
    LaneUpdate,
    Library,
    Parked,
    StoredEvent,
    WordQuery,
)
from tests.journal.builders import CRM, LOG, attempt, body, tombstone

SEED = 20
STEPS = 400
CALLS = 12
WORDS = ["refund", "booking", "Bööking", "seventy-one", "naïve", "don't", "木曜日", "über", "yes"]
SIGNS = ("transcription.started", "transcription.paused", "transcript.gap", "call.answered")
ENDPOINTS = (CRM, LOG, EndpointName("a \0 b"))


@dataclass(slots=True)
class Trace:
    """A seeded history: what is done to a journal, step by step."""

    dice: Random
    heads: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Version and last seq of each call."""

    async def run(self, journal: Journal) -> None:
        """Do all of it."""
        for _ in range(STEPS):
            await self.dice.choice((self._talk, self._talk, self._talk, self._settle, self._look))(
                journal
            )

    async def _talk(self, journal: Journal) -> None:
        entries = [self._entry() for _ in range(self.dice.randint(1, 5))]
        # an erasure may take several transactions: nobody's order is promised beside it
        at_once = 1 if any(entry.erases for entry in entries) else len(entries)
        for start in range(0, len(entries), at_once):
            batch = entries[start : start + at_once]
            await asyncio.gather(*map(journal.commit, batch))
        with pytest.raises(StaleCallError):
            await journal.commit(entries[0])

    async def _settle(self, journal: Journal) -> None:
        call_id = self._call()
        _, last = self.heads.get(call_id, (0, 0))
        seq = self.dice.randint(0, last + 1)
        parked = Parked(seq, self.dice.choice((None, 404)), "refused") if last else None
        update = LaneUpdate(
            call_id, self.dice.choice(ENDPOINTS), seq, attempts=seq, due_at=2.5, parked=parked
        )
        await journal.settle([update])
        await journal.keep_attempts([attempt(call_id, float(seq))])

    async def _look(self, journal: Journal) -> None:
        call_id, endpoint = self._call(), self.dice.choice(ENDPOINTS)
        what = self.dice.randrange(6)
        if what == 0:
            await journal.rewind(call_id, endpoint, self.dice.randint(0, 4))
        elif what == 1 and (parked := await journal.parked(limit=1)):
            await journal.unpark(parked[0].id)
        elif what == 2:
            await journal.keep_recording(call_id, "a.wav", started_at=1.0, delete_at=5.0)
        elif what == 3:
            await journal.move_lanes(endpoint, EndpointName("moved"))
        elif what == 4:
            await journal.park_lanes(EndpointName("moved"), "removed", 9.0)
        else:
            await journal.disable(endpoint, "http_410", 3.0)

    def _call(self) -> CallId:
        return CallId(f"call {self.dice.randrange(CALLS)} \0é")

    def _entry(self) -> Entry:
        call_id = self._call()
        version, last = self.heads.get(call_id, (0, 0))
        erases = version > 0 and self.dice.random() < 0.03
        ended = erases or self.dice.random() < 0.1
        events = list(self._events(call_id, last, ended=ended))
        if erases:
            events.append(tombstone(last + len(events) + 1, call_id))
        self.heads[call_id] = (version + 1, last + len(events))
        return Entry(
            call_id=call_id,
            version=version,
            epoch=1,
            state=self.dice.randbytes(40),
            legs=(LegId(f"leg \0 {self.dice.randrange(5)}"),),
            events=tuple(events),
            endpoints=tuple(self.dice.sample(ENDPOINTS, 2)),
            wake_at=self.dice.choice((None, 7.5)),
            ended=ended,
            erases=erases,
            numbers=tuple(f"+1555 \0 {self.dice.randrange(4)}" for _ in range(2)),
            keeping=self.dice.choice((None, Keeping(text_due_at=5.0, attempts_s=9.0))),
        )

    def _events(self, call_id: str, last: int, *, ended: bool) -> Iterator[StoredEvent]:
        seq = last + 1
        if not last:
            metadata = {"queue": self.dice.choice(WORDS), "n": 1.5, "yes": True, "none": None}
            numbers = {"from": "+15550100", "to": "+15550199"}
            yield body(call_id, seq, "call.started", 0, metadata=metadata, **numbers)
            seq += 1
        yield body(call_id, seq, self.dice.choice(SIGNS), self.dice.randrange(3))
        text = " ".join(self.dice.choices(WORDS, k=self.dice.randint(1, 9)))
        said: dict[str, Any] = {"utterance_id": f"u{seq}", "role": "agent", "text": text}
        yield body(call_id, seq + 1, "transcript.final", 1, start_ms=seq, end_ms=None, **said)
        if ended:
            yield body(call_id, seq + 2, "call.ended", 2, duration_ms=5)
            yield body(call_id, seq + 3, "transcript.completed", 2, utterances=3, words=9, gaps=0)


async def looks(journal: Journal, library: Library) -> dict[str, object]:
    """Return all that can be seen of a journal, but for places and ids that are its own."""
    events = await library.events(after=0, limit=100_000)
    calls = [CallId(f"call {n} \0é") for n in range(CALLS)]
    parked = await journal.parked(limit=1_000)
    hits = {
        word: [
            (hit.call_id, hit.seq, hit.start_ms, hit.occurred_at, hit.snippet)
            for hit in await library.search(WordQuery(words=word), limit=1_000)
        ]
        for word in (*WORDS, "se*", '"yes yes"', "refund -booking", "boo* naive")
    }
    summaries = await library.calls(CallFilter(), before=None, limit=1_000)
    return {
        "order": [(one.event.call_id, one.event.seq, one.event.body) for one in events],
        "state": [await journal.load(one) for one in calls],
        "events": [await journal.read(one, after_seq=0, limit=1_000) for one in calls],
        "legs": [await journal.find_call(LegId(f"leg \0 {n}")) for n in range(5)],
        "unfinished": await journal.unfinished(),
        "lanes": await journal.backlog(),
        "parked": {(one.call_id, one.endpoint, one.seq, one.status, one.reason) for one in parked},
        "attempts": [await journal.attempts(one, limit=1_000) for one in calls],
        "recordings": [await journal.recording(one) for one in calls],
        "due": sorted(await journal.text_due(6.0, limit=100)),
        "endpoints": (await journal.disabled(), await journal.aliases()),
        "hits": hits,
        "calls": summaries,
        "by metadata": await library.calls(
            CallFilter(metadata={"n": "1.5", "yes": "true", "none": "null"}),
            before=None,
            limit=1_000,
        ),
        "parties": [sorted(await journal.calls_of_number(f"+1555 \0 {n}")) for n in range(4)],
        "by number": await library.calls(CallFilter(number="+1555*"), before=None, limit=1_000),
    }
