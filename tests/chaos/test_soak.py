"""The soak, in short; and that it finds what grows."""

from dataclasses import replace

import pytest

from tests.chaos.oracle import Verdict
from tests.chaos.soak import Sample, Soaked, slope, soak

STEADY = [Sample(float(n), 10 * n, 80.0 + n % 2, 30, 9) for n in range(1, 121)]


def test_memory_that_grows_and_threads_that_stay_are_told() -> None:
    """A straight line of 2 MiB a minute, and one thread more."""
    growing = [replace(one, rss_mib=80 + one.at / 30, threads=9 + (one.at > 60)) for one in STEADY]
    soaked = Soaked(growing, Verdict("soak", 1))

    assert Soaked(STEADY, Verdict("soak", 1)).problems == []
    assert soaked.problems == ["the memory grows by 2.00 MiB a minute", "threads: 9, and then 10"]
    assert round(soaked.growth_kib_per_call, 2) == 3.41
    assert Soaked(STEADY, Verdict("soak", 1, lost=1)).problems != []


def test_what_stands_still_has_no_slope() -> None:
    """No call ended meanwhile."""
    assert slope([5.0, 5.0], [1.0, 9.0]) == 0.0
    assert slope([0.0, 1.0, 2.0], [1.0, 3.0, 5.0]) == 2.0


@pytest.mark.slow
async def test_everything_arrives_in_a_short_soak() -> None:
    """What the memory does in ten seconds says nothing yet."""
    soaked = await soak(1 / 6)

    assert not soaked.verdict.failed
    assert soaked.samples[-1].calls > 0
    assert "MiB" in soaked.table()
