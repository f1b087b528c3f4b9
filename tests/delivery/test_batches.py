"""Batches: several events of a backlog in one request, for endpoints that ask for it."""

import json
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from service.delivery.batches import MAX_BATCH_BYTES, next_batch
from service.delivery.lane import Capacity, Lane
from service.delivery.webhook import open_webhook
from service.errors import DeliveryError
from service.ids import CallId
from service.ports import Delivery, StoredEvent
from tests.delivery.builders import BROKEN, BUSY, C1, CRM, REFUSED, SECRET, endpoint, event, webhook
from tests.delivery.harness import commit, open_harness
from tests.delivery.peers import open_receiver
from tests.delivery.test_webhook import DELIVERY


def seqs(delivery: Delivery) -> list[int]:
    """Return which events a delivery brings."""
    return [one["data"]["seq"] for one in json.loads(b"[%b]" % delivery.body)]


async def test_a_backlog_comes_in_batches_in_order(tmp_path: Path) -> None:
    """As many as the endpoint asks for; what comes one by one goes one by one."""
    async with open_harness(tmp_path, endpoint(batch=50)) as harness:
        await harness.commit("c1", "call.started")
        await harness.flush()
        await commit(harness.journal, "c1", *["call.answered"] * 120)
        await harness.list_backlog()

        assert [seqs(one) for one in harness.crm.taken] == [
            [1],
            [*range(2, 52)],
            [*range(52, 102)],
            [*range(102, 122)],
        ]
        assert [one.id for one in harness.crm.taken[:2]] == ["evt_c1_1", "bat_c1_2_51"]
        assert harness.lanes.counters[CRM].delivered == 121
        assert await harness.backlog() == []


async def test_what_the_endpoint_does_not_get_is_left_out_of_batches(tmp_path: Path) -> None:
    """The batch is as long as it is without those."""
    async with open_harness(tmp_path, endpoint(batch=2, events=("call.*",))) as harness:
        kinds = ["call.started", "transcript.gap", "call.answered", "transcript.gap", "call.ended"]
        await commit(harness.journal, "c1", *kinds)
        await harness.list_backlog()

        assert [seqs(one) for one in harness.crm.taken] == [[1, 3], [5]]
        assert await harness.backlog() == []


async def test_a_batch_keeps_its_id_and_bytes_over_attempts(tmp_path: Path) -> None:
    """Although more has come meanwhile."""
    async with open_harness(tmp_path, endpoint(batch=10)) as harness:
        harness.crm.script.extend([BUSY, BUSY])
        await commit(harness.journal, "c1", "call.started", "call.answered")
        await harness.list_backlog()
        await harness.commit("c1", "call.ended")
        await harness.advance(1)
        await harness.advance(2)

        first, second, third, last = harness.crm.tried
        assert {(one.id, one.body) for one in (first, second, third)} == {(first.id, first.body)}
        assert [one.attempt for one in (first, second, third, last)] == [1, 2, 3, 1]
        assert seqs(last) == [3]


async def test_a_batch_that_is_refused_comes_again_one_by_one(tmp_path: Path) -> None:
    """Only the event that is at fault is parked, and then there are batches again."""

    def rule(delivery: Delivery) -> DeliveryError | None:
        return REFUSED if 2 in seqs(delivery) else None

    async with open_harness(tmp_path, endpoint(batch=3)) as harness:
        harness.crm.rule = rule
        await commit(harness.journal, "c1", *["call.answered"] * 6)
        await harness.list_backlog()

        assert [seqs(one) for one in harness.crm.tried] == [[1, 2, 3], [1], [2], [3], [4, 5, 6]]
        assert [one.seq for one in await harness.journal.parked(limit=9)] == [2]
        assert harness.crm.taken[1].gap_seqs == (2,)


async def test_an_event_that_breaks_the_receiver_holds_only_itself_up(tmp_path: Path) -> None:
    """Those before it in the batch have arrived by then."""

    def rule(delivery: Delivery) -> DeliveryError | None:
        return BROKEN if 2 in seqs(delivery) else None

    async with open_harness(tmp_path, endpoint(batch=3)) as harness:
        harness.crm.rule = rule
        await commit(harness.journal, "c1", *["call.answered"] * 3)
        await harness.list_backlog()
        await harness.advance(1)

        assert [seqs(one) for one in harness.crm.tried] == [[1, 2, 3], [1], [2]]
        kept = await harness.journal.attempts(C1, limit=9)
        assert [one.seq for one in reversed(kept)] == [1, 2, 3, 1, 2]


async def test_an_array_has_one_signature_that_the_standard_verifier_accepts() -> None:
    """An endpoint with batches gets an array of whatever comes."""
    async with (
        open_receiver() as receiver,
        open_webhook(webhook(receiver.url, batch=50)) as sink,
    ):
        await sink.deliver(DELIVERY)
        await sink.deliver(Delivery("bat_c1_1_2", "call.started", b'{"a":1},{"b":2}'))

    one, two = [Webhook(SECRET).verify(each.body, each.headers) for each in receiver.received]
    assert (len(one), two) == (1, [{"a": 1}, {"b": 2}])


def test_a_batch_has_a_bound_in_bytes() -> None:
    """An event that is longer than that goes by itself."""
    lane = Lane(CallId("c1"), CRM, Capacity(10))
    long = StoredEvent(C1, 1, "call.started", b"x" * (MAX_BATCH_BYTES + 1))
    lane.events = (long, event("c1", 2), event("c1", 3))

    assert next_batch(lane, lambda _: True, limit=50) == (long,)
    lane.events = lane.events[1:]
    assert [one.seq for one in next_batch(lane, lambda _: True, limit=50)] == [2, 3]
