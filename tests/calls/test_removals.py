"""Telnyx's recordings are deleted there, where the route says so: once kept here, or erased."""

from dataclasses import replace

import pytest

from service.calls.after_events import RecordingFailed
from service.calls.commands import DeleteTape, FindTapes, StopRecording
from service.calls.inputs import EraseAsked
from service.calls.removals import DELAYS_S, FIND_S, REPLY_S
from service.calls.tape_answers import TapeDeleted, TapeNotDeleted
from service.ids import LegId
from tests.calls.harness import T0, A, B, Driver, talking
from tests.calls.tapes import OVER, TAPED, kept, not_kept, over, saved

DELETES = replace(TAPED, delete_at_telnyx=True)
GONE = TapeDeleted(tape_id="tape-1", at=OVER + 21)


def deleted(call: Driver) -> list[tuple[LegId, str]]:
    """Return which recordings Telnyx was asked to delete, in order."""
    return [(one.leg_id, one.tape_id) for one in call.asked(DeleteTape)]


def fails(reason: str = "unreachable", code: str = "") -> TapeNotDeleted:
    """Telnyx did not delete it."""
    return TapeNotDeleted(tape_id="tape-1", at=OVER + 21, reason=reason, code=code)


def failures(call: Driver) -> list[tuple[int, str, str, str]]:
    """Return what was told to have failed."""
    return [(one.revision, one.stage, one.reason, one.code) for one in call.events(RecordingFailed)]


def fetched(tape: str | None = "tape-1") -> Driver:
    """Return a call whose recording is here."""
    call = over(DELETES)
    call.receive(saved(tape=tape), now=OVER + 2)
    call.receive(kept(), now=OVER + 20)
    return call


def test_what_is_here_is_deleted_there() -> None:
    """Not before, and once; then nothing is waited for."""
    call = over(DELETES)
    call.receive(saved(), now=OVER + 2)
    call.run_until(OVER + 10)
    assert deleted(call) == []
    call.receive(kept(), now=OVER + 20)
    assert deleted(call) == [(A, "tape-1")]
    call.receive(GONE, GONE, saved(OVER + 22), now=OVER + 22)
    call.run_until(OVER + 9_000)

    assert deleted(call) == [(A, "tape-1")]
    assert failures(call) == []
    assert call.outcome.ended


@pytest.mark.parametrize("route", [TAPED, DELETES])
def test_what_is_not_here_stays_there(route: object) -> None:
    """So does everything where the route does not say so."""
    call = over(DELETES if route is DELETES else TAPED)
    call.receive(saved(), now=OVER + 2)
    call.receive(kept() if route is TAPED else not_kept("too_large", for_good=True), now=OVER + 20)
    call.run_until(OVER + 9_000)

    assert deleted(call) == []


def test_it_is_asked_for_until_telnyx_has_it_no_more() -> None:
    """Ever more slowly; then it is told, with Telnyx's code."""
    call = fetched()
    for delay_s in DELAYS_S:
        call.receive(fails(), now=call.now + 1)
        asked = len(deleted(call))
        call.run_until(call.now + delay_s - 0.5)
        assert len(deleted(call)) == asked
        call.run_until(call.now + 1)
        assert len(deleted(call)) == asked + 1
    call.receive(fails("refused", "10009"), now=call.now + 1)
    call.run_until(call.now + 100_000)

    assert failures(call) == [(1, "deletion", "refused", "10009")]
    assert len(deleted(call)) == 1 + len(DELAYS_S)
    assert call.outcome.ended


def test_no_answer_is_none() -> None:
    """Whoever asked is gone; the next process asks at once."""
    call = fetched()
    call.run_until(OVER + 20 + REPLY_S)
    assert len(deleted(call)) == 2
    call.restart(OVER + 90)
    call.run_until(OVER + 91)

    assert len(deleted(call)) == 3


