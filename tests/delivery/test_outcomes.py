"""What becomes of a delivery: tried again, parked, or the end of its endpoint."""

from pathlib import Path

from structlog.testing import capture_logs

from service.errors import (
    HostUnavailableError,
    KeptConnectionLostError,
    NoDescriptorError,
    TemporaryDeliveryError,
)
from service.retry import RetryPolicy
from tests.delivery.builders import BROKEN, BUSY, C1, CRM, GONE, REFUSED, endpoint
from tests.delivery.harness import commit, open_harness
from tests.test_descriptors import descriptors
from tests.waiting import until

LOST = KeptConnectionLostError("no answer: the connection was lost")
NO_ANSWER = HostUnavailableError("answered 504", status=504)


async def test_attempts_follow_the_schedule_and_repeat_the_same_bytes(tmp_path: Path) -> None:
    """After 1 s, then 2 s, then 5 s; what follows waits behind it."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([BUSY, BUSY, BUSY])
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()
        for delay_s, tries in ((0.9, 1), (0.1, 2), (1.9, 2), (0.1, 3), (4.9, 3), (0.1, 5)):
            await harness.advance(delay_s)
            assert len(harness.crm.tried) == tries

        assert len({(one.id, one.body) for one in harness.crm.tried[:4]}) == 1
        assert harness.crm.ids == ["c1_1", "c1_2"]
        assert harness.lanes.counters[CRM].retried == 3


async def test_retry_after_is_honoured(tmp_path: Path) -> None:
    """The receiver's wish counts when it is longer than the schedule."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(TemporaryDeliveryError("answered 429", retry_after_s=40))
        await harness.commit("c1", "call.started")
        await harness.flush()
        await harness.advance(39.9)
        assert len(harness.crm.tried) == 1

        await harness.advance(0.2)
        assert harness.crm.ids == ["c1_1"]


async def test_a_refused_event_is_parked_and_named_by_the_next(tmp_path: Path) -> None:
    """The lane goes on; whoever reads the next delivery knows what is missing."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([None, REFUSED, REFUSED])
        await harness.commit("c1", *["call.answered"] * 5)
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_4", "c1_5"]
        assert [one.gap_seqs for one in harness.crm.taken] == [(), (2, 3), ()]
        parked = await harness.journal.parked(limit=9)
        assert sorted((one.seq, one.status, one.reason) for one in parked) == [
            (2, 400, "refused"),
            (3, 400, "refused"),
        ]
        assert await harness.backlog() == []


async def test_a_gap_is_still_named_after_a_restart(tmp_path: Path) -> None:
    """What was parked last before the end is named by the first delivery after the start."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([None, REFUSED, REFUSED])
        await harness.commit("c1", *["call.answered"] * 3)
        await harness.flush()
        await commit(harness.journal, "c1", "call.ended")

    async with open_harness(tmp_path) as harness:
        await harness.flush()

    assert [(one.id, one.gap_seqs) for one in harness.crm.taken] == [("evt_c1_4", (2, 3))]


async def test_giving_up_parks_the_event(tmp_path: Path) -> None:
    """After the last attempt of the schedule the lane goes on without it."""
    async with open_harness(tmp_path, policy=RetryPolicy(delays_s=(1.0, 2.0))) as harness:
        harness.crm.rule = lambda one: BUSY if one.id == "evt_c1_1" else None
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()
        await harness.advance(1)
        await harness.advance(2)

        (parked,) = await harness.journal.parked(limit=9)
        assert (parked.seq, parked.status, parked.reason) == (1, 503, "gave_up")
        assert harness.crm.ids == ["c1_2"]
        assert harness.lanes.counters[CRM].parked == 1


async def test_an_event_that_fails_is_parked_soon_where_order_matters_less(tmp_path: Path) -> None:
    """After four attempts those behind it go on; the next delivery names it."""
    async with open_harness(tmp_path, endpoint(order="go_on")) as harness:
        harness.crm.rule = lambda one: BROKEN if one.id == "evt_c1_1" else None
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()
        for seconds in (1, 2, 4.9):
            await harness.advance(seconds)
        assert harness.crm.ids == []
        await harness.advance(0.1)

        assert [(one.id, one.gap_seqs) for one in harness.crm.taken] == [("evt_c1_2", (1,))]
        (parked,) = await harness.journal.parked(limit=9)
        assert (parked.seq, parked.status, parked.reason) == (1, 500, "skipped")


