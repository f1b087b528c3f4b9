"""The service of today on a journal of an earlier schema: it is brought up to date and worked on.

In each journal two calls have ended and two go on (`fixtures/journals/README.md`).
"""

import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, Protocol, TypeAlias

import aiohttp
from aiohttp import web
from nacl.encoding import Base64Encoder

from service.app import Machine, Running, running
from service.ports import KeyStore
from service.settings import Settings
from service.wire.signature import sign
from tests.api.builders import new_key
from tests.delivery.peers import Receiver, open_receiver
from tests.ingress.builders import KEY, webhook_body
from tests.service.make_journal import SECRET
from tests.serving import serve
from tests.waiting import until

LATER_S = 20.0
"""How long after it was killed the service is started again."""

EVENTS = "SELECT call_id, seq, body FROM event JOIN call USING (call_no)"
AT = "SELECT max(updated_at) FROM call"
ACKED = "SELECT call_id, acked_seq FROM lane JOIN call USING (call_no) WHERE endpoint = 'crm'"
LIVE = """SELECT call_id, leg_id FROM leg JOIN call USING (call_no) WHERE call_no NOT IN
(SELECT call_no FROM event WHERE type = 'transcript.completed')"""
PARKED = "SELECT call_id, endpoint, seq FROM parked JOIN call USING (call_no)"
"""What is asked of a journal, on either database."""

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
    has_searches: bool = True

    @property
    def behind(self) -> set[str]:
        """The calls of which the receiver does not have everything yet."""
        missing = {call_id for call_id, seq in self.bodies if seq > self.acked[call_id]}
        return missing | self.live.keys()


class Old(Protocol):
    """A journal of an earlier schema, made anew for a test."""

    @property
    def url(self) -> str:
        """Of the database."""

    async def look(self) -> Kept:
        """Read it, whatever its schema is."""

    def keys(self) -> AbstractAsyncContextManager[KeyStore]:
        """Open its keys, once it is brought up to date."""


@dataclass(slots=True)
class Telnyx:
    """What it was asked."""

    url: str = ""
    paths: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The service of today on that journal, with a Telnyx that obeys."""

    service: Running
    telnyx: Telnyx
    receiver: Receiver
    clock: Callable[[], float]
    client: aiohttp.ClientSession

    @property
    def received(self) -> list[Mapping[str, Any]]:
        """The bodies of what came, in the order of arrival."""
        return [json.loads(one.body) for one in self.receiver.received]

    async def report(self, name: str, call_id: str, leg_id: str) -> None:
        """Post a golden webhook as one of this call, signed."""
        at = self.clock()
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


@asynccontextmanager
async def open_telnyx(clock: Callable[[], float]) -> AsyncIterator[Telnyx]:
    """Serve a Telnyx that lives at another time and takes every command."""
    telnyx = Telnyx()

    async def take(request: web.Request) -> web.Response:
        telnyx.paths.append(request.path)
        headers = {"Date": formatdate(clock(), usegmt=True)}
        return web.json_response({"data": {"result": "ok"}}, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    async with serve(app, shutdown_timeout_s=0.1) as telnyx.url:
        yield telnyx


@asynccontextmanager
async def upgraded(journal: Old, at: float) -> AsyncIterator[Upgraded]:
    """Run the service of today on a journal, at this time, without a route of its own."""
    began = time.monotonic()

    def clock() -> float:
        return at + time.monotonic() - began

    async with open_telnyx(clock) as telnyx, open_receiver() as receiver:
        crm = {"name": "crm", "type": "webhook", "url": receiver.url, "secret": SECRET}
        settings = {
            "listen": "127.0.0.1:0",
            "database_url": journal.url,
            "drain_timeout_s": 0,
            "telnyx_api_key": "KEY",
            "telnyx_public_key": KEY.verify_key.encode(Base64Encoder).decode(),
            "telnyx_base_url": telnyx.url,
            "endpoint": [crm | {"allow_private": True}, {"name": "lines", "type": "log"}],
        }
        machine = Machine(clock=clock)
        async with running(Settings.model_validate(settings), machine=machine) as service:
            async with journal.keys() as keys:
                key = await new_key(keys, now=at)
            headers = {"Authorization": f"Bearer {key}"}
            async with aiohttp.ClientSession(headers=headers) as client:
                yield Upgraded(service, telnyx, receiver, clock, client)


async def end_calls(house: Upgraded, kept: Kept) -> None:
    """Have the calls that went on say one thing more, and end."""
    assert house.service.calls.live == len(kept.live) == 2
    for call_id, leg_id in kept.live.items():
        await house.report("call.transcription.final", call_id, leg_id)
        await house.report("call.hangup", call_id, leg_id)


def count(bodies: Sequence[Mapping[str, Any]], kind: str) -> int:
    """Count the events of a type."""
    return sum(body["type"] == kind for body in bodies)


async def expect_found(house: Upgraded, kept: Kept) -> None:
    """Expect everything in lists, searches and exports, and what people made."""
    calls = (await house.get("/v1/calls"))["data"]
    assert {call["call_id"] for call in calls} == {call_id for call_id, _ in kept.bodies}
    assert {call["status"] for call in calls} == {"complete"}
    assert len((await house.get("/v1/search?q=move+booking"))["data"]) == 2
    for call_id, _ in kept.bodies:
        transcript = await house.get(f"/v1/calls/{call_id}/transcript?format=json")
        assert transcript["turns"]
    saved = (await house.get("/v1/searches"))["data"]
    assert [one["name"] for one in saved] == (["bookings"] if kept.has_searches else [])
    parked = (await house.get("/v1/deliveries"))["data"]
    assert [(one["call_id"], one["endpoint"], one["seq"]) for one in parked] == kept.parked


def ended(bodies: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the calls that have ended."""
    return {body["data"]["call_id"] for body in bodies if body["type"] == "call.ended"}


def expect_delivered(bodies: Sequence[Mapping[str, Any]], kept: Kept) -> None:
    """Expect the receiver to have what it did not have, in order, as it was written."""
    calls: defaultdict[str, list[int]] = defaultdict(list)
    for body in bodies:
        call_id, seq = body["data"]["call_id"], body["data"]["seq"]
        if body["type"] != "transcript.partial":
            calls[call_id].append(seq)
            assert kept.bodies.get((call_id, seq), body) == body
    assert calls.keys() == kept.behind
    for call_id, numbers in calls.items():
        first = kept.acked[call_id] + 1
        assert numbers == list(range(first, first + len(numbers)))


async def expect_to_go_on(journal: Old) -> Kept:
    """Expect its live calls to be taken up, all to be delivered, in order, and all to be found.

    The second start finds an end that the first had no time for; a third changes nothing more.
    Returns what is in the journal then.
    """
    kept = await journal.look()
    async with upgraded(journal, kept.at + LATER_S) as house:
        await until(lambda: any("streaming_start" in one for one in house.telnyx.paths), 30)
        await end_calls(house, kept)
        await until(lambda: kept.live.keys() <= ended(house.received), 30)
    bodies = house.received
    async with upgraded(journal, kept.at + 2 * LATER_S) as house:
        await until(
            lambda: count(bodies + house.received, "transcript.completed") == len(kept.behind), 30
        )
        await house.service.lanes.flushed()
        await expect_found(house, kept)
    expect_delivered(bodies + house.received, kept)
    upgrade = await journal.look()
    async with upgraded(journal, kept.at + 3 * LATER_S) as house:
        await house.service.lanes.flushed()
        assert house.service.calls.live == 0

    assert house.received == []
    assert await journal.look() == upgrade
    return upgrade
