"""What outlives a restart, a crash, an outage, and other people's hands on the journal."""

import asyncio
from pathlib import Path

from structlog.testing import capture_logs

from service.errors import EndpointGoneError, PermanentDeliveryError, TemporaryDeliveryError
from service.ids import CallId
from service.ports import LaneRow
from tests.delivery.harness import CRM, Hand, Scene, commit, endpoint, open_scene

BUSY = TemporaryDeliveryError("answered 503", status=503)
REFUSED = PermanentDeliveryError("answered 400", status=400)
GONE = EndpointGoneError("answered 410", status=410)
C1 = CallId("c1")


async def crash_after(scene: Scene, call_id: str, *kinds: str) -> None:
    """Have events delivered, but switch the database off before that is settled."""
    events = await commit(scene.journal, call_id, *kinds)
    taken = len(scene.crm.taken)
    scene.journal.off = True
    scene.lanes.committed([CRM], events)
    await scene.crm.until(lambda: len(scene.crm.taken) == taken + len(events))


async def lane(scene: Scene) -> LaneRow:
    """Return the only lane that has something left."""
    (row,) = await scene.journal.backlog()
    return row


async def test_delivery_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """After an orderly end nothing is repeated and nothing skipped."""
    async with open_scene(tmp_path) as first:
        await first.happen("c1", "call.started", "call.answered")
        await first.flush()
        await commit(first.journal, "c1", "call.ended")

    async with open_scene(tmp_path) as second:
        await second.flush()

    assert first.crm.ids == ["c1_1", "c1_2"]
    assert second.crm.ids == ["c1_3"]


async def test_a_crash_repeats_a_suffix_and_skips_nothing(tmp_path: Path) -> None:
    """What was not settled yet goes out again: same ids, same bytes, in order."""
    async with open_scene(tmp_path) as first:
        await first.happen("c1", "call.started")
        await first.flush()
        await crash_after(first, "c1", "call.answered", "call.ended")

    async with open_scene(tmp_path) as second:
        await second.flush()

    assert first.crm.ids == ["c1_1", "c1_2", "c1_3"]
    assert second.crm.taken == first.crm.taken[1:]


async def test_what_is_on_its_way_at_the_end_is_sent_again(tmp_path: Path) -> None:
    """An attempt that was broken off may have arrived; it is repeated, never assumed."""
    async with open_scene(tmp_path) as first:
        first.crm.gate.clear()
        await first.happen("c1", "call.started")
        await first.crm.until(lambda: len(first.crm.tried) == 1)

    async with open_scene(tmp_path) as second:
        await second.flush()

    assert second.crm.taken == first.crm.tried


async def test_acknowledgements_are_settled_on_the_way_out(tmp_path: Path) -> None:
    """What was delivered in the last moment is not repeated."""
    async with open_scene(tmp_path, ack_every_s=3600.0) as first:
        await first.happen("c1", "call.started")
        await first.crm.until(lambda: len(first.crm.taken) == 1)
        assert first.journal.settled == []

    async with open_scene(tmp_path) as second:
        await second.flush()

    assert second.crm.tried == []


async def test_a_restart_does_not_shorten_a_wait(tmp_path: Path) -> None:
    """Attempts and the time of the next one are in the journal."""
    hand = Hand()
    async with open_scene(tmp_path, hand=hand) as first:
        first.crm.script.extend([BUSY, BUSY, BUSY, BUSY])
        await first.happen("c1", "call.started")
        for delay_s in (0, 1, 2, 5):
            await first.pass_time(delay_s)

    async with open_scene(tmp_path, hand=hand) as second:
        assert (await lane(second)).attempts == 4
        await second.pass_time(14.9)
        assert second.crm.tried == []

        await second.pass_time(0.2)
        assert second.crm.ids == ["c1_1"]


