"""Circuits: when an engine is not asked any more, when it is tried again, and who tries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.stt.circuits import Circuit, Circuits, EngineKey


def opened(now: float = 0.0) -> Circuit:
    """Return a circuit that failures in a row opened."""
    circuit = Circuit()
    for _ in range(5):
        circuit.failed(now, refused=False)
    return circuit


def test_a_refusal_opens_it_at_once_and_for_long() -> None:
    """No retry helps against a wrong key: a minute, two, four, and never more than five."""
    circuit, now, delays = Circuit(), 10.0, []
    circuit.failed(now, refused=True)
    assert circuit.state == "open"
    for _ in range(4):
        waited = next(s for s in range(1, 1000) if circuit.allows(now + s))
        delays.append(waited)
        now += waited
        circuit.failed(now, refused=True)

    assert delays == [60, 120, 240, 300]


def test_a_probe_that_is_refused_keeps_it_open_for_as_long() -> None:
    """The engine is there again, and the key is not good."""
    circuit = opened()
    assert circuit.allows(5.0)
    circuit.failed(5.0, refused=True)

    assert not circuit.allows(64.9)
    assert circuit.allows(65.0)


def test_failures_in_a_row_open_it() -> None:
    """Four do not, nor do more with an answer in between."""
    circuit = Circuit()
    for now in (0.0, 1.0, 2.0, 3.0):
        circuit.failed(now, refused=False)
    circuit.answered(4.0)
    for now in (5.0, 6.0, 7.0, 8.0):
        circuit.failed(now, refused=False)
    assert circuit.allows(8.5)

    circuit.failed(9.0, refused=False)

    assert not circuit.allows(9.5)


def test_who_failed_when_asked_last_is_known() -> None:
    """By whichever call, also where it is open; until it answers."""
    circuit = Circuit()
    assert not circuit.has_failed
    circuit.failed(0.0, refused=False)
    assert circuit.has_failed
    circuit.answered(1.0)
    assert not circuit.has_failed

    assert opened().has_failed


def test_half_of_what_is_tried_lately_failing_opens_it() -> None:
    """By turns it fails and answers; what was half a minute ago does not count."""
    circuit = Circuit()
    for number in range(4):
        circuit.failed(number, refused=False)
        circuit.answered(number)
    circuit.failed(100.0, refused=False)
    assert circuit.allows(100.0)

    for number in range(4):
        circuit.answered(101.0 + number)
        circuit.failed(101.0 + number, refused=False)
    assert circuit.allows(105.0)
    circuit.failed(106.0, refused=False)

    assert circuit.state == "open"


def test_one_probe_is_let_in_and_the_delays_grow() -> None:
    """Five seconds, ten, twenty, and never more than five minutes."""
    circuit, now, delays = opened(), 0.0, []
    for _ in range(8):
        waited = next(s for s in range(1, 1000) if circuit.allows(now + s))
        delays.append(waited)
        now += waited
        assert circuit.state == "probing"
        assert not circuit.allows(now + 1)
        circuit.failed(now, refused=False)

    assert delays == [5, 10, 20, 40, 80, 160, 300, 300]


def test_a_probe_that_is_answered_closes_it() -> None:
    """All are let in again, and the next trouble begins with the short delay."""
    circuit = opened()
    assert circuit.allows(5.0)
    circuit.failed(5.0, refused=False)
    assert circuit.allows(15.0)

    circuit.answered(16.0)

    assert circuit.state == "closed"
    for _ in range(5):
        circuit.failed(20.0, refused=False)
    assert not circuit.allows(24.9)
    assert circuit.allows(25.0)


def test_a_probe_that_says_nothing_is_given_up() -> None:
    """Nobody spoke in that call: half a minute later another one tries."""
    circuit = opened()
    assert circuit.allows(5.0)

    assert not circuit.allows(34.9)
    assert circuit.allows(35.0)


def test_who_has_no_other_choice_tries_all_the_same() -> None:
    """What fails then does not put the probe off; what is answered closes the circuit."""
    circuit = opened()
    circuit.failed(4.9, refused=True)
    assert circuit.allows(5.0)

    other = opened()
    other.answered(1.0)
    assert other.allows(1.0)


@given(
    st.lists(
        st.tuples(st.floats(0, 60), st.sampled_from(["allows", "failed", "refused", "answered"])),
        max_size=60,
    )
)
def test_while_it_is_open_nobody_but_a_probe_is_let_in(steps: list[tuple[float, str]]) -> None:
    """Whatever happens in whatever order: at most one in five seconds."""
    circuit, now, let_in_at = Circuit(), 0.0, -100.0
    for after_s, step in steps:
        now += after_s
        before = circuit.state
        if step == "allows" and circuit.allows(now) and before != "closed":
            assert now - let_in_at >= 5.0
            let_in_at = now
        elif step in ("failed", "refused"):
            circuit.failed(now, refused=step == "refused")
        elif step == "answered":
            circuit.answered(now)
            let_in_at = -100.0
            assert circuit.state == "closed"
        assert circuit.allows(now) if circuit.state == "closed" else True


@pytest.mark.parametrize(
    "other", [("Deepgram", "b", "u"), ("Google", "a", "u"), ("Deepgram", "a", "v")]
)
def test_each_engine_model_and_address_has_its_own(other: tuple[str, str, str]) -> None:
    """The key that one service refuses says nothing of another's."""
    circuits, key = Circuits(), EngineKey("Deepgram", "a", "u")
    circuits.of(key).failed(0.0, refused=True)

    assert not circuits.of(key).allows(1.0)
    assert circuits.of(EngineKey(*other)).allows(1.0)
    assert circuits.states() == {key: "open", EngineKey(*other): "closed"}
