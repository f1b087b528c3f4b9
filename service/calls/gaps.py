"""Audio that nobody will ever transcribe: told as gaps, and booked as lost."""

from dataclasses import dataclass, replace

from service.calls import pauses, silences
from service.calls.coverage import count_lost
from service.calls.events import TranscriptGap
from service.calls.state import Hole, Ledger, Span
from service.calls.turn import Turn
from service.calls.utterances import SPEAKING_MS_PER_WORD, role_of
from service.ids import LegId, Track

MIN_GAP_MS = 500
"""Shorter ones are a stream being set up or taken down; nobody is told of them."""
NEVER_CAME = frozenset({"frames_lost"})
"""Why a recognition missed audio that did not reach us."""
MIN_LOSS_MS = SPEAKING_MS_PER_WORD
"""What is longer than a word is booked as lost all the same."""
_TOUCH_MS = 50
"""So far apart are holes at most that touch, by two clocks: of the call, and of the audio."""


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
    note(turn, Gap(state.primary, track, Span(gap.since_ms, until_ms), gap.reason))


def report(turn: Turn, gap: Gap) -> None:
    """Tell of audio that will never be transcribed; what nobody was to hear is not lost.

    What reached us and is lost all the same is told of any length: it is owed, and a word may take
    a fifth of a second. A few frames that never came are booked, and no event.
    """
    for span in pauses.outside(turn.state, gap.span):
        part = replace(gap, span=span)
        if gap.reason not in NEVER_CAME:
            _tell(turn, part)
        elif not _is_told(turn, part):
            _book(turn, part)


def note(turn: Turn, gap: Gap) -> None:
    """Tell of a hole that is long, be it with what it touches; book one that may be a word.

    What is shorter is nothing: audio may be shorter than the time it took, as some is on its way
    and clocks differ.
    """
    for span in pauses.outside(turn.state, gap.span):
        part = replace(gap, span=span)
        if not _is_told(turn, part) and span.length_ms >= MIN_LOSS_MS:
            _book(turn, part)


def _is_told(turn: Turn, gap: Gap) -> bool:
    """Tell of audio that never came, if it is long together with the hole that it touches."""
    if gap.span.length_ms <= 0:
        return False
    holes, whole = turn.state.last_holes, Hole(gap.span, gap.reason)
    before = holes.get(gap.track)
    if before is not None and _touch(before, whole):
        span = Span(
            min(before.span.start_ms, gap.span.start_ms), max(before.span.end_ms, gap.span.end_ms)
        )
        whole = Hole(span, gap.reason, is_told=before.is_told)
    holes[gap.track] = whole
    if whole.is_told:
        _tell(turn, gap)
    elif whole.span.length_ms >= MIN_GAP_MS:
        whole.is_told = True
        _tell(turn, replace(gap, span=whole.span))
    return whole.is_told


def _touch(one: Hole, other: Hole) -> bool:
    """Say whether nothing can be heard between two holes.

    Those of one reason are of one clock, as a rule: a few frames between them were heard.
    """
    apart_ms = max(
        one.span.start_ms - other.span.end_ms,
        other.span.start_ms - one.span.end_ms,
    )
    return apart_ms <= (0 if one.reason == other.reason else _TOUCH_MS)


def _book(turn: Turn, gap: Gap) -> None:
    silences.lost(turn, gap.leg_id, gap.track, gap.span)
    ledger = turn.state.ledgers.setdefault(gap.track, Ledger())
    count_lost(ledger, gap.span, gap.reason)


def _tell(turn: Turn, gap: Gap) -> None:
    state = turn.state
    _book(turn, gap)
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