async def test_a_clock_put_back_does_not_stop_a_lane_for_good(tmp_path: Path) -> None:
    """Whatever the journal says, no lane waits longer than the schedule's longest delay."""
    hand = Hand()
    async with open_scene(tmp_path, hand=hand) as first:
        first.crm.script.append(BUSY)
        await first.happen("c1", "call.started")
        await first.flush()

    hand.now -= 365 * 86_400
    async with open_scene(tmp_path, hand=hand) as second:
        await second.pass_time(30 * 3600)

    assert second.crm.ids == ["c1_1"]


async def test_acknowledgements_are_settled_many_at_a_time(tmp_path: Path) -> None:
    """Two hundred calls cost the journal a few writes."""
    async with open_scene(tmp_path, ack_every_s=0.02) as scene:
        scene.crm.gate.clear()
        for number in range(200):
            await scene.happen(f"c{number}", "call.started")
        scene.crm.gate.set()
        await scene.flush()

        assert await scene.journal.backlog() == []
        assert len(scene.journal.settled) < 50


async def test_an_outage_of_the_journal_loses_no_acknowledgement(tmp_path: Path) -> None:
    """They are kept, in memory and in order, until the database answers again."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.extend([None, REFUSED])
        await crash_after(scene, "c1", "call.started")
        scene.journal.off = False
        await scene.happen("c1", "call.answered", "call.ended")
        await scene.flush()

        assert scene.crm.ids == ["c1_1", "c1_3"]
        assert await scene.journal.backlog() == []
        assert [one.seq for one in await scene.journal.parked(limit=9)] == [2]


async def test_events_that_cannot_be_read_are_read_later(tmp_path: Path) -> None:
    """A lane whose events are in the journal only waits for the journal."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(BUSY)
        await scene.happen("c1", "call.started")
        await scene.flush()
        scene.journal.off = True
        await scene.pass_time(1)
        assert len(scene.crm.tried) == 1

        scene.journal.off = False
        await scene.pass_time(1)
        assert scene.crm.ids == ["c1_1"]


async def test_a_replay_by_another_process_is_seen(tmp_path: Path) -> None:
    """A lane that was set back delivers the rest again, under the same ids."""
    async with open_scene(tmp_path) as scene:
        await scene.happen("c1", "call.started", "call.answered", "call.ended")
        await scene.flush()
        await scene.journal.rewind(C1, CRM, 1)
        await scene.look_again()

        assert scene.crm.ids == ["c1_1", "c1_2", "c1_3", "c1_2", "c1_3"]
        assert await scene.journal.backlog() == []


async def test_a_replay_while_the_call_goes_on_is_not_lost(tmp_path: Path) -> None:
    """An attempt on its way does not undo it, and what comes meanwhile keeps its place."""
    async with open_scene(tmp_path) as scene:
        await scene.happen("c1", "call.started")
        await scene.flush()
        scene.crm.gate.clear()
        await scene.happen("c1", "call.answered")
        await scene.crm.until(lambda: len(scene.crm.tried) == 2)
        await scene.journal.rewind(C1, CRM, 0)
        await scene.lanes.list_backlog()
        await scene.happen("c1", "call.ended")
        scene.crm.gate.set()
        await scene.flush()

        assert scene.crm.ids == ["c1_1", "c1_2", "c1_1", "c1_2", "c1_3"]
        assert await scene.journal.backlog() == []


