"""A durable event does not wait for a partial that hangs, and no partial comes after its final."""

from collections.abc import Callable
from pathlib import Path

from service.delivery.lanes import open_lanes
from service.journal.sqlite.journal import open_sqlite_journal
from tests.delivery.builders import C1, CRM, endpoint, live, webhook
from tests.delivery.harness import Harness, commit, open_harness
from tests.delivery.peers import Receiver, open_receiver, stall
from tests.waiting import until

LONG_S = 60.0
"""Far longer than any test waits."""


def seen(receiver: Receiver, delivery_id: str) -> Callable[[], bool]:
    """Return what tells whether a delivery has come to the receiver."""
    return lambda: receiver.saw(delivery_id)


def attempts(harness: Harness) -> list[str]:
    """Return the ids of all attempts, in the order in which they began."""
    return [one.id for one in harness.crm.tried]


async def test_a_final_overtakes_a_receiver_that_hangs_on_partials(tmp_path: Path) -> None:
    """Each final is there long before the timeout of its partial, in order, over real sockets."""
    async with open_receiver() as receiver, open_sqlite_journal(tmp_path / "j.db") as journal:
        crm = webhook(receiver.url, partials="all", timeout_s=LONG_S)
        async with open_lanes(journal, [crm]) as lanes:
            for seq in range(1, 4):
                receiver.replies.append(stall)
                lanes.publish([CRM], live(C1, f"u{seq}", 1))
                await until(seen(receiver, f"prt_u{seq}_1"))
                lanes.committed([CRM], await commit(journal, C1, "transcript.final"))
                await until(seen(receiver, f"evt_c1_{seq}"))
            await lanes.flushed()
            assert await journal.backlog() == []

    ids = [one.headers["webhook-id"] for one in receiver.received]
    assert ids == [one for seq in range(1, 4) for one in (f"prt_u{seq}_1", f"evt_c1_{seq}")]


async def test_a_broken_off_partial_has_ended_before_its_final_begins(tmp_path: Path) -> None:
    """It counts as dropped, and says nothing about the endpoint."""
    async with open_harness(tmp_path, partial_grace_s=0.0) as harness:
        harness.crm.hangs = lambda one: one.type == "transcript.partial"
        for number in range(20):
            harness.publish("c1", f"u{number}", 1)
            await until(lambda: harness.crm.flying == {f"u{number}"})  # noqa: B023 - awaited here
            await harness.commit("c1", "transcript.final")
            await harness.flush()

        counters = harness.lanes.counters[CRM]
        assert harness.crm.ids == [f"c1_{seq}" for seq in range(1, 21)]
        assert (counters.delivered, counters.partials_dropped, counters.retried) == (20, 20, 0)
        harness.crm.hangs = lambda _: False
        harness.publish("c1", "u20", 1)
        await harness.flush()
        assert harness.crm.ids[-1] == "prt_u20_1"


async def test_a_partial_that_is_answered_in_time_is_not_broken_off(tmp_path: Path) -> None:
    """Breaking it off would cost a healthy receiver its connection, and the final the time."""
    async with open_harness(tmp_path, partial_grace_s=LONG_S) as harness:
        harness.crm.gate.clear()
        harness.publish("c1", "u1", 1)
        await until(lambda: len(harness.crm.tried) == 1)
        await harness.commit("c1", "transcript.final")
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == ["prt_u1_1", "c1_1"]


async def test_a_partial_that_an_event_waits_behind_already_hurries_as_well(
    tmp_path: Path,
) -> None:
    """It keeps its place before the event, but not for long."""
    async with open_harness(tmp_path, partial_grace_s=0.0) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "call.answered")
        harness.publish("c1", "u1", 1)
        await harness.commit("c1", "transcription.degraded")
        harness.crm.hangs = lambda one: one.type == "transcript.partial"
        harness.crm.gate.set()
        await harness.flush()

        assert attempts(harness) == ["evt_c1_1", "prt_u1_1", "evt_c1_2"]


async def test_an_event_that_the_endpoint_does_not_get_breaks_nothing_off(tmp_path: Path) -> None:
    """Nobody waits behind the partial."""
    async with open_harness(tmp_path, endpoint(events=("call.*",)), partial_grace_s=0.0) as harness:
        harness.crm.gate.clear()
        harness.publish("c1", "u1", 1)
        await until(lambda: len(harness.crm.tried) == 1)
        await harness.commit("c1", "transcription.degraded")
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == ["prt_u1_1"]
        assert await harness.journal.backlog() == []


async def test_an_attempt_at_an_event_is_not_hurried(tmp_path: Path) -> None:
    """It has the endpoint's timeout, whatever comes to wait behind it."""
    async with open_harness(tmp_path, partial_grace_s=0.0) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "call.answered")
        await until(lambda: len(harness.crm.tried) == 1)
        await harness.commit("c1", "transcript.final")
        harness.crm.gate.set()
        await harness.flush()

        assert attempts(harness) == ["evt_c1_1", "evt_c1_2"]
