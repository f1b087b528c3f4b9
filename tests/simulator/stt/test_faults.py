"""Which faults strike which session, and what they make of its results."""

import pytest

from service.simulator.rng import Rng
from service.simulator.scenario.stt_settings import SttSettings
from service.simulator.stt.faults import LateMessage, Outgoing, ResultFaults, behaviour_of


def behaviour(*faults: dict[str, object], engine: str = "Deepgram", number: int = 1) -> object:
    """Return after how much audio a session is closed."""
    settings = SttSettings.model_validate({"fault": faults, "close_after_ms": 9000})
    found = behaviour_of(settings, engine, number, at_s=5.0, rng=Rng("x"))
    return found.close_after_ms


def apply(*texts: str, **settings: object) -> list[str]:
    """Return what is sent in place of these finals."""
    faults = ResultFaults(SttSettings.model_validate(settings), Rng("x"))
    sent = faults.apply(Outgoing(text, is_final=True) for text in texts)
    return [message.text for message in [*sent, *faults.flush()]]


@pytest.mark.parametrize(
    ("selector", "strikes"),
    [
        ({}, True),
        ({"engines": ["Deep*"]}, True),
        ({"engines": ["Google", "Azure"]}, False),
        ({"sessions": [1, 1]}, True),
        ({"sessions": [2, 3]}, False),
        ({"from_s": 5}, True),
        ({"from_s": 6}, False),
        ({"until_s": 5}, False),
        ({"until_s": 5.1}, True),
        ({"chance": 0}, False),
    ],
)
def test_a_fault_strikes_the_sessions_that_it_names(
    selector: dict[str, object], *, strikes: bool
) -> None:
    """By engine, number, time and chance."""
    assert behaviour({**selector, "close_after_ms": 10}) == (10 if strikes else 9000)


def test_two_faults_strike_at_once_and_the_last_has_the_last_word() -> None:
    """Each says only what stands in it."""
    settings = SttSettings.model_validate(
        {"fault": [{"close_after_ms": 1, "garbage": 1.0}, {"close_after_ms": 2, "times": "never"}]}
    )
    found = behaviour_of(settings, "Deepgram", 1, at_s=0.0, rng=Rng("x"))

    assert (found.close_after_ms, found.garbage, found.times) == (2, 1.0, "never")


def test_a_second_engine_has_other_faults() -> None:
    """For an application that falls back on it."""
    fault: dict[str, object] = {"engines": ["Deepgram"], "close_after_ms": 1}

    assert behaviour(fault, engine="Deepgram") == 1
    assert behaviour(fault, {"engines": ["Google"]}, engine="Google") == 9000


def test_results_are_sent_as_they_are_by_default() -> None:
    """And nothing is held back."""
    assert apply("a", "b") == ["a", "b"]
    assert ResultFaults(SttSettings(), Rng("x")).none


def test_results_are_restated_swapped_and_garbled() -> None:
    """Each of them where its chance says so, here always."""
    assert apply("a", "b", restate=1.0) == ["a", "a", "b", "b"]
    assert apply("a", "b", "c", wrong_order=1.0) == ["b", "a", "c"]
    garbled = apply("a", garbage=1.0, garbage_in_a_row=2)
    assert len(garbled) == 3
    assert garbled[2] == "a"


def test_what_is_late_is_late_by_something_in_the_range() -> None:
    """Seeded, like all else."""
    settings = SttSettings.model_validate({"late_s": [1.0, 2.0]})
    sent = [ResultFaults(settings, Rng("x")).apply([Outgoing("a")]) for _ in range(2)]

    assert sent[0] == sent[1]
    assert isinstance(sent[0][0], LateMessage)
    assert 1.0 <= sent[0][0].late_s <= 2.0
