"""Telnyx's time: measured from what comes, and moved by nothing that is done to our clock."""

import pytest

from service.clocks import SECOND_S, WINDOW_S, CarrierClock

T0 = 1_700_000_000.0
LEG = "leg"


class Machine:
    """A machine whose clock is off, and a network that takes its time."""

    def __init__(self, *, ahead_s: float) -> None:
        self.true = T0
        self.ahead_s = ahead_s
        self.clock = CarrierClock(lambda: self.true + self.ahead_s, lambda: self.true - T0 + 17)

    def message(self, delay_s: float) -> None:
        """Have something come from Telnyx."""
        stamp = self.true
        self.true += delay_s
        self.clock.observe(stamp)

    def message_of_seconds(self, delay_s: float) -> None:
        """Have something come whose stamp is cut to whole seconds."""
        stamp = int(self.true)
        self.true += delay_s
        self.clock.observe_second(stamp)


@pytest.mark.parametrize("ahead_s", [-250.0, -2.0, 0.0, 20.0])
def test_a_clock_that_is_off_is_put_right_by_the_quickest_message(ahead_s: float) -> None:
    """What is left of the error is the time that message took."""
    machine = Machine(ahead_s=ahead_s)
    assert machine.clock() == pytest.approx(T0 + ahead_s)
    for delay_s in (1.2, 0.05, 3.0):
        machine.message(delay_s)

    assert machine.clock() == pytest.approx(machine.true - 0.05)
    assert machine.clock.ahead_s == pytest.approx(ahead_s + 0.05)
    assert machine.clock.local() == pytest.approx(machine.true + ahead_s)


def test_setting_our_clock_moves_nothing() -> None:
    """It is read once."""
    machine = Machine(ahead_s=0.0)
    machine.message(0.1)
    before = machine.clock()
    machine.ahead_s = 250.0

    assert machine.clock() == before


def test_a_clock_that_drifts_is_followed() -> None:
    """What was measured long ago counts no more."""
    machine = Machine(ahead_s=0.0)
    machine.message(0.0)
    for _ in range(6):
        machine.true += WINDOW_S / 2
        machine.message(0.3)

    assert machine.clock() == pytest.approx(machine.true - 0.3)


def test_stamps_of_whole_seconds_do_not_make_a_good_clock_wrong() -> None:
    """They are up to a second older than they say: a new process has nothing better at first."""
    machine = Machine(ahead_s=0.0)
    machine.true += 0.9
    machine.message_of_seconds(0.05)
    assert machine.clock() == pytest.approx(machine.true)

    machine.message(8.0)  # one that was sent again and again
    assert machine.clock() == pytest.approx(machine.true)

    machine.message(0.03)
    assert machine.clock() == pytest.approx(machine.true - 0.03)


@pytest.mark.parametrize("ahead_s", [-20.0, -0.5, 0.5, 20.0])
def test_a_clock_that_is_off_is_put_right_by_seconds_as_far_as_they_go(ahead_s: float) -> None:
    """And the rest of the way by an exact stamp, whichever came first."""
    machine = Machine(ahead_s=ahead_s)
    machine.true += 0.4
    machine.message_of_seconds(0.05)
    assert abs(machine.clock() - machine.true) < SECOND_S

    machine.message(0.03)
    assert machine.clock() == pytest.approx(machine.true - 0.03)


@pytest.mark.parametrize(
    ("ahead_s", "off_s"), [(0.0, 0.0), (0.05, 0.02), (-2.0, 0.24), (20.0, 0.24)]
)
def test_first_messages_that_are_late_are_not_taken_for_a_clock_that_is_off(
    ahead_s: float, off_s: float
) -> None:
    """What we asked for was not before that: ours is right where it may be, else off by half."""
    machine = Machine(ahead_s=ahead_s)
    machine.message(0.5)
    assert abs(machine.clock() - machine.true) == pytest.approx(0.5)

    asked_ago_s, answered_at = 0.02, machine.true
    machine.clock.asked(LEG, asked_ago_s)
    machine.true += 0.5
    machine.clock.observe(answered_at)
    machine.clock.observe_answer(LEG, answered_at)

    assert abs(machine.clock() - machine.true) == pytest.approx(off_s, abs=0.001)


def test_who_is_slow_to_answer_moves_no_clock() -> None:
    """The message that travelled least counts, and a clock that may be right is."""
    machine = Machine(ahead_s=3.0)
    machine.message(0.03)
    machine.clock.asked(LEG, 5.0)
    machine.clock.observe_answer(LEG, machine.true)
    assert machine.clock.ahead_s == pytest.approx(3.03)

    machine.clock.observe_answer("another", machine.true - 9)
    machine.clock.asked(LEG, 0.0)
    machine.clock.observe_answer(LEG, machine.true - 9)  # it was answered by somebody before
    assert machine.clock.ahead_s == pytest.approx(3.03)
