"""In-call words whose side nobody names: each leg by its own side, each voice once."""

from dataclasses import replace

from service.calls.carrier_answers import CommandDone
from service.calls.commands import StartTranscription, StopTranscription
from service.calls.events import TranscriptGap
from service.calls.in_call import RESTARTED
from service.calls.inputs import WordsReported
from service.calls.legs import HAND_OVER_S
from service.calls.routes import Route
from service.calls.state import Progress
from service.ids import LegId, Track
from tests.calls.connections import IN_CALL as CONNECTS
from tests.calls.connections import connected
from tests.calls.harness import IN_CALL, T0, A, B, Driver, hung_up, said, talking
from tests.calls.test_parties import C, arrive, connect
from tests.calls.test_presence import joined, left

UNNAMED = replace(IN_CALL, engine="Deepgram")


def started(driver: Driver) -> list[tuple[LegId, str]]:
    """Return which sides of which legs Telnyx was asked to transcribe, in order."""
    return [(one.leg_id, one.tracks) for one in driver.asked(StartTranscription)]


def bridged_call(route: Route = UNNAMED) -> Driver:
    """Return a call that somebody else has connected with an agent."""
    driver = talking(route)
    arrive(driver, B, at=T0 + 3)
    connect(driver, A, B, at=T0 + 6)
    return driver


def test_two_legs_that_are_connected_are_each_heard_by_their_own_side() -> None:
    """Until then both sides of the caller's leg were, and nobody knew who said what."""
    driver = bridged_call()
    assert started(driver) == [(A, "both"), (A, "inbound"), (B, "inbound")]
    assert [one.leg_id for one in driver.asked(StopTranscription)] == [A]
    driver.receive(said("hello", T0 + 9, track=None), now=T0 + 9)
    driver.receive(said("good morning", T0 + 11, track=None, leg=B), now=T0 + 11)
    driver.run_until(T0 + 12)

    assert [(final.role, final.track) for final in driver.finals] == [
        ("customer", "inbound"),
        ("agent", "inbound"),
    ]


def test_an_engine_that_names_the_side_goes_on_as_it_is() -> None:
    """So does a route that wants one side."""
    assert started(bridged_call(IN_CALL)) == [(A, "both")]
    assert started(bridged_call(replace(UNNAMED, engine="B"))) == [(A, "both")]
    assert started(bridged_call(replace(UNNAMED, tracks="inbound"))) == [(A, "inbound")]


def begun_again(*before: WordsReported) -> Driver:
    """Return a call whose transcription ended half a second after the bridge, for each side."""
    driver = talking(UNNAMED)
    arrive(driver, B, at=T0 + 3)
    driver.silence()
    for words in before:
        driver.receive(words, now=words.occurred_at)
    connect(driver, A, B, at=T0 + 6)
    stopped = CommandDone(leg_id=A, command="stop_transcription", at=T0 + 6.8)
    driver.receive(stopped, now=T0 + 6.8)
    for leg, at in ((A, T0 + 7.4), (B, T0 + 7.8)):
        driver.receive(CommandDone(leg_id=leg, command="start_transcription", at=at), now=at)
    return driver


def gaps(driver: Driver) -> set[tuple[Track | None, int, int]]:
    """Return what was told of as lost, on the call clock."""
    told = driver.events(TranscriptGap)
    assert {gap.reason for gap in told} <= {RESTARTED}
    assert len(told) == len({gap.track for gap in told})
    return {(gap.track, gap.start_ms, gap.end_ms) for gap in told}


def test_what_nobody_heard_while_each_side_was_begun_is_told() -> None:
    """Each side's with the next words of it, or at the end."""
    driver = begun_again()
    assert gaps(driver) == set()
    driver.receive(said("good morning", T0 + 9, track=None, leg=B), now=T0 + 9)
    driver.run_until(T0 + 10)
    assert gaps(driver) == {("outbound", 5800, 6800)}
    driver.receive(hung_up(T0 + 11), hung_up(T0 + 11, leg=B), now=T0 + 11)
    driver.run_until(T0 + 30)

    assert gaps(driver) == {("outbound", 5800, 6800), ("inbound", 5800, 6400)}


def test_words_in_the_midst_of_which_it_was_ended_are_lost_unless_they_come() -> None:
    """From where they began, roughly; a final that comes late says what of them was heard."""
    shown = said("I have been wai", T0 + 5, track=None, final=False)
    lost, came = begun_again(shown), begun_again(shown)
    came.receive(said("I have been waiting for", T0 + 6.6, track=None), now=T0 + 7.9)
    for driver in (lost, came):
        for leg in (A, B):
            driver.receive(said("hello", T0 + 9, track=None, leg=leg), now=T0 + 9)
        driver.run_until(T0 + 10)

    assert gaps(lost) == {("inbound", 3650, 6400), ("outbound", 3650, 6800)}
    assert gaps(came) == {("inbound", 5600, 6400), ("outbound", 5600, 6800)}
    assert [final.role for final in came.finals] == ["unknown", "customer", "agent"]


