"""The tee, and calls that are attached to, where there are several workers on one database."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from service.demo.receiver import Receipt
from service.journal.postgresql.keys import open_postgresql_keys
from service.wire.signature import parse_public_key
from tests.api.builders import new_key
from tests.calls.harness import CALL, A, B, answered, initiated, said
from tests.service.harness import durable, finals
from tests.service.ivr import Ivr, open_ivr
from tests.service.test_attaching import AGENT, BESIDE, CUSTOMER, WISH
from tests.service.test_attaching import SCENARIO as IN_THE_MIDDLE
from tests.service.test_forwarding import AGENT as SLOW_AGENT
from tests.service.test_forwarding import CUSTOMER as SLOW_CUSTOMER
from tests.service.test_forwarding import SCENARIO as SLOW
from tests.service.test_forwarding import SlowIvr
from tests.waiting import until
from tests.workers.harness import Office, open_office


@asynccontextmanager
async def behind_a_tee(folder: Path) -> AsyncIterator[tuple[Office, SlowIvr]]:
    """Open three workers that pass webhooks on to an IVR, which owns the calls."""
    ivr = SlowIvr("", "", "", "", attaches_at="never")
    async with open_ivr(ivr):
        forward = {"forward": {"url": ivr.url, "allow_private": True}}
        opening = open_office(
            folder, SLOW, {"source": "media"}, count=3, audio_at_first=False, changes=forward
        )
        async with opening as office:
            ivr.telnyx_url, ivr.api_key = office.telnyx.url, office.telnyx.api_key
            ivr.keys = (parse_public_key(office.telnyx.public_key),)
            yield office, ivr


def words_of(office: Office) -> tuple[list[str], list[str]]:
    """Return what the agent and what the customer said in the one call."""
    (receipts,) = durable(office.receiver.receipts).values()
    return finals(receipts, "outbound"), finals(receipts, "inbound")


async def test_webhooks_that_come_in_anywhere_are_passed_on_once_and_in_order(
    tmp_path: Path,
) -> None:
    """One worker does it for all; commands are the IVR's, and every word is there once."""
    async with behind_a_tee(tmp_path) as (office, ivr):
        await office.play(office.balancer)
        await until(lambda: "call.hangup" in ivr.types)
        history = office.telnyx.history

    assert [one["id"] for one in ivr.came] == [one.event_id for one in history.webhooks]
    assert [one.name for one in history.commands].count("answer") == 1
    assert words_of(office) == (SLOW_AGENT, SLOW_CUSTOMER)


async def test_another_worker_passes_on_what_one_that_stops_leaves(tmp_path: Path) -> None:
    """The first of them, who keeps house, goes in the middle of a call: all comes, in order."""
    async with behind_a_tee(tmp_path) as (office, ivr):
        playing = asyncio.create_task(office.play(office.balancer))
        await until(lambda: "call.answered" in ivr.types)
        await office.stops[0].aclose()
        await playing
        await until(lambda: "call.hangup" in ivr.types)
        sent = [one.event_id for one in office.telnyx.history.webhooks]

    came = list(dict.fromkeys(one["id"] for one in ivr.came))
    assert came == list(dict.fromkeys(sent))


@asynccontextmanager
async def beside(
    folder: Path,
    route: Mapping[str, object],
    **ivr: Any,  # noqa: ANN401 - its fields
) -> AsyncIterator[tuple[Office, Ivr]]:
    """Open three workers behind a balancer, and an IVR that owns the calls."""
    opening = open_office(folder, IN_THE_MIDDLE, {**BESIDE, **route}, count=3, audio_at_first=False)
    async with opening as office:
        async with open_postgresql_keys(office.database) as keys:
            key = await new_key(keys, "calls:write")
        flow = Ivr(office.telnyx.url, office.telnyx.api_key, office.balancer, key, wish=WISH, **ivr)
        for one in office.workers:
            await one.carrier.ready()
        async with open_ivr(flow):
            yield office, flow


