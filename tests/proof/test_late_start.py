"""A call whose webhooks are all late from the first on, in a process that knew of none before."""

import pytest

from tests.proof.changes import BOTH, Fault, Source
from tests.proof.faults.catalogue import FAULTS
from tests.proof.faults.making import webhooks
from tests.proof.runs import make
from tests.proof.trial import Trial

LATE_S = 0.9
"""Less than a second, so that stamps of whole seconds do not contradict it."""
LATE = Fault(
    name="late_from_the_first_on",
    make=lambda _: webhooks(fault=[{"delay": 1.0, "delay_s": [LATE_S, LATE_S]}]),
    sources=BOTH,
    loses=True,
    unheard=True,
    alarms=False,
)


@pytest.mark.parametrize("source", BOTH)
def test_webhooks_that_are_all_late_are_not_taken_for_a_clock_that_is_off(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said until somebody heard it is told, and offsets are where they should be."""
    monkeypatch.setitem(FAULTS, LATE.name, LATE)

    verdict = make(Trial(1, source, (LATE.name,)))

    assert verdict.problems == []
    assert verdict.gap_errors_ms != []