def test_a_recording_whose_id_was_not_told_is_looked_for() -> None:
    """By its beginning, in what Telnyx has of the leg."""
    call = fetched(tape=None)
    assert deleted(call) == []
    assert [one.leg_id for one in call.asked(FindTapes)] == [A]
    other = saved(OVER + 21, tape="another", started_at=T0 + 40)
    call.receive(other, saved(OVER + 21.5), now=OVER + 22)
    call.run_until(OVER + 24)

    assert set(deleted(call)) == {(A, "tape-1")}


def test_a_recording_that_telnyx_does_not_show_is_told() -> None:
    """It may be there still."""
    call = fetched(tape=None)
    call.restart(OVER + 21)
    call.run_until(OVER + 20 + 2 * sum(FIND_S))

    assert len(call.asked(FindTapes)) == len(FIND_S)
    assert failures(call) == [(0, "deletion", "never_saved", "")]


def test_an_id_that_is_told_before_it_is_here_is_the_one_that_is_deleted() -> None:
    """The webhook had none, the list has."""
    call = over(DELETES)
    call.receive(saved(tape=None), saved(OVER + 3), now=OVER + 4)
    call.receive(kept(), now=OVER + 20)

    assert deleted(call) == [(A, "tape-1")]


def erased(call: Driver, at: float) -> Driver:
    """Have a call erased."""
    call.receive(EraseAsked(at=at), now=at)
    return call


def test_what_is_erased_here_is_erased_there() -> None:
    """Kept or not; what Telnyx answers is heeded, and nothing is left then."""
    call = over(DELETES)
    call.receive(saved(), saved(tape="tape-2", started_at=T0 + 30, leg=A), now=OVER + 2)
    erased(call, OVER + 3)
    call.run_until(OVER + 4)
    assert deleted(call) == [(A, "tape-1"), (A, "tape-2")]
    call.receive(GONE, TapeDeleted(tape_id="tape-2", at=OVER + 5), now=OVER + 5)
    call.run_until(OVER + 9_000)

    assert call.session.state.removals == []
    assert call.outcome.ended
    assert call.types[-1] == "transcript.erased"


def test_what_is_recorded_while_it_is_erased_is_deleted_once_it_is_told() -> None:
    """Or once Telnyx shows it; in the end nobody waits for it any more, and nothing is told."""
    call = erased(talking(DELETES), T0 + 20)
    assert len(call.asked(StopRecording)) == 1
    call.run_until(T0 + 20 + FIND_S[0])
    assert [one.leg_id for one in call.asked(FindTapes)] == [A]
    nameless, late = saved(T0 + 51, tape=None), saved(T0 + 52)
    call.receive(nameless, late, late, now=T0 + 52)
    assert deleted(call) == [(A, "tape-1")]
    call.receive(GONE, now=T0 + 53)
    call.run_until(T0 + 20_000)

    assert len(call.asked(FindTapes)) == len(FIND_S)
    assert call.session.state.removals == []
    assert failures(call) == []
    assert call.outcome.ended


def test_what_was_not_told_yet_is_looked_for() -> None:
    """The call is over, and its recording to come; of a leg that was not recorded nothing is."""
    call = erased(over(DELETES), OVER + 1)
    call.run_until(OVER + 1 + FIND_S[0])

    assert [one.leg_id for one in call.asked(FindTapes)] == [A]
    assert B not in {one.leg_id for one in call.session.state.removals}


def test_a_deletion_that_telnyx_refuses_after_an_erasure_ends() -> None:
    """Nothing is told of an erased call any more."""
    call = erased(fetched(), OVER + 21)
    for _ in range(len(DELAYS_S) + 1):
        call.receive(fails("refused", "10009"), now=call.now + 10_000)

    assert call.session.state.removals == []
    assert failures(call) == []


def test_without_the_setting_an_erasure_leaves_telnyx_alone() -> None:
    """Also what is told later."""
    call = over()
    call.receive(saved(), now=OVER + 2)
    erased(call, OVER + 3)
    call.receive(saved(OVER + 4, tape="tape-2", started_at=T0 + 30), now=OVER + 5)
    call.run_until(OVER + 9_000)

    assert deleted(call) == []
    assert call.session.state.removals == []
