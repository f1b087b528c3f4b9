"""What people do besides talking: on hold, pressing keys, in a conference."""

from dataclasses import replace

import msgspec
import pytest

from service.calls.events import TranscriptionDegraded
from service.calls.in_call import NO_WORDS_S
from service.calls.inputs import ControlAsked, ControlName
from service.calls.party_events import (
    CallDtmf,
    CallHeld,
    CallResumed,
    ConferenceJoined,
    ConferenceLeft,
)
from service.calls.party_webhooks import KeyPressed, LegHeld, LegJoined, LegLeft, LegRetrieved
from service.calls.routes import Route
from service.ids import InputId, LegId
from tests.calls.harness import (
    CALL,
    IN_CALL,
    MEDIA,
    T0,
    A,
    B,
    Driver,
    answered,
    hung_up,
    initiated,
    talking,
)

DIGITS = replace(IN_CALL, show_digits=True)


def held(at: float, leg: LegId = A) -> LegHeld:
    """The leg is put on hold."""
    return LegHeld(input_id=InputId(f"held {leg} {at}"), call_id=CALL, leg_id=leg, occurred_at=at)


def retrieved(at: float, leg: LegId = A) -> LegRetrieved:
    """And is not any more."""
    return LegRetrieved(
        input_id=InputId(f"retrieved {leg} {at}"), call_id=CALL, leg_id=leg, occurred_at=at
    )


def pressed(digit: str, at: float) -> KeyPressed:
    """Somebody presses a key."""
    return KeyPressed(
        input_id=InputId(f"key {at}"), call_id=CALL, leg_id=A, occurred_at=at, digit=digit
    )


def joined(at: float, leg: LegId = A, *, conference: str = "room") -> LegJoined:
    """The leg is in a conference."""
    return LegJoined(
        input_id=InputId(f"joined {leg} {at}"),
        call_id=CALL,
        leg_id=leg,
        occurred_at=at,
        conference_id=conference,
    )


def left(at: float, leg: LegId = A) -> LegLeft:
    """The leg is not any more."""
    return LegLeft(
        input_id=InputId(f"left {leg} {at}"),
        call_id=CALL,
        leg_id=leg,
        occurred_at=at,
        conference_id="room",
    )


def asked(action: ControlName, at: float) -> ControlAsked:
    """Somebody asks for it."""
    return ControlAsked(action=action, at=at)


def test_hold_and_retrieval_are_told_once_each() -> None:
    """With who it is, since when, and until when."""
    driver = talking(IN_CALL)
    driver.receive(held(T0 + 5), held(T0 + 5.1), now=T0 + 5.1)
    driver.receive(retrieved(T0 + 9), retrieved(T0 + 9.1), now=T0 + 9.1)
    driver.run_until(T0 + 10)

    assert driver.events(CallHeld) == [CallHeld(leg=A, role="customer", start_ms=4000)]
    assert driver.events(CallResumed) == [
        CallResumed(leg=A, role="customer", start_ms=8000, held_since_ms=4000)
    ]


@pytest.mark.parametrize("route", [IN_CALL, MEDIA], ids=["in_call", "media"])
def test_no_words_are_missed_on_hold(route: Route) -> None:
    """There may be none for long; afterwards they are missed again, of Telnyx's words."""
    driver = talking(route)
    driver.receive(held(T0 + 5), held(T0 + 5, leg=A), now=T0 + 5)
    driver.receive(retrieved(T0 + 5 + 3 * NO_WORDS_S), now=T0 + 5 + 3 * NO_WORDS_S)
    assert driver.events(TranscriptionDegraded) == []
    driver.run_until(T0 + 5 + 5 * NO_WORDS_S)

    told = driver.events(TranscriptionDegraded)
    assert [event.reason for event in told] == ["no_words"] * (route is IN_CALL)


def test_words_are_missed_again_once_nobody_is_on_hold() -> None:
    """Two are, and one comes back; a leg that is gone or not transcribed is not missed."""
    driver = talking(IN_CALL)
    driver.receive(initiated(T0 + 2, leg=B, incoming=False), now=T0 + 2)
    driver.receive(answered(T0 + 3, leg=B), now=T0 + 3)
    driver.receive(held(T0 + 5), held(T0 + 5, B), now=T0 + 5)
    driver.receive(retrieved(T0 + 9, B), now=T0 + 9)
    driver.run_until(T0 + 9 + 2 * NO_WORDS_S)
    assert driver.events(TranscriptionDegraded) == []
    driver.receive(retrieved(T0 + 100), now=T0 + 100)
    driver.run_until(T0 + 101)

    legs = driver.session.state.legs
    assert legs[A].words_due_at is not None
    assert legs[B].words_due_at is None