async def test_a_replay_while_events_are_read_is_not_lost(tmp_path: Path) -> None:
    """What was read for the old place is not taken for the new one."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.extend([None, BUSY])
        await scene.happen("c1", "call.started", "call.answered")
        await scene.flush()
        scene.journal.reading.clear()
        scene.journal.read_gate.clear()
        scene.hand.now += 1
        scene.lanes.wake()
        await scene.journal.reading.wait()
        await scene.journal.rewind(C1, CRM, 0)
        await scene.lanes.list_backlog()
        scene.journal.read_gate.set()
        await scene.flush()

        assert scene.crm.ids == ["c1_1", "c1_1", "c1_2"]


async def test_an_outage_does_not_enable_a_gone_endpoint_for_long(tmp_path: Path) -> None:
    """What the journal could not note, the receiver is asked again: once."""
    async with open_scene(tmp_path) as scene:
        scene.crm.rule = lambda _: GONE
        events = await commit(scene.journal, "c1", "call.started")
        scene.journal.off = True
        scene.lanes.committed([CRM], events)
        await scene.flush()
        scene.journal.off = False
        await scene.look_again()
        await scene.look_again()

        assert len(scene.crm.tried) == 2
        assert await scene.journal.disabled() == {CRM: "gone"}


async def test_many_attempts_can_find_an_endpoint_gone(tmp_path: Path) -> None:
    """Those on their way together are one piece of news."""
    async with open_scene(tmp_path) as scene:
        scene.crm.rule = lambda _: GONE
        scene.crm.gate.clear()
        for number in range(9):
            await scene.happen(f"c{number}", "call.started")
        await scene.crm.until(lambda: len(scene.crm.tried) == 9)
        with capture_logs() as lines:
            scene.crm.gate.set()
            await scene.flush()

        assert [line["event"] for line in lines] == ["endpoint_disabled"]


async def test_a_drain_waits_for_the_journal(tmp_path: Path) -> None:
    """While it is away acknowledgements cannot be settled: the drain tries until its deadline."""
    async with open_scene(tmp_path) as scene:
        await crash_after(scene, "c1", "call.started")
        await scene.lanes.drain(asyncio.get_running_loop().time() + 0.15)
        scene.journal.off = False
        assert len(await scene.journal.backlog()) == 1

        await scene.lanes.drain(asyncio.get_running_loop().time() + 5)
        assert await scene.journal.backlog() == []


async def test_a_replayed_call_can_go_on(tmp_path: Path) -> None:
    """Its lane is written under the generation that the replay gave it, also after a restart."""
    async with open_scene(tmp_path) as first:
        await first.happen("c1", "call.started")
        await first.flush()
        await first.journal.rewind(C1, CRM, 0)
        await first.look_again()
        await first.happen("c1", "call.answered")
        await first.flush()
        assert await first.journal.backlog() == []

    async with open_scene(tmp_path) as second:
        await second.happen("c1", "call.ended")
        await second.flush()
        await second.look_again()
        assert await second.journal.backlog() == []

    assert first.crm.ids == ["c1_1", "c1_1", "c1_2"]
    assert second.crm.ids[0] == "c1_3"


async def test_looking_again_repeats_nothing(tmp_path: Path) -> None:
    """Listing the backlog while deliveries wait, fail and arrive takes none up twice."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(BUSY)
        await scene.happen("c1", "call.started", "call.answered")
        await scene.look_again()
        await scene.happen("c2", "call.started")
        await scene.look_again()
        await scene.pass_time(1)
        await scene.look_again()

        assert scene.crm.ids == ["c2_1", "c1_1", "c1_2"]


async def test_a_listing_is_not_outrun_by_acknowledgements(tmp_path: Path) -> None:
    """What is settled after the backlog was read is not mistaken for what is left."""
    async with open_scene(tmp_path) as scene:
        scene.crm.gate.clear()
        await scene.happen("c1", "call.started")
        await scene.crm.until(lambda: len(scene.crm.tried) == 1)
        scene.journal.listing.clear()
        scene.journal.list_gate.clear()
        looking = asyncio.create_task(scene.look_again())
        await scene.journal.listing.wait()
        scene.crm.gate.set()
        await scene.crm.until(lambda: len(scene.crm.taken) == 1)
        for _ in range(10):
            await scene.journal.check()  # time enough to settle, if anything were to
        scene.journal.list_gate.set()
        await looking

        assert scene.crm.ids == ["c1_1"]
        assert await scene.journal.backlog() == []


async def test_the_backlog_is_listed_by_itself(tmp_path: Path) -> None:
    """What another process committed or set back is found without being told."""
    async with open_scene(tmp_path, poll_every_s=0.01) as scene:
        await commit(scene.journal, "c1", "call.started")
        await scene.crm.until(lambda: len(scene.crm.taken) == 1)

    assert scene.crm.ids == ["c1_1"]


