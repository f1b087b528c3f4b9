"""Who is in a call, and whom they are: told as they come and go, and when the call is over."""

from dataclasses import replace

import msgspec
import pytest

from service.calls.events import CallEnded, TranscriptCompleted
from service.calls.inputs import LegBridged
from service.calls.parties import numbers
from service.calls.party_events import CallBridged, CallTransferred, Participant
from service.calls.routes import Numbers
from service.calls.state import Dial, Leg
from service.ids import InputId, LegId
from tests.calls.connections import IN_CALL as CONNECTS
from tests.calls.connections import bridged, connected
from tests.calls.harness import (
    IN_CALL,
    T0,
    A,
    B,
    Driver,
    answered,
    hung_up,
    initiated,
    said,
    talking,
)

C = LegId("v3:leg-c")
NUMBERS = {A: "+15550100", B: "+15550122", C: "sip:third@example.com"}


def at_leg(leg: LegId, at: float) -> LegBridged:
    """The leg is connected with another one, at this moment."""
    return msgspec.structs.replace(bridged(at, leg=leg), input_id=InputId(f"bridged {leg} {at}"))


def connect(driver: Driver, leg: LegId, other: LegId, *, at: float) -> None:
    """Have somebody connect two legs."""
    driver.receive(at_leg(leg, at), at_leg(other, at), now=at)
    driver.run_until(at + 1)


def arrive(driver: Driver, leg: LegId, *, at: float) -> None:
    """Have somebody be called, and answer two seconds later."""
    rings = msgspec.structs.replace(initiated(at, leg=leg, incoming=False), to_number=NUMBERS[leg])
    driver.receive(rings, now=at)
    driver.receive(answered(at + 2, leg=leg), now=at + 2)


def test_the_numbers_of_a_call_are_those_of_all_its_legs_whatever_is_shown() -> None:
    """Also of who never answered, and of whom we dial; each once, and none that is not known."""
    driver = talking(replace(IN_CALL, numbers="none"))
    arrive(driver, B, at=T0 + 3)
    driver.receive(initiated(T0 + 4, leg=C, incoming=False), now=T0 + 4)
    driver.run_until(T0 + 6)
    state = driver.session.state
    state.dials.append(Dial(to="sip:agent@example.com", from_="+15550199", connection_id="1"))
    state.legs[LegId("v3:unknown")] = Leg(number=4)

    called = state.legs[C].party
    assert numbers(state) == {NUMBERS[A], NUMBERS[B], called, "sip:agent@example.com"}


def test_participants_are_told_when_they_come_and_when_the_call_is_over() -> None:
    """Role, number, from and until, on the call clock; whoever never answered was not in it."""
    driver = talking(IN_CALL)
    arrive(driver, B, at=T0 + 3)
    driver.receive(initiated(T0 + 4, leg=C, incoming=False), now=T0 + 4)
    connect(driver, A, B, at=T0 + 5)
    driver.receive(hung_up(T0 + 9, leg=C), hung_up(T0 + 9), now=T0 + 9)
    driver.receive(hung_up(T0 + 10, leg=B), now=T0 + 10)
    driver.run_until(T0 + 30)

    customer = Participant(leg=A, role="customer", number=NUMBERS[A], start_ms=0, end_ms=None)
    agent = Participant(leg=B, role="agent", number=NUMBERS[B], start_ms=4000, end_ms=None)
    (told,) = driver.events(CallBridged)
    assert told.participants == (customer, agent)
    (ended,) = driver.events(CallEnded)
    (completed,) = driver.events(TranscriptCompleted)
    whole = (replace(customer, end_ms=8000), replace(agent, end_ms=9000))
    assert ended.participants == completed.participants == whole


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [("full", "+15550100"), ("last4", "*****0100"), ("none", None)],
)
def test_numbers_are_shown_as_the_route_says(numbers: Numbers, shown: str | None) -> None:
    """Somebody who may read the words need not know whose they are."""
    driver = talking(replace(IN_CALL, numbers=numbers))
    driver.receive(hung_up(T0 + 9), now=T0 + 9)
    driver.run_until(T0 + 20)

    (ended,) = driver.events(CallEnded)
    assert [one.number for one in ended.participants] == [shown]


def test_a_short_number_is_hidden_whole_and_a_missing_one_is_missing() -> None:
    """Of an extension of four digits the last four are all of it."""
    driver = talking(replace(IN_CALL, numbers="last4"))
    arrive(driver, B, at=T0 + 3)
    legs = driver.session.state.legs
    legs[A].party, legs[B].party = "1234", None
    driver.receive(hung_up(T0 + 9), hung_up(T0 + 9, leg=B), now=T0 + 9)
    driver.run_until(T0 + 20)

    (ended,) = driver.events(CallEnded)
    assert [one.number for one in ended.participants] == ["****", None]


