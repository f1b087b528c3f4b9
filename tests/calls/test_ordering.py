"""Any order, repetition and delay of a call's webhooks gives the same journal."""

import math
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from service.calls import ordering
from service.calls.events import Event, TranscriptFinal, TranscriptionStarted, TranscriptPartial
from service.calls.inputs import WebhookInput
from service.calls.session import CallSession
from service.calls.state import CallState, Waiting
from tests.calls.harness import (
    CALL,
    IN_CALL,
    T0,
    A,
    B,
    Driver,
    answered,
    hung_up,
    initiated,
    said,
)

CALL_OF_TWO_LEGS: list[WebhookInput] = [
    initiated(T0),
    answered(T0 + 1),
    initiated(T0 + 1.5, leg=B, incoming=False),
    said("good", T0 + 2, final=False),
    answered(T0 + 2.5, leg=B),
    said("Good morning.", T0 + 3),
    said("Hello.", T0 + 3.1, track="outbound"),
    said("yes", T0 + 4),
    said("yes", T0 + 4.6),
    said("Goodbye", T0 + 6, track="outbound", final=False),
    said("Goodbye.", T0 + 6.2, track="outbound"),
    hung_up(T0 + 7),
    hung_up(T0 + 7.2, leg=B),
    said("Bye.", T0 + 7.3),
]
CALL_OF_ONE_LEG = [webhook for webhook in CALL_OF_TWO_LEGS if webhook.leg_id == A]
JITTER_S = ordering.REORDER_S * 0.99


@dataclass(frozen=True)
class Arrival:
    """One delivery of a webhook, at its own time."""

    webhook: WebhookInput
    at: float


def play(arrivals: list[Arrival]) -> Driver:
    """Deliver in order of arrival to a fresh call, and let it end."""
    call = Driver(IN_CALL)
    for arrival in sorted(arrivals, key=lambda arrival: arrival.at):
        call.receive(arrival.webhook, now=arrival.at)
    call.run_until(call.now + 600)
    return call


def facts(call: Driver) -> list[object]:
    """Return the journal without what depends on when something was seen, not on what occurred.

    That is when transcription was found to be on, and how many interims were seen in time.
    """
    return [(record.seq, _timeless(record.event)) for record in call.records]


def _timeless(event: Event | TranscriptPartial) -> Event | TranscriptPartial:
    if isinstance(event, TranscriptionStarted):
        return replace(event, start_ms=None)
    return replace(event, revision=0) if isinstance(event, TranscriptFinal) else event


def test_nothing_is_let_out_before_what_others_may_have_taken() -> None:
    """Words wait for as much longer as that may be on its way, whatever comes meanwhile."""
    session = CallSession(CallState(call_id=CALL), [IN_CALL])
    session.receive([initiated(T0), answered(T0 + 1)], now=T0 + 1, lag_s=math.inf)
    session.receive([said("second", T0 + 3)], now=T0 + 3, lag_s=math.inf)

    later = session.receive([said("third", T0 + 8)], now=T0 + 8, lag_s=6.0)
    assert later.facts == ()
    assert session.receive([], now=T0 + 9, lag_s=6.0).facts == ()
    session.receive([said("first", T0 + 2)], now=T0 + 9, lag_s=6.0)
    outcome = session.receive([], now=T0 + 10)

    finals = (fact.event for fact in outcome.facts if isinstance(fact.event, TranscriptFinal))
    assert [final.text for final in finals] == ["first", "second", "third"]


ORDERED = play([Arrival(webhook, webhook.occurred_at) for webhook in CALL_OF_TWO_LEGS])


@st.composite
def jittered(draw: st.DrawFn) -> list[Arrival]:
    """Deliver every webhook one to three times, each late by less than the window."""
    arrivals = []
    for webhook in CALL_OF_TWO_LEGS:
        first = webhook.occurred_at + draw(st.floats(0, JITTER_S))
        arrivals.append(Arrival(webhook, first))
        again = draw(st.lists(st.floats(0, 100), max_size=2))
        arrivals += [Arrival(webhook, first + later_s) for later_s in again]
    return arrivals