async def test_listing_survives_an_outage(tmp_path: Path) -> None:
    """While the journal is away it is asked again and again; then the backlog is found."""
    async with open_scene(tmp_path, poll_every_s=0.01) as scene:
        await commit(scene.journal, "c1", "call.started")
        scene.journal.off = True
        async with asyncio.timeout(5):
            await scene.journal.refused.wait()
        scene.journal.off = False
        await scene.crm.until(lambda: len(scene.crm.taken) == 1)


async def test_an_erased_call_leaves_no_backlog(tmp_path: Path) -> None:
    """Where the journal has no more events there is nothing left to deliver."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(BUSY)
        await scene.happen("c1", "call.started", "call.ended")
        await scene.flush()
        scene.journal.erased.add("c1")
        await scene.pass_time(1)

        assert scene.crm.ids == []
        assert await scene.journal.backlog() == []


async def test_a_breaker_lets_one_attempt_through_and_then_all(tmp_path: Path) -> None:
    """A receiver that is down is not hammered; once it answers, everything goes out."""
    async with open_scene(tmp_path) as scene:
        scene.crm.rule = lambda _: BUSY
        for number in range(20):
            await scene.happen(f"c{number}", "call.started", "call.ended")
            await scene.flush()
        assert len(scene.crm.tried) == 10

        await scene.pass_time(4.9)
        assert len(scene.crm.tried) == 10
        await scene.pass_time(0.1)
        assert len(scene.crm.tried) == 11

        scene.crm.rule = lambda _: None
        await scene.pass_time(10)
        assert len(scene.crm.taken) == 40


async def test_an_endpoint_that_fails_for_five_days_is_disabled(tmp_path: Path) -> None:
    """By then somebody has to look at it; the journal keeps what it missed."""
    async with open_scene(tmp_path) as scene:
        scene.crm.rule = lambda _: BUSY
        for number in range(15):
            await scene.happen(f"c{number}", "call.started")
        await scene.flush()
        for _ in range(5 * 24 + 30):
            await scene.pass_time(3600)

        assert await scene.journal.disabled() == {CRM: "failing"}
        assert len(await scene.journal.backlog()) > 0


async def test_a_drain_sends_and_settles_what_it_can(tmp_path: Path) -> None:
    """It returns how many lanes have something left for the next start."""
    async with open_scene(tmp_path) as scene:
        scene.crm.rule = lambda one: BUSY if one.id == "evt_c2_1" else None
        await scene.happen("c1", "call.started")
        await scene.happen("c2", "call.started")
        left = await scene.lanes.drain(asyncio.get_running_loop().time() + 5)

        assert left == 1
        assert scene.lanes.behind == {CRM: 1}
        assert (await lane(scene)).call_id == "c2"


async def test_a_drain_ends_at_its_deadline(tmp_path: Path) -> None:
    """A receiver that hangs does not keep the process."""
    async with open_scene(tmp_path) as scene:
        scene.crm.gate.clear()
        await scene.happen("c1", "call.started")
        async with asyncio.timeout(5):
            left = await scene.lanes.drain(asyncio.get_running_loop().time() + 0.05)

        assert left == 1


async def test_no_words_or_numbers_are_logged(tmp_path: Path) -> None:
    """Whatever goes wrong with a delivery, the log has ids and reasons only."""
    with capture_logs() as lines:
        async with open_scene(tmp_path, endpoint(), endpoint("log")) as scene:
            scene.crm.script.extend([BUSY, REFUSED, ValueError("secret words")])
            scene.hear("c1", "u1", 1, "secret words")
            await scene.happen("c1", "transcript.final", "call.ended", to=("crm", "log"))
            await scene.flush()
            await scene.pass_time(1)

    assert {line["event"] for line in lines} >= {"delivery_failed", "delivery_parked"}
    assert "secret words" not in str(lines)
    assert '"data"' not in str(lines)
