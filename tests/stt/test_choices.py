"""Whose turn it is: engines in order, circuits, delays."""

import pytest

from service.calls.routes import Route
from service.errors import RecognitionError, RecognitionLostError, RecognitionRefusedError
from service.stt.choices import LATE, STALLED, WRITE_STALLED, Choice, Choices
from service.stt.circuits import Circuit
from service.stt.limits import Limits
from service.stt.query import engine_of

LIMITS = Limits(backoff_s=(1.0, 2.0), refused_s=(30.0, 60.0), give_up_s=15.0)
DROPPED = RecognitionLostError("connection_lost")
REFUSED = RecognitionRefusedError("refused_at_upgrade", code="401")


def choice(engine: str) -> Choice:
    """Return a choice of an engine, with a circuit of its own."""
    route = Route(engine=engine)
    return Choice(route, engine_of(route), Circuit())


def choices(*engines: str) -> Choices:
    """Return the choices of a recognition that has begun."""
    made = Choices([choice(engine) for engine in engines], LIMITS)
    assert made.begin(0.0) is None
    return made


def fail(of: Choices, fault: RecognitionError, now: float = 0.0) -> tuple[str, float]:
    """Have the current one fail at once; return whose turn it is and after how long."""
    move = of.failed(fault, now, was_well=False)
    return of.current.engine.name, move.delay_s


def test_one_that_drops_is_asked_once_more_and_then_the_next_one_is_at_once() -> None:
    """The same for one that cannot be reached."""
    of = choices("Deepgram", "Google", "local")

    assert fail(of, DROPPED) == ("Deepgram", 1.0)
    assert fail(of, DROPPED) == ("Google", 0.0)
    assert fail(of, DROPPED)[0] == "Google"
    assert fail(of, DROPPED) == ("local", 0.0)


@pytest.mark.parametrize(
    "fault",
    [REFUSED, *(RecognitionLostError(reason) for reason in (STALLED, WRITE_STALLED, LATE))],
)
def test_one_that_refuses_or_is_deaf_is_left_at_once(fault: RecognitionError) -> None:
    """No retry would help."""
    of = choices("Deepgram", "Google")

    move = of.failed(fault, 0.0, was_well=False)

    assert move.delay_s == 0.0
    assert move.left is not None
    assert move.left.engine.name == "Deepgram"
    assert of.current.engine.name == "Google"
    assert not of.is_first


def test_a_refusal_opens_the_circuit_at_once_for_all_calls() -> None:
    """The next call begins with the second choice, until a probe is due."""
    first, second = choice("Deepgram"), choice("Google")
    one = Choices([first, second], LIMITS)
    one.begin(0.0)
    one.failed(REFUSED, 0.0, was_well=False)

    other = Choices([first, second], LIMITS)
    assert other.begin(1.0) is first
    assert other.current is second

    later = Choices([first, second], LIMITS)
    assert later.begin(61.0) is None
    assert later.current is first


def test_nobody_stands_by_who_failed_in_this_round_or_is_known_to_be_down() -> None:
    """An engine that is slow is left for one that may be better, and for no other."""
    first, second, third = choice("Deepgram"), choice("Google"), choice("local")
    third.circuit.failed(0.0, refused=True)
    of = Choices([first, second, third], LIMITS)
    of.begin(0.0)
    assert of.has_substitute(1.0)

    fail(of, REFUSED, 1.0)

    assert of.current is second
    assert not of.has_substitute(2.0)
    assert of.has_substitute(61.0)  # the third may be well again
    assert third.circuit.state == "open"  # to ask that is no probe


def test_at_the_end_nobody_stands_by_who_failed_when_asked_last() -> None:
    """There is no time to find out whether he is well again; before, there is."""
    first, second = choice("Deepgram"), choice("Google")
    of = Choices([first, second], LIMITS)
    fail(of, DROPPED)
    fail(of, DROPPED)
    of.heard()
    assert of.current is second
    assert of.has_substitute(1.0)
    assert not of.has_substitute(1.0, at_the_end=True)

    first.circuit.answered(2.0)  # to another call

    assert of.has_substitute(3.0, at_the_end=True)


def test_one_that_stands_alone_has_no_substitute() -> None:
    """Whatever it does."""
    assert not choices("Deepgram").has_substitute(0.0)


