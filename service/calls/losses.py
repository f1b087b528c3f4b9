"""Audio that nobody will ever transcribe: told as gaps, and booked as lost."""

from service.calls import quiet
from service.calls.coverage import count_lost
from service.calls.events import TranscriptGap
from service.calls.outbox import Outbox
from service.calls.routes import Route
from service.calls.state import CallState, Ledger
from service.calls.utterances import role_of
from service.ids import LegId, Track

SHORTEST_HOLE_MS = 500
"""Shorter holes are a stream being set up or taken down; nobody is told of them."""


def close_hole(
    state: CallState, out: Outbox, route: Route, track: Track, *, until_ms: int, at: float
) -> None:
    """Account for the audio of a track that did not reach us until now."""
    hole = state.holes.pop(track, None)
    if hole is None or state.primary is None:
        return
    for span in quiet.outside(state, (hole.since_ms, until_ms)):
        if span[1] - span[0] >= SHORTEST_HOLE_MS:
            leg_id = state.primary
            _lose(state, out, route, leg_id, track=track, span=span, reason=hole.reason, at=at)


def lose(
    state: CallState,
    out: Outbox,
    route: Route,
    leg_id: LegId,
    *,
    track: Track,
    span: tuple[int, int],
    reason: str,
    at: float,
) -> None:
    """Tell of audio that will never be transcribed; `span` is on the call clock.

    What nobody was to hear is not lost.
    """
    for part in quiet.outside(state, span):
        _lose(state, out, route, leg_id, track=track, span=part, reason=reason, at=at)


def _lose(
    state: CallState,
    out: Outbox,
    route: Route,
    leg_id: LegId,
    *,
    track: Track,
    span: tuple[int, int],
    reason: str,
    at: float,
) -> None:
    count_lost(state.ledgers.setdefault(track, Ledger()), *span)
    state.gaps += 1
    event = TranscriptGap(
        track=track,
        role=role_of(state, route, leg_id, track),
        leg=leg_id,
        start_ms=span[0],
        end_ms=span[1],
        reason=reason,
    )
    out.record(event, at)
