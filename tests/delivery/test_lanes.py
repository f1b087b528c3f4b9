"""Lanes: order, partials, and what becomes of a delivery, over a real journal."""

import asyncio
from pathlib import Path

import pytest

from service.delivery.lane import MAX_LANE_EVENTS
from service.delivery.lanes import open_lanes
from service.errors import (
    EndpointGoneError,
    PermanentDeliveryError,
    SettingsError,
    TemporaryDeliveryError,
)
from service.ids import CallId, EndpointName
from service.ports import Delivery, Outcome
from service.ports.observer import Unobserved
from service.retry import RetryPolicy
from tests.delivery.harness import CRM, Scene, commit, endpoint, open_scene

BUSY = TemporaryDeliveryError("answered 503", status=503)
REFUSED = PermanentDeliveryError("answered 400", status=400)
GONE = EndpointGoneError("answered 410", status=410)


async def backlog(scene: Scene) -> list[tuple[str, int, int]]:
    """Return what the journal says is still to be delivered."""
    return [(row.call_id, row.acked_seq, row.head_seq) for row in await scene.journal.backlog()]


async def test_events_of_a_call_arrive_in_order_as_they_were_stored(tmp_path: Path) -> None:
    """Each has the id of its place in the call, and the bytes that the journal keeps."""
    async with open_scene(tmp_path) as scene:
        await scene.happen("c1", "call.started", "call.answered")
        await scene.happen("c1", "transcript.final")
        await scene.flush()
        stored = await scene.journal.read(CallId("c1"), after_seq=0, limit=9)

        assert scene.crm.ids == ["c1_1", "c1_2", "c1_3"]
        assert [one.body for one in scene.crm.taken] == [one.body for one in stored]
        assert await backlog(scene) == []


async def test_a_failed_event_holds_its_call_and_no_other(tmp_path: Path) -> None:
    """Strict order within a call; the others go on."""
    async with open_scene(tmp_path) as scene:
        scene.crm.rule = lambda one: BUSY if one.id == "evt_c1_1" else None
        await scene.happen("c1", "call.started", "call.answered")
        await scene.happen("c2", "call.started", "call.answered")
        await scene.flush()

        assert scene.crm.ids == ["c2_1", "c2_2"]
        assert await backlog(scene) == [("c1", 0, 2)]


async def test_attempts_follow_the_schedule_and_repeat_the_same_bytes(tmp_path: Path) -> None:
    """After 1 s, then 2 s, then 5 s; what follows waits behind it."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.extend([BUSY, BUSY, BUSY])
        await scene.happen("c1", "call.started", "call.answered")
        await scene.flush()
        for delay_s, tries in ((0.9, 1), (0.1, 2), (1.9, 2), (0.1, 3), (4.9, 3), (0.1, 5)):
            await scene.pass_time(delay_s)
            assert len(scene.crm.tried) == tries

        assert len({(one.id, one.body) for one in scene.crm.tried[:4]}) == 1
        assert scene.crm.ids == ["c1_1", "c1_2"]
        assert scene.lanes.counters[CRM].retried == 3


async def test_retry_after_is_honoured(tmp_path: Path) -> None:
    """The receiver's wish counts when it is longer than the schedule."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(TemporaryDeliveryError("answered 429", retry_after_s=40))
        await scene.happen("c1", "call.started")
        await scene.flush()
        await scene.pass_time(39.9)
        assert len(scene.crm.tried) == 1

        await scene.pass_time(0.2)
        assert scene.crm.ids == ["c1_1"]


async def test_a_refused_event_is_parked_and_named_by_the_next(tmp_path: Path) -> None:
    """The lane goes on; whoever reads the next delivery knows what is missing."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.extend([None, REFUSED, REFUSED])
        await scene.happen("c1", *["call.answered"] * 5)
        await scene.flush()

        assert scene.crm.ids == ["c1_1", "c1_4", "c1_5"]
        assert [one.gap_seqs for one in scene.crm.taken] == [(), (2, 3), ()]
        parked = await scene.journal.parked(limit=9)
        assert sorted((one.seq, one.status, one.reason) for one in parked) == [
            (2, 400, "refused"),
            (3, 400, "refused"),
        ]
        assert await backlog(scene) == []


async def test_a_gap_is_still_named_after_a_restart(tmp_path: Path) -> None:
    """What was parked last before the end is named by the first delivery after the start."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.extend([None, REFUSED, REFUSED])
        await scene.happen("c1", *["call.answered"] * 3)
        await scene.flush()
        await commit(scene.journal, "c1", "call.ended")

    async with open_scene(tmp_path) as scene:
        await scene.flush()

    assert [(one.id, one.gap_seqs) for one in scene.crm.taken] == [("evt_c1_4", (2, 3))]


