"""A durable event does not wait for a partial that hangs, and no partial comes after its final."""

import base64
from pathlib import Path

from service.delivery.endpoints import Endpoint
from service.delivery.lanes import open_lanes
from service.ids import CallId
from service.journal.sqlite_journal import open_sqlite_journal
from tests.delivery.harness import CRM, Scene, commit, endpoint, open_scene, partial
from tests.delivery.peers import open_receiver, stall
from tests.waiting import until

LONG_S = 60.0
"""Far longer than any test waits."""


def attempts(scene: Scene) -> list[str]:
    """Return the ids of all attempts, in the order in which they began."""
    return [one.id for one in scene.crm.tried]


async def test_a_final_overtakes_a_receiver_that_hangs_on_partials(tmp_path: Path) -> None:
    """Each final is there long before the timeout of its partial, in order, over real sockets."""
    async with open_receiver() as receiver, open_sqlite_journal(tmp_path / "j.db") as journal:
        crm = Endpoint(
            name=CRM,
            type="webhook",
            url=receiver.url,
            secret="whsec_" + base64.b64encode(b"s" * 32).decode(),
            partials="all",
            allow_private=True,
            timeout_s=LONG_S,
        )
        async with open_lanes(journal, [crm]) as lanes:
            for number in range(1, 4):
                receiver.replies.append(stall)
                name = f"u{number}"
                lanes.publish([CRM], CallId("c1"), name, partial(name, 1))
                await receiver.until_seen(f"prt_{name}_1")
                lanes.committed([CRM], await commit(journal, "c1", "transcript.final"))
                await receiver.until_seen(f"evt_c1_{number}")
            await lanes.flushed()
            assert await journal.backlog() == []

    assert [one.headers["webhook-id"] for one in receiver.received] == [
        "prt_u1_1",
        "evt_c1_1",
        "prt_u2_1",
        "evt_c1_2",
        "prt_u3_1",
        "evt_c1_3",
    ]


async def test_a_broken_off_partial_has_ended_before_its_final_begins(tmp_path: Path) -> None:
    """It counts as dropped, and says nothing about the endpoint."""
    async with open_scene(tmp_path, partial_grace_s=0.0) as scene:
        scene.crm.hangs = lambda one: one.type == "transcript.partial"
        for number in range(20):
            scene.hear("c1", f"u{number}", 1)
            await until(lambda: scene.crm.flying == {"u" + str(number)})  # noqa: B023 - awaited here
            await scene.happen("c1", "transcript.final")
            await scene.flush()

        counters = scene.lanes.counters[CRM]
        assert scene.crm.ids == [f"c1_{seq}" for seq in range(1, 21)]
        assert (counters.delivered, counters.partials_dropped, counters.retried) == (20, 20, 0)
        scene.crm.hangs = lambda _: False
        scene.hear("c1", "u20", 1)
        await scene.flush()
        assert scene.crm.ids[-1] == "prt_u20_1"


async def test_a_partial_that_is_answered_in_time_is_not_broken_off(tmp_path: Path) -> None:
    """Breaking it off would cost a healthy receiver its connection, and the final the time."""
    async with open_scene(tmp_path, partial_grace_s=LONG_S) as scene:
        scene.crm.gate.clear()
        scene.hear("c1", "u1", 1)
        await until(lambda: len(scene.crm.tried) == 1)
        await scene.happen("c1", "transcript.final")
        scene.crm.gate.set()
        await scene.flush()

        assert scene.crm.ids == ["prt_u1_1", "c1_1"]


async def test_a_partial_that_an_event_waits_behind_already_hurries_as_well(
    tmp_path: Path,
) -> None:
    """It keeps its place before the event, but not for long."""
    async with open_scene(tmp_path, partial_grace_s=0.0) as scene:
        scene.crm.gate.clear()
        await scene.happen("c1", "call.answered")
        scene.hear("c1", "u1", 1)
        await scene.happen("c1", "transcription.degraded")
        scene.crm.hangs = lambda one: one.type == "transcript.partial"
        scene.crm.gate.set()
        await scene.flush()

        assert attempts(scene) == ["evt_c1_1", "prt_u1_1", "evt_c1_2"]


async def test_an_event_that_the_endpoint_does_not_get_breaks_nothing_off(tmp_path: Path) -> None:
    """Nobody waits behind the partial."""
    async with open_scene(tmp_path, endpoint(events=("call.*",)), partial_grace_s=0.0) as scene:
        scene.crm.gate.clear()
        scene.hear("c1", "u1", 1)
        await until(lambda: len(scene.crm.tried) == 1)
        await scene.happen("c1", "transcription.degraded")
        scene.crm.gate.set()
        await scene.flush()

        assert scene.crm.ids == ["prt_u1_1"]
        assert await scene.journal.backlog() == []


async def test_an_attempt_at_an_event_is_not_hurried(tmp_path: Path) -> None:
    """It has the endpoint's timeout, whatever comes to wait behind it."""
    async with open_scene(tmp_path, partial_grace_s=0.0) as scene:
        scene.crm.gate.clear()
        await scene.happen("c1", "call.answered")
        await until(lambda: len(scene.crm.tried) == 1)
        await scene.happen("c1", "transcript.final")
        scene.crm.gate.set()
        await scene.flush()

        assert attempts(scene) == ["evt_c1_1", "evt_c1_2"]
