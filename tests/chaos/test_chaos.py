"""The service is killed, stopped and starved, in short: what was acknowledged arrives."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.__main__ import play
from tests.chaos.oracle import Verdict, judge
from tests.chaos.receiver import Arrival
from tests.chaos.table import table
from tests.chaos.world import open_world

SEED = 1
MAX_CONTROLS = 3


@pytest.mark.slow
async def test_a_service_that_is_killed_loses_nothing() -> None:
    """Thirty times: at random points under load, before and after its writes."""
    names = ("kill", "writes")
    both = await asyncio.gather(*(play(name, SEED, None, short=True) for name in names))
    rows = [row for rows in both for row in rows]

    assert sum(row.rounds for row in rows) >= 30
    assert [row for row in rows if row.failed] == [], table(rows)


async def test_nobody_waits_for_a_service_that_has_ended(tmp_path: Path) -> None:
    """It cannot start, say: that is told, and at once."""
    async with open_world(tmp_path, "ended") as world, asyncio.timeout(60):
        world.service.program = ("-c", "raise SystemExit(3)")
        await world.begin()

    assert world.problems == ["it ended"]


@pytest.mark.slow
async def test_a_service_whose_power_is_cut_loses_nothing() -> None:
    """What was acknowledged was synced; with its clock stepping in another world meanwhile."""
    names = ("power", "clock")
    both = await asyncio.gather(*(play(name, SEED, None, short=True) for name in names))
    rows = [row for rows in both for row in rows]

    assert [row for row in rows if row.failed] == [], table(rows)
    if not all(both):
        pytest.skip("no power was cut: FUSE cannot be mounted here")


@pytest.mark.slow
async def test_a_service_that_forgets_what_it_acknowledged_is_found_out() -> None:
    """The controls: who answers before the commit, or commits without a sync, loses finals."""
    both = await asyncio.gather(
        play("control", SEED, None, short=True), play("control-power", SEED, None, short=True)
    )

    for [row] in filter(None, both):
        assert row.lost > 0
        assert not row.failed
    if not all(both):
        pytest.skip("no power was cut: FUSE cannot be mounted here")


@pytest.mark.slow
async def test_workers_that_share_a_database_lose_nothing() -> None:
    """One is killed, one cut off; PostgreSQL is killed, too: others take over soon."""
    both = await asyncio.gather(
        play("worker-kill", SEED, None, short=True), play("worker-cut", SEED, None, short=True)
    )
    rows = [
        row for rows in (*both, await play("postgresql-kill", SEED, 1, short=True)) for row in rows
    ]

    assert [row for row in rows if row.failed] == [], table(rows)


@pytest.mark.slow
async def test_workers_that_have_audio_lose_no_word_untold() -> None:
    """One is killed, all are restarted: what nobody heard is in a gap."""
    names = ("audio-kill", "audio-restart")
    each = await asyncio.gather(*(play(name, SEED, None, short=True) for name in names))
    rows = [row for rows in each for row in rows]

    assert [row for row in rows if row.failed] == [], table(rows)
    assert min(row.acknowledged for row in rows) > 100


@pytest.mark.slow
async def test_a_frozen_worker_does_damage_unless_it_is_fenced() -> None:
    """The control; and PostgreSQL's disk is full in another world meanwhile."""
    each = await asyncio.gather(unfenced(), play("audio-postgresql-disk", SEED, None, short=True))
    rows = [row for rows in each for row in rows]

    assert [row for row in rows if row.failed] == [], table(rows)
    if not all(each):
        pytest.skip("no small disk can be made here")


async def unfenced() -> list[Verdict]:
    """Play the control until it does damage: who wakes may find nothing left to spoil."""
    rows: list[Verdict] = []
    for seed in range(SEED, SEED + MAX_CONTROLS):
        rows = await play("control-fence", seed, None, short=True)
        if not any(row.failed for row in rows):
            break
    return rows


@pytest.mark.slow
async def test_what_the_machine_does_loses_nothing() -> None:
    """It stands still, has no descriptors and no disk left; webhooks come in every way."""
    names = ("stop", "webhooks", "files", "disk")
    each = await asyncio.gather(*(play(name, SEED, 1, short=True) for name in names))
    rows = [row for rows in each for row in rows]

    assert [row for row in rows if row.failed] == [], table(rows)


def arrival(
    seq: int, text: str = "", *, webhook_id: str = "", body: bytes = b"", skipped: int = 0
) -> Arrival:
    """Return what came of a call, an event or a final."""
    kind = "transcript.final" if text else "call.started"
    said = frozenset({skipped} if skipped else ())
    return Arrival(0.0, webhook_id or f"id-{seq}", body, kind, "call-1", seq, text, said)


def judged(*arrivals: Arrival, acknowledged: tuple[str, ...] = ()) -> tuple[int, int, int, int]:
    """Return how many were lost, reordered, doubled, and doubled under another id."""
    verdict = Verdict("", 1)
    judge(verdict, dict.fromkeys(acknowledged, "call-1"), (), arrivals)
    return verdict.lost, verdict.reordered, verdict.same_id, verdict.other_id


def test_the_oracle_tells_what_is_wrong_apart() -> None:
    """Each of what may go wrong is counted in its own column."""
    one, two = arrival(1, "call-1 says 0"), arrival(2, "call-1 says 1")

    assert judged(one, two, acknowledged=(one.text, two.text)) == (0, 0, 0, 0)
    assert judged(one, acknowledged=(one.text, two.text)) == (1, 0, 0, 0)
    assert judged(two) == (1, 0, 0, 0)
    assert judged(two, one) == (0, 2, 0, 0)
    assert judged(arrival(2, two.text, skipped=1), one) == (0, 0, 0, 0)
    assert judged(arrival(2, two.text, skipped=1), acknowledged=(one.text,)) == (2, 0, 0, 0)
    assert judged(one, one) == (0, 0, 1, 0)
    assert judged(one, arrival(1, one.text, webhook_id="other")) == (0, 0, 0, 1)
    assert judged(one, arrival(1, one.text, body=b"other")) == (0, 0, 0, 1)
    assert judged(one, arrival(2, one.text)) == (0, 0, 0, 1)
    assert Verdict("", 1, untold_ms=1).failed