def test_a_key_is_told_and_not_which() -> None:
    """It may be of a card number; what waits for its turn has no digit, either."""
    driver = talking(IN_CALL)
    driver.receive(pressed("4", T0 + 5), now=T0 + 5)
    assert [item.webhook for item in driver.session.state.waiting] == [
        msgspec.structs.replace(pressed("4", T0 + 5), digit=None)
    ]
    driver.run_until(T0 + 6)

    assert driver.events(CallDtmf) == [CallDtmf(leg=A, role="customer", digit=None, start_ms=4000)]


def test_a_route_may_ask_for_the_digits_but_not_of_a_pause() -> None:
    """Pauses are there for card numbers, also those that are typed."""
    driver = talking(DIGITS)
    driver.receive(pressed("1", T0 + 5), now=T0 + 5)
    driver.run_until(T0 + 6)
    driver.receive(asked("pause", T0 + 7), now=T0 + 7)
    driver.receive(pressed("2", T0 + 8), now=T0 + 8)
    driver.run_until(T0 + 9)
    driver.receive(asked("resume", T0 + 10), now=T0 + 10)
    driver.receive(pressed("#", T0 + 11), now=T0 + 11)
    driver.run_until(T0 + 12)

    assert [event.digit for event in driver.events(CallDtmf)] == ["1", None, "#"]


def test_a_call_that_no_route_wants_keeps_no_digit() -> None:
    """Nobody knows yet whose call it is; nothing is told of it."""
    driver = Driver(replace(DIGITS, match={"to": "+1999*"}))
    driver.receive(pressed("4", T0), now=T0)
    (waits,) = driver.session.state.waiting
    assert isinstance(waits.webhook, KeyPressed)
    assert waits.webhook.digit is None
    driver.receive(initiated(), now=T0)
    driver.receive(answered(), held(T0 + 2), joined(T0 + 3), now=T0 + 3)
    driver.run_until(T0 + 20)

    assert driver.journal == []


def test_a_leg_that_is_gone_does_nothing_any_more() -> None:
    """Webhooks come late."""
    driver = talking(IN_CALL)
    driver.receive(hung_up(T0 + 5), now=T0 + 5)
    driver.run_until(T0 + 6)
    before = len(driver.journal)
    driver.receive(pressed("1", T0 + 4.9), held(T0 + 4.9), now=T0 + 6)
    driver.run_until(T0 + 7)

    assert len(driver.journal) == before


def test_a_conference_is_told_with_its_id() -> None:
    """Whoever is in it with the caller is the caller's other side."""
    driver = talking(IN_CALL)
    for leg, at in ((B, T0 + 2), (LegId("v3:leg-c"), T0 + 3)):
        driver.receive(initiated(at, leg=leg, incoming=False), now=at)
        driver.receive(answered(at + 0.5, leg=leg), now=at + 0.5)
    driver.receive(joined(T0 + 5, B), now=T0 + 5)
    driver.run_until(T0 + 6)
    assert [event.role for event in driver.events(ConferenceJoined)] == ["unknown"]
    driver.receive(joined(T0 + 7), joined(T0 + 7.1), now=T0 + 7.1)
    driver.receive(joined(T0 + 8, LegId("v3:leg-c"), conference="elsewhere"), now=T0 + 8)
    driver.run_until(T0 + 9)

    events = driver.events(ConferenceJoined)
    assert [(event.leg, event.role, event.conference_id) for event in events] == [
        (B, "unknown", "room"),
        (A, "customer", "room"),
        ("v3:leg-c", "unknown", "elsewhere"),
    ]
    assert [one.role for one in events[1].participants] == ["customer", "agent", "unknown"]


def test_leaving_a_conference_is_told_once_also_by_a_hang_up() -> None:
    """Telnyx tells of both."""
    driver = talking(IN_CALL)
    driver.receive(initiated(T0 + 2, leg=B, incoming=False), now=T0 + 2)
    driver.receive(answered(T0 + 3, leg=B), now=T0 + 3)
    driver.receive(joined(T0 + 5), joined(T0 + 5, B), now=T0 + 5)
    driver.receive(left(T0 + 8), left(T0 + 8.1), hung_up(T0 + 9, leg=B), now=T0 + 9)
    driver.run_until(T0 + 10)

    assert driver.events(ConferenceLeft) == [
        ConferenceLeft(leg=A, role="customer", conference_id="room", start_ms=7000),
        ConferenceLeft(leg=B, role="agent", conference_id="room", start_ms=8000),
    ]