async def test_giving_up_parks_the_event(tmp_path: Path) -> None:
    """After the last attempt of the schedule the lane goes on without it."""
    async with open_scene(tmp_path, policy=RetryPolicy(delays_s=(1.0, 2.0))) as scene:
        scene.crm.rule = lambda one: BUSY if one.id == "evt_c1_1" else None
        await scene.happen("c1", "call.started", "call.answered")
        await scene.flush()
        await scene.pass_time(1)
        await scene.pass_time(2)

        (parked,) = await scene.journal.parked(limit=9)
        assert (parked.seq, parked.status, parked.reason) == (1, 503, "gave_up")
        assert scene.crm.ids == ["c1_2"]
        assert scene.lanes.counters[CRM].parked == 1


async def test_a_gone_endpoint_is_disabled_and_others_are_not(tmp_path: Path) -> None:
    """After a 410 nothing more is tried; what it did not get stays in the journal."""
    async with open_scene(tmp_path, endpoint(), endpoint("log")) as scene:
        scene.crm.script.append(GONE)
        await scene.happen("c1", "call.started", "call.answered", to=("crm", "log"))
        await scene.flush()
        scene.hear("c1", "u1", 1)
        await scene.happen("c1", "call.ended", to=("crm", "log"))
        await scene.flush()

        assert len(scene.crm.tried) == 1
        assert scene.sinks["log"].ids == ["c1_1", "c1_2", "c1_3"]
        assert await scene.journal.disabled() == {CRM: "gone"}
        assert await backlog(scene) == [("c1", 0, 3)]


async def test_an_endpoint_that_is_enabled_again_gets_what_it_missed(tmp_path: Path) -> None:
    """In order, from where it stopped, without a restart."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(GONE)
        await scene.happen("c1", "call.started")
        await scene.flush()
        await scene.happen("c1", "call.answered")
        await scene.journal.enable(CRM)
        await scene.look_again()
        await scene.happen("c1", "call.ended")
        await scene.flush()

        assert scene.crm.ids == ["c1_1", "c1_2", "c1_3"]


async def test_a_disabled_endpoint_stays_so_over_a_restart(tmp_path: Path) -> None:
    """Only its owner can say that it is back."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(GONE)
        await scene.happen("c1", "call.started")
        await scene.flush()

    async with open_scene(tmp_path) as scene:
        await scene.happen("c1", "call.answered")
        await scene.flush()

    assert scene.crm.tried == []


async def test_a_newer_partial_replaces_a_waiting_one(tmp_path: Path) -> None:
    """While the receiver is slow it is not given stale words; other utterances keep theirs."""
    async with open_scene(tmp_path) as scene:
        scene.crm.gate.clear()
        for revision in range(1, 6):
            scene.hear("c1", "u1", revision)
            scene.hear("c1", "u2", revision)
            await scene.crm.until(lambda: len(scene.crm.tried) == 1)
        scene.crm.gate.set()
        await scene.flush()

        assert scene.crm.ids == ["prt_u1_1", "prt_u1_5", "prt_u2_5"]
        assert scene.lanes.counters[CRM].partials_dropped == 7


async def test_a_final_overtakes_the_partials_before_it(tmp_path: Path) -> None:
    """Waiting partials are worth nothing once the final is there; later ones still are."""
    async with open_scene(tmp_path) as scene:
        await scene.happen("c1", "call.started")
        scene.crm.gate.clear()
        await scene.crm.until(lambda: len(scene.crm.tried) == 1)
        scene.hear("c1", "u1", 1)
        scene.hear("c1", "u2", 1)
        await scene.happen("c1", "transcript.final")
        scene.hear("c1", "u2", 2)
        scene.crm.gate.set()
        await scene.flush()

        assert scene.crm.ids == ["c1_1", "c1_2", "prt_u2_2"]


async def test_partials_keep_their_place_among_events(tmp_path: Path) -> None:
    """A partial goes after the events before it and before the events after it."""
    async with open_scene(tmp_path) as scene:
        scene.crm.gate.clear()
        await scene.happen("c1", "call.started", "call.answered")
        scene.hear("c1", "u1", 1)
        await scene.happen("c1", "transcription.degraded")
        scene.crm.gate.set()
        await scene.flush()

        assert scene.crm.ids == ["c1_1", "c1_2", "prt_u1_1", "c1_3"]