def test_what_is_told_later_is_told_when_it_is_begun_again_once_more() -> None:
    """Words of another transcription say nothing of it."""
    driver = begun_again()
    driver.receive(hung_up(T0 + 8.5, leg=B), now=T0 + 8.5)
    driver.run_until(T0 + 8.5 + HAND_OVER_S + 1)
    driver.receive(CommandDone(leg_id=A, command="stop_transcription", at=T0 + 11.6), now=T0 + 11.6)

    assert gaps(driver) == {("outbound", 5800, 6800), ("inbound", 5800, 6400)}


def test_a_leg_that_is_heard_no_more_leaves_no_gap() -> None:
    """What agents say to each other is theirs."""
    driver = bridged_call()
    arrive(driver, C, at=T0 + 10)
    driver.silence()
    connect(driver, B, C, at=T0 + 13)
    stopped = CommandDone(leg_id=B, command="stop_transcription", at=T0 + 14)
    driver.receive(stopped, now=T0 + 14)
    driver.receive(said("are you there", T0 + 15, track=None), now=T0 + 15)
    for leg in (A, B, C):
        driver.receive(hung_up(T0 + 16, leg=leg), now=T0 + 16)
    driver.run_until(T0 + 30)

    assert gaps(driver) == set()


def test_a_consultation_is_not_heard_and_whoever_takes_over_is() -> None:
    """What agents say to each other while the caller waits is theirs."""
    driver = bridged_call()
    arrive(driver, C, at=T0 + 10)
    connect(driver, B, C, at=T0 + 13)
    driver.run_until(T0 + 20)
    assert driver.session.state.legs[B].transcribing.progress is Progress.OFF
    connect(driver, A, C, at=T0 + 22)
    driver.receive(hung_up(T0 + 23, leg=B), now=T0 + 23)
    driver.receive(said("I have your file here", T0 + 26, track=None, leg=C), now=T0 + 26)
    driver.run_until(T0 + 27)

    assert started(driver)[3:] == [(A, "both"), (A, "inbound"), (C, "inbound")]
    assert [final.role for final in driver.finals] == ["agent"]


def test_what_an_agent_said_last_may_come_after_they_have_gone() -> None:
    """Webhooks are late; the caller's words go on meanwhile."""
    driver = bridged_call()
    driver.receive(hung_up(T0 + 9, leg=B), now=T0 + 9)
    driver.run_until(T0 + 10)
    driver.receive(said("let me put you through", T0 + 8.9, track=None, leg=B), now=T0 + 10)
    driver.run_until(T0 + 11)

    assert [(final.text, final.role) for final in driver.finals] == [
        ("let me put you through", "agent")
    ]


def test_a_caller_who_is_left_alone_is_heard_with_both_sides_again() -> None:
    """After a while: as a rule the caller is gone in the next moment, too."""
    driver = bridged_call()
    driver.receive(hung_up(T0 + 9, leg=B), now=T0 + 9)
    driver.run_until(T0 + 9 + HAND_OVER_S - 0.5)
    assert len(started(driver)) == 3
    driver.run_until(T0 + 9 + HAND_OVER_S + 1)

    assert started(driver)[3:] == [(A, "both")]


def test_an_agent_who_is_left_alone_is_heard_with_both_sides_too() -> None:
    """They take the caller's place, and are the agent still."""
    driver = bridged_call()
    driver.receive(hung_up(T0 + 9), now=T0 + 9)
    driver.run_until(T0 + 9 + 2 * HAND_OVER_S)

    assert started(driver)[3:] == [(B, "both")]


def test_everybody_in_a_conference_is_heard_by_their_own_side() -> None:
    """What each is sent is the mix of the others, whoever would name it."""
    driver = talking(IN_CALL)
    for leg, at in ((B, T0 + 3), (C, T0 + 6)):
        arrive(driver, leg, at=at)
    driver.receive(joined(T0 + 9), joined(T0 + 9, B), joined(T0 + 9, C), now=T0 + 9)
    driver.run_until(T0 + 10)
    assert started(driver) == [(A, "both"), (A, "inbound"), (B, "inbound"), (C, "inbound")]
    for number, leg in enumerate((A, B, C)):
        at = T0 + 12 + number
        driver.receive(said(f"it is me {number}", at, track=None, leg=leg), now=at)
    driver.receive(left(T0 + 20, C), left(T0 + 20, B), left(T0 + 20), now=T0 + 20)
    driver.run_until(T0 + 30)

    assert [final.role for final in driver.finals] == ["customer", "agent", "agent"]
    assert started(driver)[4:] == [(A, "both")]
    assert {one.leg_id for one in driver.asked(StopTranscription)} == {A, B, C}


def test_legs_that_a_route_connects_stay_as_they_are() -> None:
    """They were heard apart from the beginning."""
    driver = connected(CONNECTS)
    assert started(driver) == [(A, "both"), (A, "inbound")] or started(driver) == [(A, "inbound")]
