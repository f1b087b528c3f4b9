"""A call ends: late words are waited for, and the books are closed."""

from service.calls import (
    gaps,
    in_call,
    ordering,
    parties,
    pauses,
    recordings,
    streams,
    tapes,
    vitals,
)
from service.calls.commands import FetchMissed
from service.calls.coverage import balance
from service.calls.events import CallEnded, Coverage, TranscriptCompleted
from service.calls.inputs import LegHungUp
from service.calls.state import CallState, Ledger, Phase
from service.calls.turn import UNROUTED, Turn

GRACE_S = 5.0
"""How long late in-call words are waited for after the last leg hung up."""
FINISH_S = 15.0
"""How long the recognitions of an ended call may take for their tail."""


def end(turn: Turn, item: LegHungUp) -> None:
    """Note that the last leg hung up; what is under way may come to its end."""
    state = turn.state
    if state.phase not in (Phase.RINGING, Phase.TALKING):
        return
    state.phase, state.ended_at = Phase.ENDING, item.occurred_at
    state.hand_over_at = None
    in_call.end_wordless(turn, at=item.occurred_at)
    event = CallEnded(
        leg=item.leg_id,
        cause=item.cause,
        ended_by=item.source,
        sip_code=item.sip_code,
        duration_ms=state.clock_ms(item.occurred_at),
        participants=parties.participants(state, turn.route),
    )
    turn.record(event, item.occurred_at)
    turn.keep_for(turn.route.retention, item.occurred_at)
    if item.cause != ordering.NEVER_SEEN and _may_have_in_call_words(state):
        turn.ask(FetchMissed(since=state.began_at))  # words that Telnyx could not deliver
    for leg_id in state.legs:
        streams.finish_streams(turn, leg_id, reason="call_ended", at_ms=event.duration_ms or 0)
        streams.hasten_streams(turn, leg_id)
    state.finish_by = turn.now + _patience_s(turn)


def end_unheard(turn: Turn) -> None:
    """End a call that nobody said anything about for hours: its hang-up was lost."""
    state = turn.state
    if state.route is None or state.primary is None:
        leave(state)
        return
    for leg in state.legs.values():
        leg.hung_up = True
        leg.ended_at = leg.ended_at or turn.now
    end(turn, vitals.lost_hang_up(state, state.primary, turn.now))


def leave(state: CallState) -> None:
    """Leave a call alone that no route wanted, now that it is over."""
    state.phase = Phase.COMPLETE


def complete(turn: Turn) -> None:
    """Close the books. Words that come later still are recorded, and it is done again."""
    state, now = turn.state, turn.now
    state.phase, state.finish_by = Phase.COMPLETE, None
    duration_ms = state.clock_ms(state.ended_at or now)
    coverage = _balance(turn, duration_ms)  # this may tell of gaps
    tapes.completed(turn)
    recordings.tell(turn, at=now)
    event = TranscriptCompleted(
        duration_ms=duration_ms,
        utterances=state.utterances,
        words=state.words,
        gaps=state.gaps,
        coverage=coverage,
        participants=parties.participants(state, turn.route),
    )
    turn.record(event, now)


def reopen(turn: Turn) -> None:
    """Have a complete call completed again after words that came too late for it."""
    if turn.state.phase is Phase.COMPLETE:
        turn.state.finish_by = turn.now + GRACE_S


def _may_have_in_call_words(state: CallState) -> bool:
    return (state.route or UNROUTED).source == "in_call" or state.stage > 0


def _patience_s(turn: Turn) -> float:
    if turn.state.streams:
        return FINISH_S
    return GRACE_S if turn.route.source == "in_call" else 0.0


def _balance(turn: Turn, duration_ms: int | None) -> dict[str, Coverage] | None:
    state, tracks = turn.state, turn.route.heard_tracks
    if duration_ms is None:
        return None
    for track in tracks:
        gaps.close_gap(turn, track, until_ms=duration_ms)
    if state.route is None or not state.route.carries_media:
        return None
    paused_ms = pauses.total_ms(state, duration_ms)
    return {
        track: balance(state.ledgers.setdefault(track, Ledger()), duration_ms, paused_ms)
        for track in tracks
    }
