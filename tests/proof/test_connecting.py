"""A call that is being connected is killed at every third write of its life, on either side of it.

Nobody is dialled twice, nobody is left on the line, and the call is told whole.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.proof.changes import BOTH, Source
from tests.proof.restarts import SIDES, Killer, Restart
from tests.proof.runs import be_quiet
from tests.proof.world import Evidence, run

SEED = 1
EVERY = 3
CALLS: dict[str, dict[str, Any]] = {
    "answered": {"callee": {"picks_up_after_s": 2.5}},
    "given_up": {"callee": {"picks_up": "no_answer", "ring_s": 20.0}, "waits_s": 5.0},
    "busy": {"callee": {"picks_up": "busy", "picks_up_after_s": 2.0}},
}
ROUTE = {"connect": "+13125550177", "announce": "This call is transcribed."}
NAMES = ("killed",)


def play(restart: Restart, call: str) -> tuple[Evidence, list[str]]:
    """Play a call that is connected, with a kill; return what is left, and all writes."""
    conditions = restart.conditions()
    plan = {"numbered": {"duration_s": 8}, "talk": "on_answer", "linger_ms": 1500, **CALLS[call]}
    killer = Killer(restart)
    conditions = replace(
        conditions,
        scenario={**conditions.scenario, "call": [plan]},
        route={**conditions.route, **ROUTE},
        acts=[killer],
    )
    return run(conditions), killer.writes


def problems(evidence: Evidence, call: str) -> Iterator[str]:
    """Say what is wrong with a run."""
    taken = [
        one.name
        for report in evidence.calls
        for one in report.commands
        if one.status == 200 and not one.repeated
    ]
    if taken.count("dial") > 1:
        yield "dialled twice"
    if taken.count("answer") != 1:
        yield f"answered {taken.count('answer')} times"
    yield from (f"{one.to_number} is left over" for one in evidence.calls if not one.outcome)
    types = [one.type for one in evidence.deliveries]
    wanted = {"call.started": 1, "call.answered": 1, "call.ended": 1}
    if call == "answered":
        wanted |= {"call.bridged": 1, "call.unanswered": 0}
    elif call == "busy":
        wanted |= {"call.bridged": 0, "call.unanswered": 1}
    for kind, times in wanted.items():
        if types.count(kind) != times:
            yield f"{kind} {types.count(kind)} times"
    if not evidence.completed:
        yield "not told whole"


@pytest.mark.slow
@pytest.mark.parametrize("source", BOTH)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_is_connected_survives_a_kill_wherever_it_strikes(
    source: Source, call: str
) -> None:
    """Before the dial, while it is told, while it rings, at the bridge, and at the hang-ups."""
    be_quiet()
    quiet, writes = play(Restart(SEED, source, NAMES), call)
    assert list(problems(quiet, call)) == []

    failed = {}
    for number in range(1, len(writes) + 1, EVERY):
        for side in SIDES:
            evidence, _ = play(Restart(SEED, source, NAMES, number, side), call)
            if found := list(problems(evidence, call)):
                failed[f"{side} {number} {writes[number - 1]}"] = found
    assert failed == {}
