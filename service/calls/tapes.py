"""Telnyx's own recordings of a call (`record = "telnyx"`): told of, fetched, and kept as ours are.

What Telnyx tells of them comes after the hang-up, late, twice or never, and its links are good for
ten minutes. Each is fetched until it is here, ever more slowly, also after a restart; a link that
is too old, or that nobody told us, is asked for. Where a route hides anything, the call's last
words are waited for.
"""

from typing import Final

from service.calls import recordings, removals, requests, silences
from service.calls.after_events import RecordingFailed
from service.calls.carrier_answers import CommandDone, CommandFailed
from service.calls.commands import FetchTape, FindTapes
from service.calls.recorded import Tape
from service.calls.state import CallState, Leg, Phase, Progress
from service.calls.tape_answers import TapeKept, TapeNotKept
from service.calls.tape_webhooks import TapeFailed, TapeSaved
from service.calls.turn import Turn
from service.ids import LegId

LINK_S: Final = 540.0
"""How long a link is taken to be good: a minute less than Telnyx says."""
DELAYS_S: Final = (5.0, 15.0, 60.0, 180.0, 600.0, 1_800.0, 3_600.0, 7_200.0)
"""Before it is fetched again, by how often it came to nothing; after the last it is given up."""
REPLY_S: Final = 3_600.0
"""After so long no answer is to be expected: whoever fetched it is gone."""
DUE_S: Final = (30.0, 60.0, 300.0, 900.0, 3_600.0)
"""How long a recording that ended may go untold, before Telnyx is asked for it; and again."""
BEGINS_S: Final = 10.0
"""How long before Telnyx says that it records it may have begun to."""
MAX_UNREACHED: Final = 3
"""So often in a row Telnyx may not be reached with the command before that is told."""
NOT_YET: Final = frozenset({"90020", "90034"})
"""Refusals that say the leg has no audio yet."""
_DAY_S: Final = 86_400.0
_REASONS: Final = {
    "failed to authorize with storage using custom credentials": "storage_unauthorized",
    "invalid credentials json": "storage_credentials",
    "unsupported backend": "storage_unsupported",
}


# --- the commands ---


def begun(leg: Leg, item: CommandDone) -> None:
    """Note that Telnyx records a leg."""
    requests.is_so(leg.recording)
    leg.recording.taken_at = item.at
    leg.taping.begun += 1
    leg.taping.failed = False
    leg.taping.due_at = None


def not_begun(turn: Turn, leg: Leg, item: CommandFailed) -> None:
    """Have it asked for again; tell once if Telnyx does not do it."""
    if leg.recording.progress is not Progress.ASKED:
        return
    refused = item.reason == "refused" and item.code not in NOT_YET
    requests.came_to_nothing(leg.recording, turn.now, refused=refused)
    if item.reason == "refused":
        leg.recording.generation += 1
    lasts = refused or leg.recording.failures >= MAX_UNREACHED
    if lasts and not leg.taping.failed and requests.lives(turn.state, item.leg_id):
        leg.taping.failed = True
        _tell_failed(turn, 0, "start", item.reason, code=item.code, at=item.at)


def ended(turn: Turn, leg_id: LegId) -> None:
    """Expect to be told of what was recorded of a leg, if it is not any more."""
    leg = turn.state.legs[leg_id]
    taping, is_over = leg.taping, leg.hung_up or leg.recording.progress is Progress.OFF
    if is_over and taping.due_at is None and _missing(turn.state, leg_id):
        taping.due_at, taping.asked = turn.now + DUE_S[0], 0


# --- what Telnyx tells ---


def told(turn: Turn, item: TapeSaved | TapeFailed) -> None:
    """Take note of a recording that is over, or that Telnyx could not store."""
    state = turn.state
    leg_id = item.leg_id if item.leg_id in state.legs else state.primary
    if state.route is None or state.route.record != "telnyx" or leg_id is None:
        return
    leg = state.legs[leg_id]
    if isinstance(item, TapeFailed):
        leg.taping.begun = max(0, leg.taping.begun - 1)
        reason = _REASONS.get((item.reason or "").lower(), "internal_error")
        _tell_failed(turn, 0, "storage", reason, at=item.occurred_at)
    else:
        _note_end(leg, item)
        _saved(turn, leg_id, item)
    if not _missing(state, leg_id):
        leg.taping.due_at = None


def _note_end(leg: Leg, item: TapeSaved) -> None:
    """Take it that what Telnyx recorded last is over, whoever ended it."""
    request, taken_at = leg.recording, leg.recording.taken_at or 0.0
    runs = request.progress in (Progress.ON, Progress.STOPPING)
    is_ours = (item.started_at or taken_at) >= taken_at - BEGINS_S
    if runs and is_ours and (item.ended_at or item.occurred_at) >= taken_at:
        request.progress, request.look_at, request.failures = Progress.OFF, None, 0
        request.generation += 1


def _saved(turn: Turn, leg_id: LegId, item: TapeSaved) -> None:
    state = turn.state
    tape = _find(state, leg_id, item)
    if tape is None:
        taken_at = state.legs[leg_id].recording.taken_at
        started_at = item.started_at or taken_at or state.answered_at or item.occurred_at
        tape_id = item.tape_id or f"{leg_id}/{started_at}"
        tape = Tape(leg_id, tape_id, "", 0.0, started_at)
        state.tapes.append(tape)
    removals.told(turn, tape, item)
    if tape.over or tape.kept_ms is not None or item.occurred_at <= tape.linked_at:
        return  # Telnyx repeats itself
    if item.link is None:
        _give_up(turn, tape, "no_wav", at=item.occurred_at)
        return
    tape.link, tape.linked_at = item.link, item.occurred_at
    if state.phase is Phase.COMPLETE or not silences.matter(turn.route):
        tape.look_at = turn.now


