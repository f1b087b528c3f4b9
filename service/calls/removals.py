"""What Telnyx recorded is deleted there, where a route wants that: once it is kept here, or erased.

Telnyx is asked until it has the recording no more, ever more slowly, also after a restart. Where
its webhook did not say which one it is, or an erased call may have some that nobody told of,
Telnyx is asked what it has of the leg.
"""

from typing import Final

from service.calls.after_events import RecordingFailed
from service.calls.commands import DeleteTape, FindTapes
from service.calls.recorded import Removal, Tape
from service.calls.state import CallState, Progress
from service.calls.tape_answers import TapeDeleted, TapeNotDeleted
from service.calls.tape_webhooks import TapeSaved
from service.calls.turn import Turn
from service.ids import LegId

REPLY_S: Final = 60.0
"""After so long no answer is to be expected: whoever asked is gone."""
DELAYS_S: Final = (5.0, 15.0, 60.0, 180.0, 600.0, 1_800.0, 3_600.0, 7_200.0)
"""Before it is asked again, by how often it came to nothing; after the last it is given up."""
FIND_S: Final = (30.0, 60.0, 300.0, 900.0, 3_600.0)
"""When Telnyx is asked what it has of a leg, and again as long as it has nothing."""


def kept(turn: Turn, tape: Tape) -> None:
    """Have a recording deleted at Telnyx, now that it is here, if the route says so."""
    if not turn.route.delete_at_telnyx:
        return
    if is_named(tape):
        _want(turn.state, tape.leg_id, tape.id, at=turn.now)
    else:
        _want(turn.state, tape.leg_id, "", at=turn.now)


def is_named(tape: Tape) -> bool:
    """Say whether a recording's id is Telnyx's; one without gets one that begins with its leg's."""
    return not tape.id.startswith(f"{tape.leg_id}/")


def told(turn: Turn, tape: Tape, item: TapeSaved) -> None:
    """Take it that a recording has this id, of which that was not known when it was kept."""
    if item.tape_id is None or is_named(tape):
        return
    tape.id = item.tape_id
    wanted = [one for one in turn.state.removals if (one.leg_id, one.tape_id) == (tape.leg_id, "")]
    if wanted and tape.kept_ms is not None:
        wanted[0].tape_id, wanted[0].failures, wanted[0].look_at = tape.id, 0, turn.now


def left_behind(turn: Turn) -> list[Removal]:
    """Return what of a call that is being erased is to be deleted at Telnyx."""
    state = turn.state
    if not turn.route.delete_at_telnyx:
        return []
    named = [tape for tape in state.tapes if is_named(tape)]
    found = [Removal(tape.leg_id, tape.id, turn.now) for tape in named]
    for leg_id, leg in state.legs.items():
        known = sum(1 for tape in named if tape.leg_id == leg_id)
        if leg.recording.progress is not Progress.OFF or known < leg.taping.begun:
            found.append(Removal(leg_id, "", turn.now + FIND_S[0]))
    return found


def told_too_late(turn: Turn, item: TapeSaved) -> None:
    """Have a recording deleted of which Telnyx tells once its call was erased."""
    if turn.route.delete_at_telnyx and item.tape_id is not None:
        _want(turn.state, item.leg_id, item.tape_id, at=turn.now)


def next_look(state: CallState) -> float | None:
    """Return when the next one is to be asked for; None if none is."""
    return min((removal.look_at for removal in state.removals), default=None)


def wake(turn: Turn) -> None:
    """Ask Telnyx for what is due."""
    for removal in list(turn.state.removals):
        if turn.now < removal.look_at:
            continue
        if removal.tape_id:
            removal.look_at = turn.now + REPLY_S
            turn.ask(DeleteTape(leg_id=removal.leg_id, tape_id=removal.tape_id))
            continue
        removal.failures += 1
        turn.ask(FindTapes(leg_id=removal.leg_id))
        if removal.failures < len(FIND_S):
            removal.look_at = turn.now + FIND_S[removal.failures]
        else:
            _give_up(turn, removal, "never_saved", code="", at=turn.now)


def restarted(turn: Turn, *, at: float) -> None:
    """Ask at once for what whoever had the call had asked for."""
    for removal in turn.state.removals:
        removal.look_at = min(removal.look_at, at) if removal.tape_id else removal.look_at


def take(turn: Turn, item: TapeDeleted | TapeNotDeleted) -> None:
    """Take note of what became of a recording at Telnyx."""
    state = turn.state
    removal = next((one for one in state.removals if one.tape_id == item.tape_id), None)
    if removal is None:
        return  # it was asked for twice
    if isinstance(item, TapeDeleted):
        state.removals.remove(removal)
        return
    removal.failures += 1
    if removal.failures > len(DELAYS_S):
        _give_up(turn, removal, item.reason, code=item.code, at=item.at)
    else:
        removal.look_at = turn.now + DELAYS_S[removal.failures - 1]


def _want(state: CallState, leg_id: LegId, tape_id: str, *, at: float) -> None:
    known = any(one.leg_id == leg_id and one.tape_id == tape_id for one in state.removals)
    if not known:
        state.removals.append(Removal(leg_id, tape_id, at))


def _give_up(turn: Turn, removal: Removal, reason: str, *, code: str, at: float) -> None:
    """Ask no more, and tell that; of a call that was erased nothing is told any more."""
    state = turn.state
    state.removals.remove(removal)
    if state.erased:
        return
    ids = [tape.id for tape in state.tapes]
    number = ids.index(removal.tape_id) + 1 if removal.tape_id in ids else 0
    event = RecordingFailed(revision=number, stage="deletion", reason=reason, code=code)
    turn.record(event, at)
