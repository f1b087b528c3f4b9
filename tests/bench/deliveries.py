"""Finals delivered per second: signed, in order and settled; by the bare client only posted."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from service.calls.events import TranscriptFinal
from service.calls.turn import Fact
from service.delivery.endpoints import Endpoint
from service.delivery.lanes import open_lanes
from service.ids import CallId, EndpointName, LegId, UtteranceId
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, StoredEvent
from service.wire.events import encode
from tests.bench.processes import started
from tests.bench.table import Row, median

CALLS = 200
IN_FLIGHT = 32
CRM = EndpointName("crm")


async def measure(*, finals: int, rounds: int) -> list[Row]:
    """Deliver the finals of 200 calls to one receiver, by each in turn."""
    mine: list[float] = []
    theirs: list[float] = []
    async with started("tests.bench.receiver") as receiver:
        events = _events(finals)
        for _ in range(rounds):
            theirs.append(finals / await _post_all(f"{receiver.url}/", events))
            mine.append(finals / await _deliver_all(f"{receiver.url}/", events))
    ours, bare = median(mine), median(theirs)
    return [Row("finals delivered", f"{ours:,.0f}/s", f"{bare:,.0f}/s", ours / bare, ">= 0.60")]


def _events(count: int) -> list[StoredEvent]:
    return [
        StoredEvent(call, seq, "transcript.final", _final(call, seq))
        for call in (CallId(f"00000000-0000-4000-8000-{n:012d}") for n in range(CALLS))
        for seq in range(1, count // CALLS + 1)
    ]


def _final(call_id: CallId, seq: int) -> bytes:
    final = TranscriptFinal(
        utterance_id=UtteranceId(f"utt_{call_id}_0i{seq}"),
        revision=4,
        text="I'd like to change my booking, if that is at all possible.",
        track="inbound",
        role="customer",
        leg=LegId("v3:leg"),
        start_ms=seq * 3000,
        end_ms=seq * 3000 + 2000,
        time_source="audio",
        confidence=0.97,
        words=None,
        language="en-US",
        engine="Deepgram",
        model="nova-3",
        source="media",
    )
    fact = Fact(
        call_id=call_id,
        seq=seq,
        after_seq=seq - 1,
        event=final,
        occurred_at=time.time(),
        answered_at=None,
        metadata={"queue": "x"},
    )
    return encode(fact, now=fact.occurred_at)


async def _deliver_all(url: str, events: Sequence[StoredEvent]) -> float:
    """Commit everything, then deliver it from the journal; return how long the latter took."""
    endpoint = Endpoint(
        name=CRM, type="webhook", url=url, secret="whsec_" + "A" * 43 + "=", allow_private=True
    )
    with TemporaryDirectory() as folder:
        async with open_sqlite_journal(Path(folder) / "bench.db") as journal:
            await asyncio.gather(*(journal.commit(entry) for entry in _entries(events)))
            async with open_lanes(journal, [endpoint], max_in_flight=IN_FLIGHT) as lanes:
                began = time.perf_counter()
                await lanes.flushed()
                return time.perf_counter() - began


def _entries(events: Sequence[StoredEvent]) -> list[Entry]:
    per_call = len(events) // CALLS
    return [
        Entry(
            call_id=events[at].call_id,
            version=0,
            epoch=0,
            state=b"",
            events=tuple(events[at : at + per_call]),
            endpoints=(CRM,),
        )
        for at in range(0, len(events), per_call)
    ]


async def _post_all(url: str, events: Sequence[StoredEvent]) -> float:
    waiting = iter(events)
    headers = {"content-type": "application/json"}

    async def post(session: aiohttp.ClientSession) -> None:
        for event in waiting:
            async with session.post(url, data=event.body, headers=headers) as answer:
                await answer.read()

    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as senders:
            for _ in range(IN_FLIGHT):
                senders.create_task(post(session))
        return time.perf_counter() - began
