"""Audio that nobody will ever transcribe: told as gaps, and booked as lost."""

from dataclasses import dataclass, replace

from service.calls import pauses
from service.calls.coverage import count_lost
from service.calls.events import TranscriptGap
from service.calls.state import Ledger, Span
from service.calls.turn import Turn
from service.calls.utterances import SPEAKING_MS_PER_WORD, role_of
from service.ids import LegId, Track

MIN_GAP_MS = 500
"""Shorter ones are a stream being set up or taken down; nobody is told of them."""
NEVER_CAME = frozenset({"frames_lost"})
"""Why a recognition missed audio that did not reach us."""
MIN_LOSS_MS = SPEAKING_MS_PER_WORD
"""What is longer than a word is booked as lost all the same."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Audio of a track that will never be transcribed, where on the call clock, and why."""

    leg_id: LegId
    track: Track
    span: Span
    reason: str


def close_gap(turn: Turn, track: Track, *, until_ms: int) -> None:
    """Account for the audio of a track that did not reach us until now."""
    state = turn.state
    gap = state.open_gaps.pop(track, None)
    if gap is None or state.primary is None:
        return
    if gap.until_ms is not None:
        until_ms = gap.until_ms
    for span in pauses.outside(state, Span(gap.since_ms, until_ms)):
        if span.length_ms >= MIN_GAP_MS:
            _tell(turn, Gap(state.primary, track, span, gap.reason))
        elif span.length_ms >= MIN_LOSS_MS:
            count_lost(state.ledgers.setdefault(track, Ledger()), span, gap.reason)


def report(turn: Turn, gap: Gap) -> None:
    """Tell of audio that will never be transcribed; what nobody was to hear is not lost.

    What reached us and is lost all the same is told of any length: it is owed, and a word may take
    a fifth of a second. A few frames that never came are booked, and no event.
    """
    for part in pauses.outside(turn.state, gap.span):
        if gap.reason in NEVER_CAME and part.length_ms < MIN_GAP_MS:
            count_lost(turn.state.ledgers.setdefault(gap.track, Ledger()), part, gap.reason)
        else:
            _tell(turn, replace(gap, span=part))


def _tell(turn: Turn, gap: Gap) -> None:
    state = turn.state
    count_lost(state.ledgers.setdefault(gap.track, Ledger()), gap.span, gap.reason)
    state.gaps += 1
    event = TranscriptGap(
        track=gap.track,
        role=role_of(turn, gap.leg_id, gap.track),
        leg=gap.leg_id,
        start_ms=gap.span.start_ms,
        end_ms=gap.span.end_ms,
        reason=gap.reason,
    )
    turn.record(event, turn.now)