def _find(state: CallState, leg_id: LegId, item: TapeSaved) -> Tape | None:
    """Return a tape that is known. Telnyx's webhook does not always have its id."""
    for tape in state.tapes:
        begins = item.started_at is not None and tape.started_at == item.started_at
        if tape.id == item.tape_id or (tape.leg_id == leg_id and begins):
            return tape
    return None


def _missing(state: CallState, leg_id: LegId) -> bool:
    known = sum(1 for tape in state.tapes if tape.leg_id == leg_id)
    return known < state.legs[leg_id].taping.begun


# --- fetching ---


def next_look(state: CallState) -> float | None:
    """Return when the next tape is to be looked at, or missed; None if none is."""
    looks = [tape.look_at for tape in state.tapes]
    looks += [leg.taping.due_at for leg in state.legs.values()]
    return min((at for at in looks if at is not None), default=None)


def wake(turn: Turn) -> None:
    """Fetch what can be fetched, and ask for what nobody told of."""
    for number, tape in enumerate(turn.state.tapes, 1):
        if tape.look_at is not None and turn.now >= tape.look_at:
            _fetch(turn, number, tape)
    for leg_id, leg in turn.state.legs.items():
        if leg.taping.due_at is not None and turn.now >= leg.taping.due_at:
            _miss(turn, leg_id, leg)


def completed(turn: Turn) -> None:
    """Have what waited for the call's last words fetched."""
    for tape in turn.state.tapes:
        if not tape.over and tape.look_at is None:
            tape.look_at = turn.now


def restarted(turn: Turn, *, at: float) -> None:
    """Have everything fetched at once that whoever had the call was at."""
    for tape in turn.state.tapes:
        if tape.look_at is not None:
            tape.look_at = at


def take(turn: Turn, item: TapeKept | TapeNotKept) -> None:
    """Take note of what became of a tape."""
    state = turn.state
    if not 0 < item.number <= len(state.tapes):
        return
    tape = state.tapes[item.number - 1]
    if tape.over or tape.look_at is None:
        return  # somebody else fetched it as well
    if isinstance(item, TapeNotKept):
        _not_kept(turn, tape, item)
        return
    tape.look_at, tape.over, tape.link, tape.failures = None, True, "", 0
    tape.kept_ms = item.tape_ms if tape.kept_ms is None else tape.kept_ms
    removals.kept(turn, tape)
    if tape.is_stale:  # more was to be hidden while it was fetched
        tape.look_at, tape.over, tape.is_stale = turn.now, False, False
    recordings.kept(turn, item.duration_ms, item.size_bytes, at=item.at)


def _fetch(turn: Turn, number: int, tape: Tape) -> None:
    if tape.kept_ms is None and turn.now >= tape.linked_at + LINK_S:
        _failed(turn, tape, "link_expired", at=turn.now)
        if not tape.over:
            turn.ask(FindTapes(leg_id=tape.leg_id))
        return
    tape.look_at, tape.is_stale = turn.now + REPLY_S, False
    command = FetchTape(
        number=number,
        link=tape.link,
        offset_ms=silences.offset_ms(turn.state, tape),
        is_swapped=silences.side_of(turn.state, tape.leg_id, "inbound") == "outbound",
        silent=silences.of(turn),
        delete_at=_delete_at(turn),
    )
    turn.ask(command)


def _delete_at(turn: Turn) -> float | None:
    days = turn.route.retention.audio_days
    began_at = min(tape.started_at for tape in turn.state.tapes)
    return None if days is None else began_at + days * _DAY_S


def _not_kept(turn: Turn, tape: Tape, item: TapeNotKept) -> None:
    if item.for_good:
        _give_up(turn, tape, item.reason, at=item.at)
        return
    _failed(turn, tape, item.reason, at=item.at)
    if item.has_expired:
        tape.linked_at = 0.0
        tape.look_at = None if tape.over else turn.now


def _failed(turn: Turn, tape: Tape, reason: str, *, at: float) -> None:
    tape.failures += 1
    if tape.failures > len(DELAYS_S):
        _give_up(turn, tape, reason, at=at)
    else:
        tape.look_at = turn.now + DELAYS_S[tape.failures - 1]


def _give_up(turn: Turn, tape: Tape, reason: str, *, at: float) -> None:
    tape.look_at, tape.over, tape.link = None, True, ""
    stage = "fetch" if tape.kept_ms is None else "silencing"
    _tell_failed(turn, turn.state.tapes.index(tape) + 1, stage, reason, at=at)


def _miss(turn: Turn, leg_id: LegId, leg: Leg) -> None:
    taping = leg.taping
    taping.asked += 1
    if taping.asked >= len(DUE_S):
        taping.due_at, taping.begun = None, 0
        _tell_failed(turn, 0, "fetch", "never_saved", at=turn.now)
        return
    taping.due_at = turn.now + DUE_S[taping.asked]
    turn.ask(FindTapes(leg_id=leg_id))
    recordings.tell_if_over(turn, at=turn.now)


def _tell_failed(
    turn: Turn, number: int, stage: str, reason: str, *, at: float, code: str = ""
) -> None:
    turn.record(RecordingFailed(revision=number, stage=stage, reason=reason, code=code), at)
    recordings.tell_if_over(turn, at=at)