def test_a_blind_transfer_is_told_and_the_new_one_is_an_agent() -> None:
    """The caller is with somebody else now; both have been agents."""
    driver = talking(IN_CALL)
    arrive(driver, B, at=T0 + 3)
    connect(driver, A, B, at=T0 + 5)
    driver.receive(hung_up(T0 + 7, leg=B), now=T0 + 7)
    arrive(driver, C, at=T0 + 7.5)
    connect(driver, C, A, at=T0 + 10)

    (told,) = driver.events(CallTransferred)
    assert (told.leg, told.former, told.other) == (A, B, C)
    assert [(one.leg, one.role, one.end_ms) for one in told.participants] == [
        (A, "customer", None),
        (B, "agent", 6000),
        (C, "agent", None),
    ]


def test_a_consultation_transfers_nobody_until_the_caller_is_handed_over() -> None:
    """The agent asks a third, who is nobody's side yet; then the caller is the third's."""
    driver = talking(IN_CALL)
    arrive(driver, B, at=T0 + 3)
    connect(driver, A, B, at=T0 + 5)
    arrive(driver, C, at=T0 + 8)
    connect(driver, B, C, at=T0 + 11)
    assert driver.events(CallTransferred) == []
    assert [one.role for one in driver.events(CallBridged)[-1].participants] == [
        "customer",
        "agent",
        "unknown",
    ]
    connect(driver, A, C, at=T0 + 20)
    driver.receive(hung_up(T0 + 21, leg=B), now=T0 + 21)
    driver.receive(hung_up(T0 + 30), hung_up(T0 + 30, leg=C), now=T0 + 30)
    driver.run_until(T0 + 40)

    (told,) = driver.events(CallTransferred)
    assert (told.leg, told.former, told.other) == (A, B, C)
    (ended,) = driver.events(CallEnded)
    assert [one.role for one in ended.participants] == ["customer", "agent", "agent"]


def test_an_agent_who_takes_the_caller_back_has_transferred_nobody() -> None:
    """They were connected before, and are again."""
    driver = talking(IN_CALL)
    arrive(driver, B, at=T0 + 3)
    connect(driver, A, B, at=T0 + 5)
    arrive(driver, C, at=T0 + 8)
    connect(driver, B, C, at=T0 + 11)
    connect(driver, A, B, at=T0 + 20)

    assert driver.events(CallTransferred) == []
    assert [(one.leg, one.other) for one in driver.events(CallBridged)] == [
        (A, B),
        (B, C),
        (A, B),
    ]


def test_a_leg_that_says_again_that_it_is_connected_tells_nothing_new() -> None:
    """Telnyx delivers twice, under another id where it made two of it."""
    driver = talking(IN_CALL)
    arrive(driver, B, at=T0 + 3)
    connect(driver, A, B, at=T0 + 5)
    connect(driver, A, B, at=T0 + 5.5)

    assert len(driver.events(CallBridged)) == 1


def test_whom_a_route_connected_may_be_transferred_by_somebody_else() -> None:
    """Nobody hangs the caller up because the agent is gone: there is a third."""
    driver = connected(CONNECTS)
    driver.silence()
    before = len(driver.commands)
    arrive(driver, C, at=T0 + 10)
    driver.receive(hung_up(T0 + 12.5, leg=B), now=T0 + 12.5)
    connect(driver, A, C, at=T0 + 13)
    driver.receive(said("hello again", T0 + 15), now=T0 + 15)
    driver.run_until(T0 + 20)

    (told,) = driver.events(CallTransferred)
    assert (told.leg, told.former, told.other) == (A, B, C)
    assert [type(one).__name__ for one in driver.commands[before:] if "Hang" in str(one)] == []
    assert [final.role for final in driver.finals] == ["customer"]


def test_a_number_is_kept_once_a_webhook_says_which_way_the_leg_goes() -> None:
    """Where `call.initiated` is late, others may come before it, and do not say."""
    driver = talking(IN_CALL)
    driver.receive(answered(T0 + 4, leg=B), now=T0 + 4)
    driver.run_until(T0 + 15)  # it waited for its beginning, and went without
    assert driver.session.state.legs[B] == Leg(
        number=1, answered=True, answered_at=T0 + 4, heard_at=T0 + 14
    )
    driver.receive(initiated(T0 + 2, leg=B, incoming=False), now=T0 + 15)
    driver.run_until(T0 + 16)

    assert driver.session.state.legs[B].party == "+15550111"
