"""Legs that a route connects: over restarts, by who speaks on them, and apart from others'."""

from dataclasses import replace

import pytest

from service.calls.carrier_answers import CommandDone, LegStatus
from service.calls.commands import (
    Answer,
    Bridge,
    Dial,
    FetchMissed,
    Speak,
    StartStreaming,
    StartTranscription,
)
from service.calls.connecting import LATE_S, REPEAT_S
from service.calls.events import CallUnanswered
from service.calls.routes import Route
from service.ids import LegId
from tests.calls.connections import (
    IN_CALL,
    MEDIA,
    NOTICE,
    bridged,
    bridges,
    connected,
    dialled,
    ringing,
    spoken,
)
from tests.calls.harness import (
    T0,
    A,
    B,
    Driver,
    answered,
    hung_up,
    initiated,
    media_started,
    refused,
    said,
)

# --- a process that dies in the middle ---


def test_after_a_restart_the_same_dial_is_said_again() -> None:
    """Telnyx knows it by its id, and dials nobody twice."""
    driver = ringing(MEDIA, telnyx_answers=False)
    driver.restart(T0 + 5)
    first, second = driver.asked(Dial)

    assert first == second


def test_a_dial_that_is_too_old_to_be_known_again_waits_for_webhooks() -> None:
    """Telnyx hands over those it could not deliver; a leg that none of them names is none."""
    driver = ringing(MEDIA, telnyx_answers=False)
    driver.restart(T0 + 2 + REPEAT_S)
    assert driver.asked(FetchMissed)
    driver.run_until(T0 + 2 + REPEAT_S + LATE_S - 0.5)
    assert len(driver.asked(Dial)) == 1

    driver.run_until(T0 + 2 + REPEAT_S + LATE_S + 0.5)
    assert [one.generation for one in driver.asked(Dial)] == [0, 1]


def test_a_leg_known_by_its_webhook_is_not_dialled_again() -> None:
    """Whatever became of the answer to the dial."""
    driver = ringing(MEDIA, telnyx_answers=False)
    driver.receive(dialled(T0 + 2), now=T0 + 2)
    driver.run_until(T0 + 3)
    driver.restart(T0 + 5)

    assert len(driver.asked(Dial)) == 1


def test_what_was_said_and_bridged_before_a_restart_is_so_after_it() -> None:
    """Nothing of it is asked for again."""
    driver = ringing(NOTICE)
    driver.receive(spoken(T0 + 3), now=T0 + 3)
    driver.receive(dialled(T0 + 3.5), now=T0 + 3.5)
    driver.receive(answered(T0 + 5, leg=B), now=T0 + 5)
    driver.receive(bridged(T0 + 5), now=T0 + 5)
    driver.run_until(T0 + 6)
    driver.restart(T0 + 7)
    driver.run_until(T0 + 12)

    for kind in (Answer, Speak, Dial):
        assert len(driver.asked(kind)) == 1
    assert driver.asked(Bridge) == []


def test_a_dial_whose_leg_telnyx_does_not_name_is_known_by_its_webhooks() -> None:
    """A repeated dial may be answered so; nobody who shows themselves is nobody there."""
    driver = Driver(MEDIA)
    driver.makes = None
    driver.receive(initiated(), now=T0)
    driver.receive(answered(), now=T0 + 1)
    driver.run_until(T0 + 1 + MEDIA.ring_s + LATE_S + 1)

    assert [one.reason for one in driver.events(CallUnanswered)] == ["no_answer"]


# --- who spoke ---


def test_in_the_call_each_leg_is_transcribed_by_its_own_side() -> None:
    """Few engines name the track; whoever is on a leg is known. The dial asks for its words."""
    driver = connected(IN_CALL)
    (dial,) = driver.asked(Dial)
    assert isinstance(dial.begins, StartTranscription)
    assert dial.begins.tracks == "inbound"
    (start,) = driver.asked(StartTranscription)
    assert (start.leg_id, start.tracks) == (A, "inbound")

    driver.receive(said("I am calling", T0 + 8, track=None), now=T0 + 8)
    driver.receive(said("how can I help", T0 + 10, track=None, leg=B), now=T0 + 10)
    driver.run_until(T0 + 11)

    told = [(final.leg, final.track, final.role) for final in driver.finals]
    assert told == [(A, "inbound", "customer"), (B, "inbound", "agent")]


