"""What goes wrong with the service, its clock, its journal and its receiver."""

from service.simulator.rng import Rng
from tests.proof import acts
from tests.proof.changes import BOTH, Change, Fault
from tests.proof.faults.making import pick


def _paused(rng: Rng, *, off_s: float) -> Change:
    at_s = rng.between(6, 12)
    until_s = at_s + rng.between(4, 8)
    return Change(acts=[acts.paused(at_s, until_s), acts.clock_ahead(off_s)])


OURSELVES = (
    Fault(
        name="our_clock_off",
        alarms=False,
        make=lambda rng: Change(acts=[acts.clock_ahead(pick(rng, -1, 1) * rng.between(2, 25))]),
        sources=BOTH,
    ),
    Fault(
        name="our_clock_steps",
        alarms=False,
        make=lambda rng: Change(acts=[acts.clock_steps(rng.between(5, 20), pick(rng, -250, 250))]),
        sources=BOTH,
    ),
    Fault(
        name="we_stand_still",
        make=lambda rng: Change(acts=[acts.stands_still(rng.between(5, 12), rng.between(2, 20))]),
        sources=BOTH,
        loses=True,
    ),
    Fault(
        name="journal_away",
        make=lambda rng: Change(acts=[acts.journal_away(rng.between(0, 15), rng.between(1, 10))]),
        sources=BOTH,
        loses=True,
    ),
    Fault(
        name="journal_slow",
        make=lambda rng: Change(acts=[acts.journal_slow(0, rng.between(1, 8))]),
        sources=BOTH,
        loses=True,
    ),
    Fault(
        name="receiver_away",
        alarms=False,
        make=lambda rng: Change(acts=[acts.receiver_away(rng.between(0, 20), rng.between(2, 20))]),
        sources=BOTH,
    ),
    Fault(
        name="paused",
        alarms=False,
        make=lambda rng: _paused(rng, off_s=0.0),
        sources=BOTH,
        bound_ms=500,
    ),
    Fault(
        name="paused_with_clocks_off",
        alarms=False,
        make=lambda rng: _paused(rng, off_s=pick(rng, -2.0, 2.0)),
        sources=BOTH,
        bound_ms=500,
    ),
)
