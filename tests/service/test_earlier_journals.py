"""A journal of every earlier schema is opened, brought up to date and worked on."""

import json
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest
from nacl.encoding import Base64Encoder

from service.app import Machine, Running, running
from service.demo.receiver import Receiver, open_receiver
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.statements import load_migrations
from service.settings import Settings
from service.wire.signature import sign
from tests.api.builders import new_key
from tests.carrier.peers import TelnyxApi, open_telnyx_api
from tests.ingress.builders import KEY, webhook_body
from tests.service.harness import Watch, durable
from tests.service.journal_dump import dump, restore
from tests.waiting import until

FIXTURES = Path(__file__).parents[2] / "fixtures" / "journals"
JOURNALS = sorted(FIXTURES.glob("*.sql"))
LATER_S = 20.0
"""How long after it was killed the service is started again."""

Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What was in the journal before the service of today opened it."""

    schema: int
    at: float
    bodies: Mapping[tuple[str, int], Mapping[str, Any]]
    acked: Mapping[str, int]
    """How far the receiver had got with each call."""
    live: Mapping[str, str]
    """The calls that go on, and their legs."""
    parked: list[Row]


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The service of today on that journal, with a Telnyx that obeys."""

    service: Running
    telnyx: TelnyxApi
    receiver: Receiver
    watch: Watch
    client: aiohttp.ClientSession

    async def report(self, name: str, call_id: str, leg_id: str, at: float) -> None:
        """Post a golden webhook as one of this call, signed."""
        webhook = json.loads(webhook_body(name))
        webhook["data"]["id"] = f"{name} {call_id}"
        webhook["data"]["occurred_at"] = datetime.fromtimestamp(at, UTC).isoformat()
        webhook["data"]["payload"] |= {"call_session_id": call_id, "call_control_id": leg_id}
        body = json.dumps(webhook).encode()
        url, headers = f"{self.service.url}/webhooks/telnyx", sign(KEY, body, int(at))
        async with self.client.post(url, data=body, headers=headers) as answer:
            assert answer.status == 200

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Ask the API."""
        async with self.client.get(self.service.url + path) as answer:
            assert answer.status == 200
            return await answer.json()


def look(path: Path) -> Kept:
    """Read a journal of any schema."""
    with closing(sqlite3.connect(path)) as db:
        events = db.execute("SELECT call_id, seq, body FROM event JOIN call USING (call_no)")
        bodies = {(call_id, seq): json.loads(body) for call_id, seq, body in events}
        ((schema,),) = db.execute("PRAGMA user_version")
        ((at,),) = db.execute("SELECT max(updated_at) FROM call")
        acked = db.execute(
            "SELECT call_id, acked_seq FROM lane JOIN call USING (call_no) WHERE endpoint = 'crm'"
        )
        live = db.execute(
            "SELECT call_id, leg_id FROM leg JOIN call USING (call_no) WHERE call_no NOT IN"
            " (SELECT call_no FROM event WHERE type = 'transcript.completed')"
        )
        parked = db.execute("SELECT call_id, endpoint, seq FROM parked JOIN call USING (call_no)")
        return Kept(schema, at, bodies, dict(acked), dict(live), parked.fetchall())


@asynccontextmanager
async def upgraded(path: Path, at: float) -> AsyncIterator[Upgraded]:
    """Run the service of today on a journal, at this time, without a route of its own."""
    began, watch = time.monotonic(), Watch()
    clock = lambda: at + time.monotonic() - began  # noqa: E731 - of this life only
    async with open_telnyx_api() as telnyx, open_receiver(watch.told, now=clock) as receiver:
        crm = {"name": "crm", "type": "webhook", "url": receiver.url, "secret": receiver.secret}
        settings = {
            "listen": "127.0.0.1:0",
            "database_url": f"sqlite:///{path}",
            "drain_timeout_s": 0,
            "telnyx_api_key": "KEY",
            "telnyx_public_key": KEY.verify_key.encode(Base64Encoder).decode(),
            "telnyx_base_url": telnyx.url,
            "endpoint": [crm | {"allow_private": True}, {"name": "lines", "type": "log"}],
        }
        machine = Machine(clock=clock)
        async with running(Settings.model_validate(settings), machine=machine) as service:
            async with open_sqlite_keys(path) as keys:
                key = await new_key(keys, now=at)
            headers = {"Authorization": f"Bearer {key}"}
            async with aiohttp.ClientSession(headers=headers) as client:
                yield Upgraded(service, telnyx, receiver, watch, client)


async def end_calls(house: Upgraded, kept: Kept) -> None:
    """Have the calls that went on say one thing more, and end."""
    assert await house.service.calls.resume() == len(kept.live)
    for number, (call_id, leg_id) in enumerate(kept.live.items()):
        at = kept.at + LATER_S + number
        await house.report("call.transcription.final", call_id, leg_id, at)
        await house.report("call.hangup", call_id, leg_id, at + 1)


def completed(house: Upgraded) -> int:
    """Count the calls of which everything was received."""
    return sum(one.type == "transcript.completed" for one in house.receiver.receipts)


async def expect_found(house: Upgraded, kept: Kept) -> None:
    """Expect everything in lists, searches and exports, and what people made."""
    calls = (await house.get("/v1/calls"))["data"]
    assert {call["call_id"] for call in calls} == {call_id for call_id, _ in kept.bodies}
    assert {call["status"] for call in calls} == {"completed"}
    assert len((await house.get("/v1/search?q=move+booking"))["data"]) == 2
    for call_id, _ in kept.bodies:
        transcript = await house.get(f"/v1/calls/{call_id}/transcript?format=json")
        assert transcript["utterances"]
    saved = (await house.get("/v1/searches"))["data"]
    assert [one["name"] for one in saved] == (["bookings"] if kept.schema > 1 else [])
    parked = (await house.get("/v1/deliveries?status=parked"))["data"]
    assert [(one["call_id"], one["endpoint"], one["seq"]) for one in parked] == kept.parked


def expect_delivered(house: Upgraded, kept: Kept) -> None:
    """Expect the receiver to have what it did not have, in order, as it was written."""
    assert house.receiver.forged == house.receiver.repeated == 0
    calls = durable(house.receiver.receipts)
    assert calls.keys() == kept.acked.keys()
    for call_id, receipts in calls.items():
        first = kept.acked[call_id] + 1
        numbers = [receipt.data["seq"] for receipt in receipts]
        assert numbers == list(range(first, first + len(numbers)))
        for receipt in receipts:
            written = kept.bodies.get((call_id, receipt.data["seq"]))
            assert written is None or written["data"] == receipt.data


@pytest.mark.parametrize("fixture", JOURNALS, ids=lambda path: path.stem)
async def test_a_journal_of_an_earlier_schema_goes_on(fixture: Path, tmp_path: Path) -> None:
    """Its live calls are taken up, what was not delivered is, in order, and all is found.

    A second start changes nothing more, and delivers nothing twice.
    """
    path = tmp_path / "j.db"
    restore(fixture.read_text(), path)
    kept = look(path)
    async with upgraded(path, kept.at + LATER_S) as house:
        await until(lambda: any("streaming_start" in one.path for one in house.telnyx.received))
        await end_calls(house, kept)
        await house.watch.until(lambda: completed(house) == len(kept.acked))
        await house.service.lanes.flushed()
        await expect_found(house, kept)
    expect_delivered(house, kept)
    first = look(path)
    async with upgraded(path, kept.at + 2 * LATER_S) as house:
        await house.service.lanes.flushed()
        assert await house.service.calls.resume() == 0

    assert house.receiver.receipts == []
    assert look(path) == first
    assert first.schema == len(load_migrations("sqlite"))
    assert len(kept.live) == 2


def test_there_is_a_journal_of_every_schema() -> None:
    """The newest is made when the next one is begun: `fixtures/journals/README.md`."""
    schemas = {int(path.stem.split("-")[1]) for path in JOURNALS}

    assert schemas == set(range(1, len(load_migrations("sqlite")) + 1))


def test_a_journal_is_the_same_after_it_was_written_down(tmp_path: Path) -> None:
    """A dump leaves nothing out."""
    for fixture in JOURNALS:
        path = tmp_path / f"{fixture.stem}.db"
        restore(fixture.read_text(), path)

        assert dump(path) == fixture.read_text()