async def test_a_host_that_is_away_has_nothing_parked_soon(tmp_path: Path) -> None:
    """It says nothing about the event, whatever order is wanted."""
    async with open_harness(tmp_path, endpoint(order="go_on")) as harness:
        harness.crm.rule = lambda _: BUSY
        await harness.commit("c1", "call.started")
        await harness.flush()
        for seconds in (1, 2, 5, 15, 15, 15):
            await harness.advance(seconds)
        harness.crm.rule = lambda _: None
        await harness.advance(15)

        assert harness.crm.ids == ["c1_1"]


async def test_an_event_that_is_never_answered_is_parked_where_others_arrive(
    tmp_path: Path,
) -> None:
    """At its receiver's gateway such an event ends in 504, while it takes all others."""
    async with open_harness(tmp_path, endpoint(order="go_on")) as harness:
        harness.crm.rule = lambda one: NO_ANSWER if one.id == "evt_c1_1" else None
        await harness.commit("c2", "call.started")
        await harness.flush()
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()
        for seconds in (1, 2, 5):
            assert "c1_2" not in harness.crm.ids
            await harness.commit("c2", "call.answered")
            await harness.advance(seconds)

        assert harness.crm.taken[-1].gap_seqs == (1,)
        (parked,) = await harness.journal.parked(limit=9)
        assert (parked.seq, parked.status, parked.reason) == (1, 504, "skipped")


async def test_what_failed_while_nothing_arrived_does_not_count_against_an_event(
    tmp_path: Path,
) -> None:
    """The host was away as a whole then, however often it was tried."""
    async with open_harness(tmp_path, endpoint(order="go_on")) as harness:
        harness.crm.rule = lambda _: NO_ANSWER
        await harness.commit("c1", "call.started", "call.answered")
        await harness.commit("c2", "call.started")
        for seconds in (0, 1, 2, 5, 15, 15):
            await harness.advance(seconds)
        harness.crm.rule = lambda one: NO_ANSWER if one.id == "evt_c1_1" else None
        for _ in range(3):
            await harness.commit("c2", "call.answered")
            await harness.advance(15)

        assert await harness.journal.parked(limit=9) == []


async def test_what_could_not_be_tried_waits_and_is_blamed_on_nobody(tmp_path: Path) -> None:
    """No attempt of the schedule is used up, and the breaker of the host knows nothing of it."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda _: NoDescriptorError("not tried")
        for call in range(12):
            await harness.commit(f"c{call}", "call.started")
        await harness.flush()
        for _ in range(30):
            await harness.advance(1)
        assert not harness.lanes.failing
        assert await harness.journal.attempts(C1, limit=9) == []
        harness.crm.rule = lambda _: None
        await harness.advance(1)

        assert {one.attempt for one in harness.crm.taken} == {1}
        assert sorted(harness.crm.ids) == sorted(f"c{call}_1" for call in range(12))


async def test_what_a_kept_connection_was_lost_over_goes_out_again_at_once(tmp_path: Path) -> None:
    """Three times; such attempts count, and say nothing of the host, and nothing waits for them."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([LOST] * 3)
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_2"]
        assert [one.attempt for one in harness.crm.tried] == [1, 2, 3, 4, 1]
        harness.crm.script.extend([LOST] * 4)
        await harness.commit("c1", "call.hold")
        await harness.flush()
        assert len(harness.crm.tried) == 9
        await harness.advance(1)
        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3"]