@pytest.mark.parametrize("first", [A, B])
def test_the_last_words_of_a_leg_are_kept_although_its_hang_up_is_here(first: LegId) -> None:
    """They wait for their turn when nothing is wanted of the leg any more, whoever asked for it."""
    driver = connected(IN_CALL)
    driver.receive(said("good", T0 + 10, track=None, leg=A), now=T0 + 10)
    driver.receive(said("bye", T0 + 10.1, track=None, leg=B), now=T0 + 10.05)
    driver.receive(hung_up(T0 + 10.2, leg=first), now=T0 + 10.1)
    driver.receive(hung_up(T0 + 10.2, leg=B if first == A else A), now=T0 + 10.4)
    driver.run_until(T0 + 12)

    assert [(final.leg, final.text) for final in driver.finals] == [(A, "good"), (B, "bye")]


def test_words_that_a_dial_could_not_ask_for_are_asked_for_after_the_answer() -> None:
    """Of the agent's leg, too."""
    driver = ringing(IN_CALL, telnyx_answers=False)
    driver.receive(refused("dial", "10015", at=T0 + 2), now=T0 + 2)
    driver.receive(CommandDone(leg_id=A, command="dial", at=T0 + 3, made=B), now=T0 + 3)
    driver.receive(answered(T0 + 4, leg=B), now=T0 + 4)
    driver.run_until(T0 + 5)

    assert [start.leg_id for start in driver.asked(StartTranscription)] == [A, B]


def test_an_agent_who_listens_gives_no_trouble() -> None:
    """Words of one side show that words come."""
    driver = connected(IN_CALL)
    driver.receive(said("a long story", T0 + 8, track=None), now=T0 + 8)
    driver.run_until(T0 + 100)

    assert "transcription.degraded" not in driver.types


def test_a_fork_of_the_callers_leg_hears_both() -> None:
    """The agent is what the caller is sent; no other leg is streamed."""
    driver = connected(MEDIA)
    driver.receive(media_started(T0 + 1.2), now=T0 + 5)

    assert [one.leg_id for one in driver.asked(StartStreaming)] == [A]


def test_a_route_names_its_roles_itself() -> None:
    """If it does."""
    route = replace(IN_CALL, roles={"inbound": "agent", "outbound": "customer"})
    driver = connected(route)
    driver.receive(said("hello", T0 + 8, track=None, leg=B), now=T0 + 8)
    driver.receive(said("and back", T0 + 9, track="outbound", leg=B), now=T0 + 9)
    driver.run_until(T0 + 10)

    assert [final.role for final in driver.finals] == ["customer", "agent"]


def test_one_track_alone_is_asked_for_on_the_callers_leg() -> None:
    """As without a connection."""
    driver = connected(replace(IN_CALL, tracks="inbound"))

    assert [start.leg_id for start in driver.asked(StartTranscription)] == [A]


# --- what is left alone ---


def test_calls_that_go_out_are_not_connected() -> None:
    """Whoever dialled them has a call flow."""
    driver = Driver(MEDIA)
    driver.receive(initiated(incoming=False), now=T0)
    driver.receive(answered(), now=T0 + 2)
    driver.run_until(T0 + 5)

    assert driver.asked(Dial) == []


def test_a_bridge_of_somebody_elses_is_none_of_ours() -> None:
    """So are a speech, and the leg of another dial."""
    driver = Driver(Route(source="media"))
    driver.receive(initiated(), now=T0)
    driver.receive(answered(), now=T0 + 1)
    driver.receive(bridged(T0 + 2), spoken(T0 + 2), now=T0 + 2)
    driver.run_until(T0 + 5)

    assert bridges(driver) == []


def test_another_leg_of_the_call_is_not_taken_for_the_dialled_one() -> None:
    """It says nothing of our dial, or comes in."""
    driver = ringing(MEDIA, telnyx_answers=False)
    other = LegId("v3:other")
    driver.receive(initiated(T0 + 2, leg=other, incoming=False), now=T0 + 2)
    driver.receive(initiated(T0 + 2, leg=LegId("v3:in")), now=T0 + 2)
    driver.run_until(T0 + 3)

    assert driver.session.state.dials[0].leg is None


def test_a_ringing_leg_that_telnyx_calls_not_alive_is_not_over() -> None:
    """A dial is asynchronous: it says so from the start."""
    driver = ringing(MEDIA)
    driver.receive(dialled(T0 + 1.1), now=T0 + 1.1)
    driver.silence()
    unknown = LegStatus(leg_id=B, at=T0 + 20, alive=False)
    driver.receive(unknown, now=T0 + 20)
    driver.run_until(T0 + 30)
    assert driver.events(CallUnanswered) == []

    driver.receive(unknown, now=T0 + 60)
    driver.run_until(T0 + 70)
    assert [one.reason for one in driver.events(CallUnanswered)] == ["failed"]
