"""Audio that nobody will ever transcribe: told as gaps, and booked as lost."""

from dataclasses import dataclass, replace

from service.calls import pauses
from service.calls.coverage import count_lost
from service.calls.events import TranscriptGap
from service.calls.state import Ledger, Span
from service.calls.turn import Turn
from service.calls.utterances import role_of
from service.ids import LegId, Track

SHORTEST_HOLE_MS = 500
"""Shorter holes are a stream being set up or taken down; nobody is told of them."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Audio of a track that will never be transcribed, where on the call clock, and why."""

    leg_id: LegId
    track: Track
    span: Span
    reason: str


def close_hole(turn: Turn, track: Track, *, until_ms: int) -> None:
    """Account for the audio of a track that did not reach us until now."""
    state = turn.state
    hole = state.holes.pop(track, None)
    if hole is None or state.primary is None:
        return
    for span in pauses.outside(state, Span(hole.since_ms, until_ms)):
        if span.length_ms >= SHORTEST_HOLE_MS:
            _tell(turn, Loss(state.primary, track, span, hole.reason))


def lose(turn: Turn, loss: Loss) -> None:
    """Tell of audio that will never be transcribed; what nobody was to hear is not lost."""
    for part in pauses.outside(turn.state, loss.span):
        _tell(turn, replace(loss, span=part))


def _tell(turn: Turn, loss: Loss) -> None:
    state = turn.state
    count_lost(state.ledgers.setdefault(loss.track, Ledger()), loss.span)
    state.gaps += 1
    event = TranscriptGap(
        track=loss.track,
        role=role_of(turn, loss.leg_id, loss.track),
        leg=loss.leg_id,
        start_ms=loss.span.start_ms,
        end_ms=loss.span.end_ms,
        reason=loss.reason,
    )
    turn.record(event, turn.now)
