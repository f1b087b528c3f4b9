"""Which calls a scenario makes, and when."""

from service.simulator.calls.plan import plan_calls
from service.simulator.scenario import parse_scenario


def test_random_arrivals_are_the_same_for_the_same_seed() -> None:
    """And even ones are even."""
    call = {"count": 4, "every_s": 2.0, "arrival": "random"}
    starts = [
        [planned.start_s for planned in plan_calls(parse_scenario({"seed": 9, "call": [call]}))]
        for _ in range(2)
    ]
    even = plan_calls(parse_scenario({"call": [{**call, "arrival": "even"}]}))

    assert starts[0] == starts[1]
    assert starts[0] == sorted(starts[0])
    assert [planned.start_s for planned in even] == [0, 2, 4, 6]