def test_an_answer_closes_the_circuit() -> None:
    """The probe was well: whoever comes next asks the first choice again."""
    first, second = choice("Deepgram"), choice("Google")
    Choices([first, second], LIMITS).failed(REFUSED, 0.0, was_well=False)
    probe = Choices([first, second], LIMITS)
    probe.begin(61.0)
    probe.answered(62.0)

    assert Choices([first, second], LIMITS).begin(62.5) is None


def test_when_all_have_failed_it_begins_anew_with_the_first() -> None:
    """After a delay that grows; each is asked once more."""
    of = choices("Deepgram", "Google")
    for _ in range(3):
        fail(of, DROPPED)

    move = of.failed(DROPPED, 1.0, was_well=False)

    assert move.all_failed
    assert move.delay_s == 2.0
    assert of.is_first


def test_a_lone_engine_is_asked_over_and_over_and_it_is_told_once_that_it_gives_nothing() -> None:
    """Not before that has lasted; and again only after words came between."""
    of = choices("Deepgram")

    told = [of.failed(DROPPED, now, was_well=False).gave_up for now in (0.0, 10.0, 16.0, 40.0)]
    of.heard()
    told += [of.failed(DROPPED, now, was_well=False).gave_up for now in (50.0, 66.0)]

    assert told == [False, False, True, False, False, True]


def test_where_all_refuse_that_is_told_at_once_and_they_are_asked_much_later() -> None:
    """A key that is wrong is wrong for a while; a mended one is found out all the same."""
    of = choices("Deepgram")

    move = of.failed(REFUSED, 0.0, was_well=False)

    assert (move.gave_up, move.all_refused, move.delay_s) == (True, True, 30.0)
    assert of.failed(REFUSED, 30.0, was_well=False).delay_s == 60.0


def test_one_refusal_among_drops_is_no_refusal_by_all() -> None:
    """Somebody may yet be reached: the short delays hold."""
    of = choices("Deepgram", "Google")
    fail(of, REFUSED)
    fail(of, DROPPED)

    move = of.failed(DROPPED, 1.0, was_well=False)

    assert move.all_failed
    assert not move.all_refused
    assert move.delay_s <= 2.0


def unreachable(first: Choice, second: Choice) -> Choices:
    """Return choices of which the first refused and the second cannot be reached any more."""
    of = Choices([first, second], LIMITS)
    of.begin(0.0)
    of.failed(REFUSED, 0.0, was_well=False)
    for _ in range(6):
        of.failed(DROPPED, 1.0, was_well=False)
    assert [each.circuit.state for each in (first, second)] == ["open", "open"]
    return of


def test_who_cannot_be_reached_is_asked_on_and_not_who_refused() -> None:
    """It may be there any moment: the one refusal is no reason to wait for half a minute."""
    of = unreachable(choice("Deepgram"), choice("Google"))

    moves = [(fail(of, DROPPED, now)) for now in (2.0, 3.0, 4.0)]

    assert moves == [("Google", 2.0)] * 3


def test_one_who_refuses_is_asked_again_when_its_circuit_says_so() -> None:
    """A key may be mended while the other one is away."""
    of = unreachable(choice("Deepgram"), choice("Google"))

    assert fail(of, DROPPED, 61.0)[0] == "Deepgram"


def test_where_none_can_be_reached_they_are_asked_by_turns() -> None:
    """Whichever is there first is found out soon, although the circuits say that none is."""
    of = choices("Deepgram", "Google", "local")
    for _ in range(15):
        fail(of, DROPPED, 1.0)

    asked = [fail(of, DROPPED, 2.0)[0] for _ in range(6)]

    assert {*asked[:3]} == {"Deepgram", "Google", "local"}
    assert asked[:3] == asked[3:]


def test_a_session_that_was_well_begins_the_count_anew() -> None:
    """A drop every few minutes never drives anybody to the next choice."""
    of = choices("Deepgram", "Google")

    moves = [of.failed(DROPPED, float(now), was_well=True) for now in range(5)]

    assert of.is_first
    assert [move.delay_s for move in moves] == [1.0] * 5
    assert of.current.circuit.state == "closed"


def test_an_open_circuit_is_passed_over_on_the_way_down() -> None:
    """It was found out by another call."""
    first, second, third = choice("Deepgram"), choice("Google"), choice("local")
    second.circuit.failed(0.0, refused=True)
    of = Choices([first, second, third], LIMITS)
    of.begin(1.0)

    of.failed(REFUSED, 1.0, was_well=False)

    assert of.current is third