@pytest.mark.parametrize("failure", [BUSY, REFUSED])
async def test_a_failed_partial_is_not_tried_again(tmp_path: Path, failure: Exception) -> None:
    """By then there would be a newer one; the final behind it is not held up."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(failure)
        scene.hear("c1", "u1", 1)
        await scene.flush()
        await scene.happen("c1", "transcript.final")
        await scene.flush()

        assert [one.id for one in scene.crm.tried] == ["prt_u1_1", "evt_c1_1"]
        assert await scene.journal.parked(limit=9) == []


async def test_a_partial_can_learn_of_retry_after_too(tmp_path: Path) -> None:
    """A receiver that is too busy for partials is not bothered with the final at once."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(TemporaryDeliveryError("answered 429", retry_after_s=5))
        scene.hear("c1", "u1", 1)
        await scene.flush()
        await scene.happen("c1", "transcript.final")
        await scene.flush()
        assert scene.crm.ids == []

        await scene.pass_time(5)
        assert scene.crm.ids == ["c1_1"]


async def test_a_partial_can_learn_that_the_endpoint_is_gone(tmp_path: Path) -> None:
    """410 disables, whatever it answered."""
    async with open_scene(tmp_path) as scene:
        scene.crm.script.append(GONE)
        scene.hear("c1", "u1", 1)
        await scene.flush()

        assert await scene.journal.disabled() == {CRM: "gone"}


async def test_no_partials_where_they_are_off(tmp_path: Path) -> None:
    """The endpoint gets durable events only."""
    async with open_scene(tmp_path, endpoint(partials="off")) as scene:
        scene.hear("c1", "u1", 1)
        await scene.happen("c1", "transcript.final")
        await scene.flush()

        assert scene.crm.ids == ["c1_1"]


async def test_a_debounced_partial_waits_for_quiet(tmp_path: Path) -> None:
    """Only a revision that nothing followed for the given time goes out."""
    async with open_scene(tmp_path, endpoint(partials="debounce:300ms")) as scene:
        for revision in range(1, 4):
            scene.hear("c1", "u1", revision)
            await scene.pass_time(0.25)
        assert scene.crm.ids == []

        await scene.pass_time(0.06)
        assert scene.crm.ids == ["prt_u1_3"]


async def test_a_debounced_partial_does_not_survive_its_final(tmp_path: Path) -> None:
    """The final does not wait for quiet, and drops what does."""
    async with open_scene(tmp_path, endpoint(partials="debounce:300ms")) as scene:
        scene.hear("c1", "u1", 1)
        await scene.happen("c1", "transcript.final")
        await scene.flush()
        await scene.pass_time(1)

        assert scene.crm.ids == ["c1_1"]


async def test_a_filtered_event_is_passed_over_but_not_left_behind(tmp_path: Path) -> None:
    """The journal is not left with a backlog that nobody wants."""
    async with open_scene(tmp_path, endpoint(events=("call.*", "transcript.final"))) as scene:
        await scene.happen(
            "c1", "call.started", "transcription.started", "transcript.final", "transcript.gap"
        )
        await scene.flush()

        assert scene.crm.ids == ["c1_1", "c1_3"]
        assert await backlog(scene) == []


async def test_what_does_not_fit_in_memory_is_read_from_the_journal(tmp_path: Path) -> None:
    """A lane far behind gets everything in order, once."""
    count = 5 * MAX_LANE_EVENTS
    async with open_scene(tmp_path) as scene:
        scene.crm.gate.clear()
        for _ in range(5):
            await scene.happen("c1", *["call.answered"] * MAX_LANE_EVENTS)
        scene.crm.gate.set()
        await scene.flush()

        assert scene.crm.ids == [f"c1_{seq}" for seq in range(1, count + 1)]


async def test_calls_take_turns(tmp_path: Path) -> None:
    """With one attempt at a time, a call with a long backlog delays another by one delivery."""
    async with open_scene(tmp_path, max_in_flight=1) as scene:
        scene.crm.gate.clear()
        await scene.happen("c1", *["call.answered"] * 20)
        await scene.happen("c2", "call.started", "call.answered")
        scene.crm.gate.set()
        await scene.flush()

        assert scene.crm.ids[:5] == ["c1_1", "c2_1", "c1_2", "c2_2", "c1_3"]


async def test_no_more_attempts_at_once_than_allowed(tmp_path: Path) -> None:
    """Fifty calls, four at a time."""
    async with open_scene(tmp_path, max_in_flight=4) as scene:
        scene.crm.gate.clear()
        for number in range(50):
            await scene.happen(f"c{number}", "call.started")
        await scene.crm.until(lambda: len(scene.crm.tried) == 4)
        await asyncio.sleep(0)
        assert len(scene.crm.tried) == 4

        scene.crm.gate.set()
        await scene.flush()
        assert len(scene.crm.ids) == 50


