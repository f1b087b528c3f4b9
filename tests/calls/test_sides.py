"""Who speaks, after somebody else has connected the legs of a call, and transferred it."""

import msgspec

from service.calls.inputs import LegBridged
from service.calls.legs import HAND_OVER_S
from service.calls.routes import Route
from service.ids import LegId
from tests.calls.connections import bridged, bridges
from tests.calls.harness import IN_CALL, T0, A, B, Driver, answered, hung_up, initiated, said

C = LegId("v3:leg-c")


def among_others(route: Route) -> Driver:
    """Return a call whose legs somebody else makes: the caller's, an agent's, and a third one."""
    driver = Driver(route)
    driver.receive(initiated(), now=T0)
    driver.receive(answered(), now=T0 + 1)
    for leg in (B, C):
        driver.receive(initiated(T0 + 2, leg=leg, incoming=False), now=T0 + 2)
        driver.receive(answered(T0 + 3, leg=leg), now=T0 + 3)
    return driver


def again(webhook: LegBridged) -> LegBridged:
    """Return another webhook of the same leg."""
    return msgspec.structs.replace(webhook, input_id=webhook.input_id + "'")


def test_legs_that_somebody_else_connects_are_told_once() -> None:
    """Each of the two says so; the one that began earlier is told first."""
    driver = among_others(IN_CALL)
    driver.receive(bridged(T0 + 4, leg=B), bridged(T0 + 4.1), now=T0 + 4.1)
    driver.run_until(T0 + 5)

    assert bridges(driver) == [(A, B)]


def test_an_agent_stays_an_agent_when_the_caller_has_gone() -> None:
    """What they are sent then is nobody known."""
    driver = among_others(IN_CALL)
    driver.receive(bridged(T0 + 4), bridged(T0 + 4, leg=B), now=T0 + 4)
    driver.receive(hung_up(T0 + 9), now=T0 + 9)
    driver.run_until(T0 + 9 + HAND_OVER_S + 1)
    driver.receive(said("one moment", T0 + 14, leg=B), now=T0 + 14)
    driver.receive(said("who is there", T0 + 16, track="outbound", leg=B), now=T0 + 16)
    driver.run_until(T0 + 17)

    assert [final.role for final in driver.finals] == ["agent", "unknown"]


def test_whoever_the_caller_is_transferred_to_is_an_agent() -> None:
    """And stays one, too, once they are alone with a third."""
    driver = among_others(IN_CALL)
    driver.receive(bridged(T0 + 4), bridged(T0 + 4, leg=B), now=T0 + 4)
    driver.receive(hung_up(T0 + 9, leg=B), now=T0 + 9)
    driver.receive(again(bridged(T0 + 10)), bridged(T0 + 10, leg=C), now=T0 + 10)
    driver.receive(hung_up(T0 + 15), now=T0 + 15)
    driver.run_until(T0 + 15 + HAND_OVER_S + 1)
    driver.receive(said("goodbye then", T0 + 20, leg=C), now=T0 + 20)
    driver.run_until(T0 + 21)

    assert bridges(driver)[1:] == [(A, C)]
    assert [final.role for final in driver.finals] == ["agent"]


def test_a_consultation_makes_nobody_the_callers_other_side() -> None:
    """Two speak with each other; who they are nobody knows."""
    driver = among_others(IN_CALL)
    driver.receive(bridged(T0 + 4, leg=B), bridged(T0 + 4, leg=C), now=T0 + 4)
    driver.receive(hung_up(T0 + 9), now=T0 + 9)
    driver.run_until(T0 + 9 + HAND_OVER_S + 1)
    driver.receive(said("can you take this", T0 + 14, leg=B), now=T0 + 14)
    driver.run_until(T0 + 15)

    assert bridges(driver) == [(B, C)]
    assert [final.role for final in driver.finals] == ["unknown"]


def test_one_leg_alone_makes_no_bridge() -> None:
    """Its other one is of another call, or its webhook was lost; much later is another bridge."""
    driver = among_others(IN_CALL)
    driver.receive(bridged(T0 + 4), now=T0 + 4)
    driver.receive(again(bridged(T0 + 5)), now=T0 + 5)
    driver.receive(bridged(T0 + 30, leg=B), now=T0 + 30)
    driver.run_until(T0 + 31)

    assert bridges(driver) == []


def test_a_call_that_no_route_wants_tells_nothing_of_its_bridges() -> None:
    """It is left alone."""
    driver = among_others(Route(match={"to": "+1999*"}))
    driver.receive(bridged(T0 + 4), bridged(T0 + 4, leg=B), now=T0 + 4)
    driver.run_until(T0 + 5)

    assert driver.journal == []
