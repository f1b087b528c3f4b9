"""The service is killed, stopped and starved, in short: what was acknowledged arrives."""

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.chaos.__main__ import play, play_all
from tests.chaos.faults.catalogue import Fault
from tests.chaos.oracle import SkippedError, Verdict, judge
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
    skip_if_skipped(rows)


@pytest.mark.slow
async def test_a_service_that_forgets_what_it_acknowledged_is_found_out() -> None:
    """The controls: who answers before the commit, or commits without a sync, loses finals."""
    both = await asyncio.gather(
        play("control", SEED, None, short=True), play("control-power", SEED, None, short=True)
    )

    rows = [row for rows in both for row in rows]
    for row in rows:
        assert row.lost > 0 or row.skipped
        assert not row.failed
    skip_if_skipped(rows)


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
    skip_if_skipped(rows)


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


def skip_if_skipped(rows: Sequence[Verdict]) -> None:
    """Say that not all was played, if so."""
    if reasons := [f"{row.fault}: {row.skipped}" for row in rows if row.skipped]:
        pytest.skip("; ".join(reasons))


async def breaks_off(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Play nothing, as something nobody foresaw went wrong."""
    raise RuntimeError(f"{seed}, {rounds}, {short} {bool(folder)}")


async def cannot_be_played(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Play nothing, and say why."""
    raise SkippedError(f"no {seed}, {rounds}, {short} {bool(folder)}")


async def goes_well(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Play so many rounds."""
    return [Verdict(f"{seed}, {short} {bool(folder)}", rounds)]


async def test_a_fault_that_cannot_be_played_ends_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its row says why; nor does one that breaks off, which has failed."""
    plays = {"broken": breaks_off, "impossible": cannot_be_played, "good": goes_well}
    faults = {name: Fault(one, 5, 1) for name, one in plays.items()}
    arguments = Namespace(seed=7, rounds=None, short=False, workers=1)
    rows = await play_all(list(faults), arguments, faults)

    assert [(row.fault, row.failed) for row in rows] == [
        ("broken", True),
        ("impossible", False),
        ("good 7, False True", False),
    ]
    assert rows[0].problems == ["it broke off: RuntimeError('broken 7, 5, False True')"]
    assert "| impossible: SKIPPED, no impossible 7, 5, False True | - |" in table(rows)
    assert "SKIPPED, no impossible" in capsys.readouterr().err


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
