"""A call that is erased: what waits of it goes nowhere, and the tombstone goes everywhere."""

import asyncio
from pathlib import Path

from service.errors import TemporaryDeliveryError
from service.ids import CallId
from service.ports import Entry, StoredEvent
from tests.delivery.harness import CRM, WAIT_S, Scene, endpoint, event, open_scene

BUSY = TemporaryDeliveryError("answered 503", status=503)


async def erase(scene: Scene, call_id: str, seq: int, *, here: bool = True) -> StoredEvent:
    """Erase a call whose last event is the one before `seq`; `here`: by this process."""
    stored = await scene.journal.load(CallId(call_id))
    assert stored is not None
    tombstone = event(call_id, seq, "transcript.erased")
    await scene.journal.commit(
        Entry(
            call_id=CallId(call_id),
            version=stored.version,
            epoch=stored.epoch,
            state=b"",
            events=(tombstone,),
            endpoints=(CRM,),
            erases=True,
        )
    )
    if here:
        scene.lanes.forget(CallId(call_id))
        scene.lanes.committed([CRM], [tombstone])
    return tombstone


async def test_what_waits_of_an_erased_call_is_dropped(tmp_path: Path) -> None:
    """A lane that waits to retry is let go of, and delivers the tombstone at once."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(BUSY)
        await scene.happen("c1", "call.started", "transcript.final")
        scene.hear("c1", "u2", 1)
        await scene.flush()
        await erase(scene, "c1", 3)
        await scene.flush()

        assert scene.crm.ids == ["c1_3"]
        assert await scene.journal.backlog() == []
        assert scene.lanes.counters[CRM].partials_dropped == 1


async def test_an_attempt_on_its_way_is_broken_off(tmp_path: Path) -> None:
    """The receiver was slow; it is asked again only for the tombstone, and is not to blame."""
    async with open_scene(tmp_path) as scene:
        scene.crm.gate.clear()
        await scene.happen("c1", "transcript.final", "transcript.final")
        await scene.crm.until(lambda: len(scene.crm.tried) == 1)
        await erase(scene, "c1", 3)
        await scene.crm.until(lambda: len(scene.crm.tried) == 2)
        scene.crm.gate.set()
        await scene.flush()

        assert scene.crm.ids == ["c1_3"]
        assert scene.crm.overlaps == 0
        assert await scene.journal.backlog() == []


async def test_a_call_may_be_forgotten_again_while_its_attempt_is_broken_off(
    tmp_path: Path,
) -> None:
    """Whatever the attempt has got to by then."""
    async with open_scene(tmp_path) as scene:
        scene.crm.gate.clear()
        await scene.happen("c1", "transcript.final")
        await scene.crm.until(lambda: len(scene.crm.tried) == 1)
        for _ in range(4):
            scene.lanes.forget(CallId("c1"))
            await asyncio.sleep(0)
        await scene.flush()

        assert (scene.crm.ids, scene.crm.flying) == ([], set())


async def test_a_partial_on_its_way_is_broken_off(tmp_path: Path) -> None:
    """Its words are forgotten as well, where they were kept to compare with."""
    async with open_scene(tmp_path, endpoint(partials="stable")) as scene:
        scene.crm.gate.clear()
        scene.hear("c1", "u1", 1, "my secret")
        scene.hear("c1", "u1", 2, "my secret name")
        await scene.crm.until(lambda: len(scene.crm.tried) == 1)
        scene.lanes.forget(CallId("c1"))
        scene.crm.gate.set()
        await scene.flush()
        scene.hear("c1", "u1", 3, "my secret")
        await scene.flush()

        assert scene.crm.taken == []


async def test_events_that_were_being_read_are_not_sent(tmp_path: Path) -> None:
    """The journal was read before the erasure, and answered after it."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(BUSY)
        await scene.happen("c1", "transcript.final")
        await scene.flush()
        scene.journal.read_gate.clear()
        scene.hand.now += 1
        scene.lanes.wake()
        await asyncio.wait_for(scene.journal.reading.wait(), WAIT_S)
        await erase(scene, "c1", 2)
        scene.journal.read_gate.set()
        await scene.flush()

        assert scene.crm.ids == ["c1_2"]


async def test_a_call_erased_by_another_process_is_found_in_the_backlog(tmp_path: Path) -> None:
    """Its events in memory are dropped with the next listing; an attempt's end changes nothing."""
    async with open_scene(tmp_path) as scene:
        scene.crm.gate.clear()
        await scene.happen("c1", "transcript.final", "transcript.final")
        await scene.crm.until(lambda: len(scene.crm.tried) == 1)
        await erase(scene, "c1", 3, here=False)
        await scene.lanes.list_backlog()
        scene.crm.gate.set()
        await scene.flush()

        assert scene.crm.ids == ["c1_1", "c1_3"]
        assert await scene.journal.backlog() == []


async def test_erasing_under_load_leaves_other_calls_alone(tmp_path: Path) -> None:
    """A receiver that is stuck, a hundred calls behind it, every second one erased."""
    async with open_scene(tmp_path) as scene:
        scene.crm.gate.clear()
        calls = [f"c{number}" for number in range(100)]
        for call in calls:
            await scene.happen(call, "transcript.final", "transcript.final")
        await asyncio.gather(*(erase(scene, call, 3) for call in calls[::2]))
        scene.crm.gate.set()
        await scene.flush()

        assert sorted(scene.crm.ids) == sorted(
            [f"{call}_3" for call in calls[::2]]
            + [f"{call}_{seq}" for call in calls[1::2] for seq in (1, 2)]
        )
        assert await scene.journal.backlog() == []


async def test_forgetting_a_call_that_nobody_has_is_harmless(tmp_path: Path) -> None:
    """It was delivered long ago."""
    async with open_scene(tmp_path) as scene:
        scene.lanes.forget(CallId("nobody"))
        await scene.happen("c1", "call.started")
        await scene.flush()

        assert scene.crm.ids == ["c1_1"]
