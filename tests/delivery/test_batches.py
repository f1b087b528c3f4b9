"""Batches: several events of a backlog in one request, for endpoints that ask for it."""

import json
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from service.delivery.batches import delivery_of, next_batch
from service.delivery.lane import Capacity, Lane
from service.delivery.webhook import open_webhook
from service.errors import DeliveryError, HostUnavailableError
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


TOO_SLOW = HostUnavailableError("no answer in time")


async def test_a_batch_that_takes_too_long_comes_again_by_halves(tmp_path: Path) -> None:
    """A receiver that manages two events in its time gets two, although it takes single ones."""

    def rule(delivery: Delivery) -> DeliveryError | None:
        return TOO_SLOW if len(seqs(delivery)) > 2 else None

    async with open_harness(tmp_path, endpoint(batch=8)) as harness:
        harness.crm.rule = rule
        await commit(harness.journal, "c1", *["call.answered"] * 12)
        await harness.list_backlog()
        for seconds in (1, 2):
            await harness.advance(seconds)

        assert [seqs(one) for one in harness.crm.tried][:3] == [
            [*range(1, 9)],
            [1, 2, 3, 4],
            [1, 2],
        ]
        for seconds in (1, 2, 5):
            await harness.advance(seconds)
        assert [len(seqs(one)) for one in harness.crm.tried][3:] == [8, 4, 2, 4, 2, 2, 2, 2]
        assert [seq for one in harness.crm.taken for seq in seqs(one)] == [*range(1, 13)]
        assert await harness.journal.parked(limit=9) == []


async def test_after_an_outage_a_backlog_comes_in_batches_as_long_as_before(tmp_path: Path) -> None:
    """What failed while nothing arrived says nothing of how much is too much."""
    async with open_harness(tmp_path, endpoint(batch=8)) as harness:
        harness.crm.rule = lambda _: TOO_SLOW
        await commit(harness.journal, "c1", *["call.answered"] * 24)
        await harness.list_backlog()
        await harness.advance(1)
        harness.crm.rule = lambda _: None
        await harness.advance(2)

        assert [len(seqs(one)) for one in harness.crm.taken] == [2, 8, 8, 6]


async def test_a_host_that_asks_for_a_pause_gets_less_at_once_in_the_end(tmp_path: Path) -> None:
    """There are gateways that answer 503 to what takes too long."""
    async with open_harness(tmp_path, endpoint(batch=4)) as harness:
        harness.crm.rule = lambda one: BUSY if len(seqs(one)) > 2 else None
        await commit(harness.journal, "c1", *["call.answered"] * 4)
        await harness.list_backlog()
        for seconds in (1, 2, 5):
            await harness.advance(seconds)

        assert [len(seqs(one)) for one in harness.crm.tried] == [4, 4, 4, 2, 2]


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


def lane_of(*events: StoredEvent) -> Lane:
    """Return a lane with these events in memory."""
    lane = Lane(CallId("c1"), CRM, Capacity(100))
    lane.commit(events)
    return lane


def next_seqs(lane: Lane, *, limit: int = 50, left_out: str = "") -> list[int]:
    """Return which events go out next."""
    return [one.seq for one in next_batch(lane, lambda kind: kind != left_out, limit=limit)]


def of_bytes(seq: int, size: int) -> StoredEvent:
    """Return an event whose body is this long."""
    return StoredEvent(C1, seq, "call.started", b"x" * size)


def test_a_batch_has_a_bound_in_bytes() -> None:
    """Of 256 KiB; an event that is longer than that goes by itself."""
    long = 256 * 1024 + 1
    assert next_seqs(lane_of(of_bytes(1, long), event("c1", 2))) == [1]
    assert next_seqs(lane_of(event("c1", 1), of_bytes(2, long))) == [1]
    half = 128 * 1024
    assert next_seqs(lane_of(*(of_bytes(seq, half) for seq in (1, 2, 3)))) == [1, 2]
    assert next_seqs(lane_of(of_bytes(1, half), of_bytes(2, half + 1), event("c1", 3))) == [1]


def test_what_was_not_taken_as_a_batch_goes_one_by_one() -> None:
    """Up to its last event."""
    lane = lane_of(*(event("c1", seq) for seq in range(1, 6)))
    lane.singly_until = 2
    assert next_seqs(lane) == [1]
    lane.ack(1)
    assert next_seqs(lane) == [2]
    lane.ack(2)
    assert next_seqs(lane) == [3, 4, 5]


def test_a_batch_that_is_tried_again_stays_as_it_was() -> None:
    """It ends where it ended, although there is more."""
    lane = lane_of(*(event("c1", seq) for seq in range(1, 6)))
    lane.batch_end = 3

    assert next_seqs(lane) == [1, 2, 3]
    assert next_seqs(lane, limit=2) == [1, 2]
    lane.batch_end = 1
    assert next_seqs(lane) == [1]


def test_what_is_left_out_makes_room_for_no_more() -> None:
    """The batch has as many as were asked for, wherever those are."""
    kinds = ["call.started", "transcript.gap", "call.answered", "transcript.gap", "call.ended"]
    lane = lane_of(*(event("c1", seq, kind) for seq, kind in enumerate(kinds, 1)))

    assert next_seqs(lane, left_out="transcript.gap", limit=3) == [1, 3, 5]
    assert next_seqs(lane, left_out="transcript.gap", limit=2) == [1, 3]
    assert next_seqs(lane, limit=1) == [1]


def test_a_delivery_says_what_it_brings_and_how_often_it_was_tried() -> None:
    """Attempts of the schedule and extra ones; and what was given up before it."""
    lane = lane_of(event("c1", 7), event("c1", 8, "call.ended"))
    lane.attempts, lane.extra_attempts, lane.gap_seqs = 4, 2, (5, 6)
    one, both = lane.events[:1], lane.events

    assert delivery_of(lane, one) == Delivery(
        "evt_c1_7", "call.answered", lane.events[0].body, (5, 6), attempt=7
    )
    body = lane.events[0].body + b"," + lane.events[1].body
    assert delivery_of(lane, both) == Delivery(
        "bat_c1_7_8", "call.answered", body, (5, 6), attempt=7
    )