async def test_a_dead_endpoint_slows_nobody_else(tmp_path: Path) -> None:
    """While every attempt at one endpoint hangs, another gets all of a hundred calls."""
    async with open_scene(tmp_path, endpoint(), endpoint("log")) as scene:
        scene.crm.gate.clear()
        log = scene.sinks["log"]
        for number in range(100):
            await scene.happen(f"c{number}", "call.started", "call.ended", to=("crm", "log"))
        await log.until(lambda: len(log.taken) == 200)

        assert scene.crm.taken == []
        assert len(scene.crm.tried) == 32


async def test_a_sink_that_never_waits_does_not_keep_the_loop(tmp_path: Path) -> None:
    """Others get their turn while a long backlog goes to a sink that takes it at once."""
    async with open_scene(tmp_path) as scene:
        turns = 0
        scene.crm.gate.clear()
        await scene.happen("c1", *["call.answered"] * MAX_LANE_EVENTS)
        scene.crm.gate.set()
        while len(scene.crm.taken) < MAX_LANE_EVENTS:
            await asyncio.sleep(0)
            turns += 1

        assert turns >= MAX_LANE_EVENTS // 8


async def test_a_receiver_that_recovers_gets_all_its_lanes_at_once(tmp_path: Path) -> None:
    """After the one attempt that closes the breaker, there are as many as allowed again."""
    async with open_scene(tmp_path, max_in_flight=8) as scene:
        scene.crm.rule = lambda _: BUSY
        for number in range(20):
            await scene.happen(f"c{number}", "call.started", "call.ended")
        await scene.flush()
        scene.crm.rule = lambda _: scene.crm.gate.clear()  # take this one, and hang from then on
        scene.hand.now += 5
        scene.lanes.wake()

        await scene.crm.until(lambda: len(scene.crm.flying) == 8)


async def test_a_sink_that_breaks_is_retried_and_stops_nobody(tmp_path: Path) -> None:
    """An error that no sink should raise is a failed attempt, not the end of the process."""
    async with open_scene(tmp_path, endpoint(), endpoint("log")) as scene:
        scene.crm.script.append(ZeroDivisionError("secret"))
        await scene.happen("c1", "call.started", to=("crm", "log"))
        await scene.flush()
        assert scene.sinks["log"].ids == ["c1_1"]

        await scene.pass_time(1)
        assert scene.crm.ids == ["c1_1"]


async def test_an_endpoint_nobody_configured_is_ignored(tmp_path: Path) -> None:
    """Its lane stays in the journal for the day it is configured."""
    async with open_scene(tmp_path) as scene:
        await scene.happen("c1", "call.started", to=("crm", "other"))
        scene.lanes.publish([EndpointName("other")], CallId("c1"), "u1", Delivery("p", "t", b"{}"))
        scene.lanes.committed([CRM], [])
        await scene.look_again()

        assert scene.crm.ids == ["c1_1"]
        assert await backlog(scene) == [("c1", 0, 1)]


async def test_a_wrong_endpoint_is_told_plainly(tmp_path: Path) -> None:
    """Not wrapped in a group, so that the command line can explain it."""
    async with open_scene(tmp_path) as scene:
        with pytest.raises(SettingsError, match="secret"):
            async with open_lanes(
                scene.journal, [endpoint(type="webhook", url="https://crm.example.com/")]
            ):
                pass


async def test_what_goes_wrong_around_the_lanes_comes_out_as_it_is(tmp_path: Path) -> None:
    """An error of whoever opened them is not wrapped in a group either."""

    async def fail_while_busy() -> None:
        async with open_scene(tmp_path) as scene:
            scene.crm.gate.clear()
            await scene.happen("c1", "call.started")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_while_busy()


class Witness(Unobserved):
    """Keeps what it is told of attempts."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, float]] = []

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, outcome: Outcome, duration_s: float
    ) -> None:
        """Keep it."""
        del delivery
        self.told.append((endpoint, outcome, duration_s))


async def test_every_attempt_is_told(tmp_path: Path) -> None:
    """How it ended, and how many seconds it took."""
    witness = Witness()
    async with open_scene(tmp_path, observer=witness) as scene:
        scene.crm.script.append(BUSY)
        await scene.happen("c1", "call.started")
        await scene.flush()
        await scene.pass_time(1)

    assert witness.told == [("crm", "failed", 0.0), ("crm", "delivered", 0.0)]
