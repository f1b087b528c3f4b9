"""A call's recording is transcribed once more, whole, by another engine, if the route wants that.

What comes of it stands beside the words that were heard live, and never in their place. It is asked
for until it is there, ever more slowly, also after a restart; what is not to be had is told.
"""

from dataclasses import replace
from typing import Final

from service.calls.after_events import (
    RecordingFailed,
    RecordingTranscribed,
    TranscribedSegment,
)
from service.calls.commands import HearRecording
from service.calls.redactions import key_of, policy_of, told
from service.calls.second_hearing_answers import HeardSegment, RecordingHeard, RecordingUnheard
from service.calls.state import CallState, SecondHearing
from service.calls.turn import Turn
from service.ids import LegId
from service.redaction.memory import Memory
from service.redaction.redactor import Spoken, redact
from service.words import join_pieces

DELAYS_S: Final = (60.0, 300.0, 1_800.0, 3_600.0, 7_200.0)
"""Before it is asked for again, by how often it came to nothing; after the last it is given up."""
REPLY_S: Final = 3 * 3_600.0
"""After so long no answer is to be expected: whoever asked is gone."""


def want(turn: Turn) -> None:
    """Have the recording transcribed, as it is now, if the route says by whom."""
    choice, before = turn.route.after_call, turn.state.heard_again
    if choice is None:
        return
    generation = before.generation + 1 if before else 1
    turn.state.heard_again = hearing = SecondHearing(choice, generation)
    _ask(turn, hearing)


def again(turn: Turn) -> None:
    """Have it transcribed anew by whoever has the call next: more of it is silent now."""
    before = turn.state.heard_again
    if before is not None:
        again = SecondHearing(before.choice, before.generation + 1, look_at=turn.now)
        turn.state.heard_again = again


def next_look(state: CallState) -> float | None:
    """Return when to ask again; None if nothing is waited for."""
    return state.heard_again.look_at if state.heard_again else None


def wake(turn: Turn) -> None:
    """Ask again, where the time for that has come."""
    hearing = turn.state.heard_again
    if hearing is not None and hearing.look_at is not None and turn.now >= hearing.look_at:
        _ask(turn, hearing)


def restarted(turn: Turn, *, at: float) -> None:
    """Have it asked for again at once: whoever was asked is gone."""
    hearing = turn.state.heard_again
    if hearing is not None and hearing.look_at is not None:
        hearing.look_at = at


def take(turn: Turn, item: RecordingHeard | RecordingUnheard) -> None:
    """Tell what came of it; of a recording that has grown since, the next answer counts."""
    hearing = turn.state.heard_again
    if hearing is None or item.generation != hearing.generation or hearing.look_at is None:
        return
    if isinstance(item, RecordingHeard):
        hearing.look_at = None
        _transcribed(turn, hearing, item)
        return
    hearing.failures += 1
    if item.for_good or hearing.failures > len(DELAYS_S):
        hearing.look_at = None
        turn.record(
            RecordingFailed(
                revision=hearing.generation,
                stage="transcription",
                reason=item.reason,
                code=item.code,
            ),
            item.at,
        )
        return
    hearing.look_at = turn.now + DELAYS_S[hearing.failures - 1]


def _ask(turn: Turn, hearing: SecondHearing) -> None:
    choice = hearing.choice
    hearing.look_at = turn.now + REPLY_S
    turn.ask(
        HearRecording(
            generation=hearing.generation,
            engine=choice.engine,
            model=choice.model,
            language=choice.language or turn.route.language,
        )
    )


def _transcribed(turn: Turn, hearing: SecondHearing, item: RecordingHeard) -> None:
    memory = Memory()
    segments = tuple(_shown(turn, memory, one, item) for one in item.segments)
    turn.record(
        RecordingTranscribed(
            revision=hearing.generation,
            engine=hearing.choice.engine,
            model=hearing.choice.model,
            language=item.language,
            text=join_pieces(one.text for one in segments),
            segments=segments,
        ),
        item.at,
    )


def _shown(
    turn: Turn, memory: Memory, segment: HeardSegment, item: RecordingHeard
) -> TranscribedSegment:
    """Return a segment as the route lets it be shown: numbers are hidden as in the live words."""
    shown = TranscribedSegment(
        role=turn.route.roles.get(segment.track, "unknown"),
        track=segment.track,
        text=segment.text,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
    )
    if not turn.route.redact:
        return shown
    spoken = Spoken(
        text=segment.text,
        key=key_of(LegId(""), segment.track),
        at=item.at + (segment.start_ms or 0) / 1000,
        is_final=True,
        language=item.language,
    )
    hidden = redact(memory, policy_of(turn.route), spoken)
    return replace(shown, text=hidden.text, redactions=told((), hidden))
