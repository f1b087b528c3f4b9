"""Lanes, webhooks and receivers that misbehave: everything real, over sockets."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook

from service.delivery.endpoints import Endpoint
from service.delivery.lanes import DeliveryLanes, open_lanes
from service.ids import EndpointName
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Journal
from service.retry import RetryPolicy
from tests.delivery import peers
from tests.delivery.builders import SECRET, webhook
from tests.delivery.harness import WAIT_S, commit
from tests.delivery.peers import Receiver, Reply, open_receiver, reply
from tests.waiting import until

QUICK = RetryPolicy(delays_s=(0.01,) * 13, max_retry_after_s=0.01)


def quick(receiver: Receiver, name: str = "crm") -> Endpoint:
    """Return an endpoint that does not wait long for this receiver."""
    return webhook(receiver.url, name, timeout_s=0.2)


@asynccontextmanager
async def running(
    folder: Path, *endpoints: Endpoint
) -> AsyncIterator[tuple[Journal, DeliveryLanes]]:
    """Run lanes to these endpoints, with retries after hundredths of a second."""
    async with (
        open_sqlite_journal(folder / "journal.db") as journal,
        open_lanes(journal, endpoints, policy=QUICK) as lanes,
    ):
        yield journal, lanes


def seqs(receiver: Receiver) -> list[int]:
    """Return the seqs that came, without repeats; every signature is checked on the way."""
    seen = {}
    for one in receiver.received:
        Webhook(SECRET).verify(one.body, one.headers)
        seen[one.headers["webhook-id"]] = msgspec.json.decode(one.body)["data"]["seq"]
    return list(seen.values())


FAULTS = {
    "500": reply(500),
    "503 and Retry-After": reply(503, Retry_After="1"),
    "429": reply(429, Retry_After="1"),
    "stall": peers.stall,
    "drip": peers.drip,
    "flood": peers.flood,
    "reset": peers.reset,
    "garbage": peers.garbage,
    "upgrade": peers.upgrade,
    "processing": peers.processing,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_a_fault_delays_but_loses_and_reorders_nothing(tmp_path: Path, fault: Reply) -> None:
    """Whatever the receiver does in the middle of a call, it ends up with all of it in order."""
    async with (
        open_receiver(reply(200), fault, fault) as receiver,
        running(tmp_path, quick(receiver)) as (journal, lanes),
    ):
        events = await commit(journal, "c1", *["call.answered"] * 4)
        lanes.committed([EndpointName("crm")], events)
        await until(lambda: receiver.saw("evt_c1_4"), timeout_s=WAIT_S)
        await lanes.flushed()
        assert await journal.backlog() == []

    assert seqs(receiver) == [1, 2, 3, 4]
    tries = defaultdict(list)
    for one in receiver.received:
        tries[one.headers["webhook-id"]].append(one.headers["x-attempt"])
    for counted in tries.values():
        assert counted == [str(number) for number in range(1, len(counted) + 1)]


@pytest.mark.parametrize("status", [400, 404, 302])
async def test_a_refusal_costs_one_event(tmp_path: Path, status: int) -> None:
    """It is parked after one attempt, the call goes on, and a redirect leads nowhere."""
    async with open_receiver() as inner, open_receiver() as receiver:
        receiver.replies.extend([reply(200), reply(status, Location=inner.url)])
        async with running(tmp_path, quick(receiver)) as (journal, lanes):
            events = await commit(journal, "c1", *["call.answered"] * 3)
            lanes.committed([EndpointName("crm")], events)
            await until(lambda: len(receiver.received) == 3)
            await lanes.flushed()
            (parked,) = await journal.parked(limit=9)

    assert (parked.seq, parked.status) == (2, status)
    assert seqs(receiver) == [1, 2, 3]
    assert receiver.received[2].headers["x-gap-seq"] == "2"
    assert inner.connections == 0


@pytest.mark.parametrize("fault", [peers.stall, peers.reset, peers.flood, peers.drip, reply(500)])
async def test_a_faulty_receiver_slows_no_healthy_one(tmp_path: Path, fault: Reply) -> None:
    """A hundred calls go to both; the healthy one has them all while the other has trouble."""
    async with open_receiver(*[fault] * 1000) as bad, open_receiver() as good:
        async with running(tmp_path, quick(bad, "bad"), quick(good, "good")) as (
            journal,
            lanes,
        ):
            for number in range(100):
                events = await commit(
                    journal, f"c{number}", "call.started", "call.ended", to=("bad", "good")
                )
                lanes.committed([EndpointName("bad"), EndpointName("good")], events)
            await until(lambda: len(good.received) == 200, timeout_s=WAIT_S)

        assert len(good.received) == 200