@st.composite
def at_once(draw: st.DrawFn) -> list[Arrival]:
    """Deliver every webhook in the same instant, after the call, in any order, some twice."""
    order = draw(st.permutations(CALL_OF_TWO_LEGS + CALL_OF_TWO_LEGS[::3]))
    return [Arrival(webhook, T0 + 20) for webhook in order]


@st.composite
def delayed(draw: st.DrawFn) -> list[Arrival]:
    """Deliver every webhook whenever, up to ten minutes late."""
    delays = st.one_of(st.just(0.0), st.floats(0, 5), st.floats(0, 600))
    return [Arrival(webhook, webhook.occurred_at + draw(delays)) for webhook in CALL_OF_ONE_LEG]


def first_deliveries(arrivals: list[Arrival]) -> list[Arrival]:
    """Drop repeats, as the runtime does: a webhook's id reaches the session once."""
    seen: dict[str, Arrival] = {}
    for arrival in sorted(arrivals, key=lambda arrival: arrival.at):
        seen.setdefault(arrival.webhook.input_id, arrival)
    return list(seen.values())


@given(jittered())
@settings(max_examples=300, deadline=None)
def test_jitter_and_repetition_give_the_journal_of_an_orderly_call(arrivals: list[Arrival]) -> None:
    """Below the window, every order is put right: same events, same `seq`, same ids."""
    assert facts(play(first_deliveries(arrivals))) == facts(ORDERED)


@given(at_once())
@settings(max_examples=300, deadline=None)
def test_any_permutation_gives_the_journal_of_an_orderly_call(arrivals: list[Arrival]) -> None:
    """The whole call delivered at once, in whatever order."""
    assert facts(play(first_deliveries(arrivals))) == facts(ORDERED)


@given(delayed())
@settings(max_examples=300, deadline=None)
def test_any_delay_keeps_every_final_once_and_every_seq(arrivals: list[Arrival]) -> None:
    """Beyond the window words may come out of order, but none is lost and none is doubled."""
    call = play(arrivals)

    assert sorted(final.text for final in call.finals) == sorted(
        final.text for final in ORDERED.finals
    )
    assert [record.seq for record in call.records] == list(range(1, len(call.records) + 1))
    for kind in ("call.started", "call.answered", "call.ended"):
        assert call.types.count(kind) <= 1
    assert call.types[0] == "call.started"
    assert call.types[-1] == "transcript.completed"


@given(st.permutations(range(4)))
def test_what_occurred_at_the_same_time_keeps_the_order_in_which_it_came(ids: list[int]) -> None:
    """Ids are random: they say nothing about what was said first."""
    call = Driver(IN_CALL)
    call.receive(initiated(), answered(), now=T0 + 1)
    for number in ids:
        call.receive(said(f"{number}", T0 + 3), now=T0 + 3)
    call.run_until(T0 + 4)

    assert [final.text for final in call.finals] == [f"{number}" for number in ids]


def test_after_a_restart_the_wait_begins_anew() -> None:
    """What travelled longer found nobody to take it."""
    call = Driver(IN_CALL)
    call.receive(initiated(), answered(), said("two", T0 + 3), now=T0 + 3)
    call.restart(T0 + 60)
    call.receive(said("one", T0 + 2), now=T0 + 60 + JITTER_S)
    call.run_until(T0 + 61)

    assert [final.text for final in call.finals] == ["one", "two"]


def test_nothing_waits_longer_because_the_clock_is_put_back() -> None:
    """As it is where a service started with a machine's clock that was ahead."""
    call = Driver(IN_CALL)
    call.receive(initiated(), answered(), said("one", T0 + 3), now=T0 + 3)
    call.restart(T0 + 250)
    call.receive(said("two", T0 + 4), now=T0 + 4)
    call.run_until(T0 + 5)

    assert [final.text for final in call.finals] == ["one", "two"]


def test_a_webhook_that_waits_is_not_admitted_twice() -> None:
    """A redelivery keeps the first one's place and time."""
    room: list[Waiting] = []
    ordering.admit(room, said("hi", T0), T0)
    ordering.admit(room, said("hi", T0), T0 + 5)

    assert [item.arrived_at for item in room] == [T0]
