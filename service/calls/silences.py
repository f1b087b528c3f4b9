"""What is not to be heard on Telnyx's recordings: remembered as the words come, on the call clock.

A tape is fetched once the call is over, and silenced before it is kept. Hidden is what a route
hides of words, with a margin, what nobody transcribed where a route hides anything, and what was
said in a pause. In-call words say only when they were over: everything since those before them is
hidden with them.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from service.calls.commands import JudgeSound
from service.calls.dialled import is_connected
from service.calls.inputs import WordsReported
from service.calls.recorded import Tape
from service.calls.routes import Route
from service.calls.sound_margins import TO_THE_END_MS, WHOLE_MARGIN_MS
from service.calls.state import CallState, Span, UtteranceSequence
from service.calls.turn import Turn
from service.ids import LegId, Track
from service.redaction.redactor import Aloud, Earlier

PLACE_MS: Final = 500
"""How far the place of a tape on the call clock, which Telnyx's times give, may be off."""
LATE_MS: Final = 3_000
"""How long after they were said in-call words may be reported."""
MAX_SPOKEN_MS: Final = 60_000
"""Where it is not known what came before in-call words, they began no earlier than this."""
MAX_SPANS: Final = 1_000
"""Of each side; what is between the two that are nearest to each other is hidden, too, then."""
SIDES: Final[tuple[Track, ...]] = ("inbound", "outbound")

Spans = list[tuple[int, int]]


def matter(route: Route) -> bool:
    """Whether anything that was said may be hidden on the tapes of a route's calls."""
    return route.record == "telnyx" and bool(route.redact or route.pause_on)


def judge(turn: Turn, command: JudgeSound) -> None:
    """Remember what a recognition's words, or audio without any, hide; its milliseconds."""
    stream = turn.state.streams.get(command.ref.stream_id)
    by_ms = 0 if stream is None else stream.offset_ms
    sides = (side_of(turn.state, command.ref.leg_id, command.ref.track),)
    hidden = [(one.start_ms + by_ms, one.end_ms + by_ms) for one in command.hidden]
    waiting = [(one.start_ms + by_ms, one.end_ms + by_ms) for one in command.open]
    _take(turn, sides, hidden, waiting, command.earlier)


def reported(turn: Turn, item: WordsReported, sequence: UtteranceSequence) -> None:
    """Remember what an in-call final hides; `sequence` is as it was before."""
    end_ms = turn.state.clock_ms(item.occurred_at)
    if not matter(turn.route) or end_ms is None:
        return
    before_ms = sequence.end_ms if sequence.end_ms <= end_ms else end_ms - MAX_SPOKEN_MS
    whole = [(before_ms - LATE_MS, end_ms + WHOLE_MARGIN_MS)]
    aloud = item.aloud or Aloud()
    sides = SIDES if item.track is None else (side_of(turn.state, item.leg_id, item.track),)
    _take(
        turn,
        sides,
        [] if aloud.hidden == () else whole,
        [] if aloud.open == () else whole,
        aloud.earlier,
    )


def lost(turn: Turn, leg_id: LegId, track: Track, span: Span) -> None:
    """Remember audio that nobody transcribed: nobody knows what was said in it."""
    if matter(turn.route):
        sides = (side_of(turn.state, leg_id, track),)
        _take(turn, sides, [(span.start_ms, span.end_ms)], [], "hold")


def hidden_late(state: CallState, spans: Iterable[tuple[Track | None, Span]]) -> None:
    """Remember what is hidden of a call that is over: in what is kept it is silent by now."""
    if state.route is None or state.route.record != "telnyx":
        return
    for track, span in spans:
        for side in SIDES if track is None else (track,):
            before = state.silences.hidden.get(side, [])
            state.silences.hidden[side] = merged([*before, (span.start_ms, span.end_ms)])
    for tape in state.tapes:
        tape.is_stale = tape.kept_ms is None