async def play(office: Office, ivr: Ivr) -> list[Receipt]:
    """Play the scenario to the IVR as Telnyx's application; return the one call's events."""
    report = await office.telnyx.run(webhook_url=ivr.url)
    (call,) = report.calls
    assert call.outcome == "normal_clearing"
    await office.watch.until(
        lambda: any(one.type == "transcript.completed" for one in office.receiver.receipts)
    )
    (receipts,) = durable(office.receiver.receipts).values()
    return receipts


async def test_a_call_is_attached_to_once_whoever_is_asked(tmp_path: Path) -> None:
    """At each word that the IVR hears, at the next worker: all name the one call."""
    ivr = {"attaches_at": "call.transcription", "listens": True}
    async with beside(tmp_path, {"source": "media"}, **ivr) as (office, flow):
        receipts = await play(office, flow)

    (once, *again) = flow.answers
    assert once[0] == 200
    assert again, "it asked at each word that it heard"
    assert {answer["call_id"] for _, answer in again} == {once[1]["call_id"]}
    assert [one.type for one in receipts].count("call.attached") == 1
    assert (finals(receipts, "outbound"), finals(receipts, "inbound")) == (AGENT, CUSTOMER)


async def test_all_workers_asked_at_once_attach_one_call(tmp_path: Path) -> None:
    """Whoever is first has it; the others say so, and no stream or word is there twice."""
    async with beside(tmp_path, {"source": "media"}, attaches_at="never") as (office, flow):
        playing = asyncio.create_task(play(office, flow))
        await until(lambda: bool(office.telnyx.history.webhooks))
        await until(lambda: office.telnyx.history.webhooks[-1].event_type == "call.answered")
        leg = office.telnyx.history.webhooks[0].leg_id
        answers = await asyncio.gather(*(flow.attach(leg) for _ in range(6)))
        receipts = await playing

    assert {status for status, _ in answers} == {200}
    assert len({answer["call_id"] for _, answer in answers}) == 1
    assert [one.type for one in receipts].count("call.attached") == 1
    starts = [one for one in office.telnyx.history.commands if one.name == "streaming_start"]
    assert [one.status for one in starts if one.status == 200] == [200]


async def test_copies_may_come_in_anywhere(tmp_path: Path) -> None:
    """In-call words by copies of webhooks, each at the next worker: each is there once."""
    ivr = {"attaches_at": "call.answered", "copies": True}
    route = {"source": "in_call", "engine": "Telnyx"}
    async with beside(tmp_path, route, **ivr) as (office, flow):
        receipts = await play(office, flow)

    assert set(flow.copied) == {200}
    agent = finals(receipts, "outbound")
    assert agent[-2:] == AGENT, "the greeting may be over before anybody is asked to listen"
    assert len(agent) <= 3
    assert finals(receipts, "inbound") == CUSTOMER
    assert [one.type for one in receipts].count("call.attached") == 1


async def test_a_call_that_one_worker_left_alone_is_anothers_once_it_is_wanted(
    tmp_path: Path,
) -> None:
    """Its first leg came to the one, where no route wants it; the second one's came to another."""
    route = {"source": "in_call", "engine": "Telnyx", "match": {"direction": "outgoing"}}
    now = time.time()
    async with open_office(tmp_path, {"call": []}, route, count=2) as office:
        ann, bob = office.workers
        await ann.calls.tell(initiated(now))
        await bob.calls.tell(initiated(now + 0.1, leg=B, incoming=False))
        await bob.calls.tell(answered(now + 0.2, leg=B))
        await until(lambda: bob.calls.has(CALL))
        await ann.calls.tell(said("hello", now + 1.0, leg=A))
        await until(lambda: bool(office.receiver.receipts))
        await office.watch.until(
            lambda: any(one.type == "transcript.final" for one in office.receiver.receipts)
        )
        (final,) = [one for one in office.receiver.receipts if one.type == "transcript.final"]

        assert final.data["text"] == "hello"
        assert not ann.calls.has(CALL)