async def test_a_partial_that_a_kept_connection_was_lost_over_goes_out_again(
    tmp_path: Path,
) -> None:
    """At once; later there would be a newer one."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(LOST)
        harness.publish("c1", "u1", 1)
        await harness.flush()

        assert harness.crm.ids == ["prt_u1_1"]


async def test_a_batch_that_could_not_be_tried_stays_one(tmp_path: Path) -> None:
    """Nothing is known of it."""
    async with open_harness(tmp_path, endpoint(batch=8)) as harness:
        harness.crm.script.append(NoDescriptorError("not tried"))
        await commit(harness.journal, "c1", *["call.answered"] * 8)
        await harness.list_backlog()
        await harness.advance(1)

        assert [one.id for one in harness.crm.taken] == ["bat_c1_1_8"]


async def test_endpoints_that_hang_have_no_more_than_their_share(tmp_path: Path) -> None:
    """Forty that hang, of a process that may have few descriptors, leave most of them to others."""
    names = [f"e{number}" for number in range(40)]
    with descriptors(640):
        async with open_harness(tmp_path, *map(endpoint, names)) as harness:
            for name in names:
                harness.sinks[name].gate.clear()
            for call in range(6):
                await harness.commit(f"c{call}", "call.started", to=names)
            await until(lambda: all(harness.sinks[name].tried for name in names))

            assert sum(len(harness.sinks[name].tried) for name in names) <= 640 // 4


async def test_a_sink_that_breaks_is_retried_and_stops_nobody(tmp_path: Path) -> None:
    """An error that no sink should raise is a failed attempt, not the end of the process."""
    async with open_harness(tmp_path, endpoint(), endpoint("log")) as harness:
        harness.crm.script.append(ZeroDivisionError("secret"))
        await harness.commit("c1", "call.started", to=("crm", "log"))
        await harness.flush()
        assert harness.sinks["log"].ids == ["c1_1"]

        await harness.advance(1)
        assert harness.crm.ids == ["c1_1"]


async def test_a_gone_endpoint_is_disabled_and_others_are_not(tmp_path: Path) -> None:
    """After a 410 nothing more is tried; what it did not get stays in the journal."""
    async with open_harness(tmp_path, endpoint(), endpoint("log")) as harness:
        harness.crm.script.append(GONE)
        await harness.commit("c1", "call.started", "call.answered", to=("crm", "log"))
        await harness.flush()
        harness.publish("c1", "u1", 1)
        await harness.commit("c1", "call.ended", to=("crm", "log"))
        await harness.flush()

        assert len(harness.crm.tried) == 1
        assert harness.sinks["log"].ids == ["c1_1", "c1_2", "c1_3"]
        assert await harness.journal.disabled() == {CRM: "gone"}
        await harness.list_backlog()
        assert await harness.backlog() == [("c1", 0, 3)]


async def test_an_endpoint_that_is_enabled_again_gets_what_it_missed(tmp_path: Path) -> None:
    """In order, from where it stopped, without a restart."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(GONE)
        await harness.commit("c1", "call.started")
        await harness.flush()
        await harness.commit("c1", "call.answered")
        await harness.journal.enable(CRM)
        await harness.list_backlog()
        await harness.commit("c1", "call.ended")
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3"]


async def test_a_disabled_endpoint_stays_so_over_a_restart(tmp_path: Path) -> None:
    """Only its owner can say that it is back."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(GONE)
        await harness.commit("c1", "call.started")
        await harness.flush()

    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.answered")
        await harness.flush()

    assert harness.crm.tried == []


async def test_an_outage_does_not_enable_a_gone_endpoint_for_long(tmp_path: Path) -> None:
    """What the journal could not note, the receiver is asked again: once."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda _: GONE
        events = await commit(harness.journal, "c1", "call.started")
        harness.journal.off = True
        harness.lanes.committed([CRM], events)
        await harness.flush()
        harness.journal.off = False
        await harness.list_backlog()
        await harness.list_backlog()

        assert len(harness.crm.tried) == 2
        assert await harness.journal.disabled() == {CRM: "gone"}


async def test_many_attempts_can_find_an_endpoint_gone(tmp_path: Path) -> None:
    """Those on their way together are one piece of news."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda _: GONE
        harness.crm.gate.clear()
        for number in range(9):
            await harness.commit(f"c{number}", "call.started")
        await until(lambda: len(harness.crm.tried) == 9)
        with capture_logs() as lines:
            harness.crm.gate.set()
            await harness.flush()

        assert [line["event"] for line in lines] == ["endpoint_disabled"]


async def test_an_endpoint_that_fails_for_five_days_is_disabled(tmp_path: Path) -> None:
    """By then somebody has to look at it; the journal keeps what it missed."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda _: BUSY
        for number in range(15):
            await harness.commit(f"c{number}", "call.started")
        await harness.flush()
        for _ in range(5 * 24 + 30):
            await harness.advance(3600)

        assert await harness.journal.disabled() == {CRM: "failing"}
        assert len(await harness.journal.backlog()) > 0