def settle(turn: Turn, earlier: Earlier) -> None:
    """Settle what waits: nothing more is to be known of a media WebSocket."""
    _take(turn, (), [], [], earlier)


def paused(state: CallState, since: float, until: float) -> None:
    """Remember a pause (Unix seconds) of which only the length is kept elsewhere."""
    span = (state.clock_ms(since) or 0, state.clock_ms(until) or 0)
    if state.route is not None and state.route.record == "telnyx":
        for side in SIDES:
            state.silences.hidden[side] = merged([*state.silences.hidden.get(side, []), span])


def side_of(state: CallState, leg_id: LegId, track: Track) -> Track:
    """Return the side of the call that a track of a leg is, whichever leg is transcribed."""
    leg = state.legs.get(leg_id)
    if leg is None or leg_id == state.routed or not (leg.opposite or is_connected(state, leg_id)):
        return track
    return "outbound" if track == "inbound" else "inbound"


def of(turn: Turn) -> dict[Track, Spans]:
    """Return all that is not to be heard of each side by what is known now, in order.

    What waits is let go of: nothing can follow once the call is over.
    """
    state = turn.state
    paused = _paused(turn)
    spans: dict[Track, Spans] = {}
    for side in SIDES:
        widened = [
            (start_ms - PLACE_MS, end_ms + PLACE_MS)
            for start_ms, end_ms in [*state.silences.hidden.get(side, ()), *paused]
        ]
        spans[side] = merged(widened)
    return spans


def offset_ms(state: CallState, tape: Tape) -> int:
    """Return where a tape begins on the call clock; it may be before that."""
    return round((tape.started_at - (state.answered_at or tape.started_at)) * 1000)


def silenced_ms(turn: Turn) -> int:
    """Return how much of the tapes that are kept is silent, of both sides together."""
    silent = of(turn)
    return sum(
        max(0, min(last, start_ms + tape.kept_ms) - max(first, start_ms))
        for tape in turn.state.tapes
        if tape.kept_ms is not None
        for start_ms in [offset_ms(turn.state, tape)]
        for spans in silent.values()
        for first, last in spans
    )


def merged(spans: Spans) -> Spans:
    """Return spans in order, those that touch as one, and no more than `MAX_SPANS`."""
    found: Spans = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    while len(found) > MAX_SPANS:
        gaps = [after[0] - before[1] for before, after in pairwise(found)]
        at = gaps.index(min(gaps))
        found[at : at + 2] = [(found[at][0], found[at + 1][1])]
    return found


def _paused(turn: Turn) -> Spans:
    """Return when nothing was to be heard. An in-call phrase was said before it was reported."""
    state, route = turn.state, turn.route
    early_ms = LATE_MS if route.pause_on and route.source == "in_call" else 0
    ends = [pause.until if matter(route) else pause.over_at for pause in state.pauses]
    return [
        (
            (state.clock_ms(pause.since) or 0) - early_ms,
            TO_THE_END_MS if until is None else state.clock_ms(until) or 0,
        )
        for pause, until in zip(state.pauses, ends, strict=True)
    ]


def _take(
    turn: Turn, sides: tuple[Track, ...], hidden: Spans, waiting: Spans, earlier: Earlier
) -> None:
    silences = turn.state.silences
    if earlier == "hide":
        for side in SIDES:
            _hide(turn, side, silences.open.get(side, []))
    if earlier != "hold":
        silences.open.clear()
    for side in sides:
        _hide(turn, side, hidden)
        if waiting:
            silences.open[side] = merged([*silences.open.get(side, []), *waiting])


def _hide(turn: Turn, side: Track, spans: Spans) -> None:
    if not spans:
        return
    silences = turn.state.silences
    before = silences.hidden.get(side, [])
    silences.hidden[side] = merged([*before, *spans])
    if silences.hidden[side] != before:
        for tape in turn.state.tapes:
            tape.is_stale = tape.kept_ms is None
            if tape.kept_ms is not None:  # it is there already: words came that late
                tape.look_at, tape.over = turn.now, False
