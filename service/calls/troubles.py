"""When words do not come: told once as degraded, once as failed, and once that they came again."""

from collections.abc import Sequence
from dataclasses import replace

from service.calls import sides
from service.calls.answering import STARTED_LATE
from service.calls.events import (
    EngineRef,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionRecovered,
)
from service.calls.routes import Route
from service.calls.state import CallState, OpenGap, Trouble
from service.calls.turn import UNROUTED, Turn
from service.ids import LegId, Track

FAILED_AFTER_S = 30.0
"""Trouble that lasts this long is told as failed, and another source takes over if there is one."""

NO_WORDS = "no_words"
"""Telnyx transcribes, and no word comes: there may be none."""


def route_in_force(route: Route, stage: int) -> Route:
    """Return the route by whose stage the words come.

    Beyond its own stages stands Telnyx's in-call transcription, for audio nobody here can decode.
    """
    stages = route.stages if route.fallback else (route,)
    if stage < len(stages):
        return stages[stage]
    engine, model = (route.engine, route.model) if route.engine != "local" else ("Telnyx", None)
    return replace(route, source="in_call", engine=engine, model=model, fallback=())


def route_of(turn: Turn, stage: int) -> Route:
    """Return the route by whose stage a stream was opened."""
    if stage == turn.state.stage:
        return turn.route
    return route_in_force(turn.state.route or UNROUTED, stage)


def in_call_route(turn: Turn) -> Route:
    """Return the route by which Telnyx gives words in the call, now or before audio took over."""
    stage, route = turn.state.stage, turn.route
    while route.source != "in_call" and stage:
        stage -= 1
        route = route_of(turn, stage)
    return route


def trouble(
    turn: Turn, leg_id: LegId, reason: str, *, code: str = "", refused: bool = False
) -> None:
    """Tell that the words of a leg do not come, if that is news; let another source take over.

    `refused`: Telnyx said no, so that waiting longer will not help.
    """
    leg, route = turn.state.legs[leg_id], turn.route
    first = leg.trouble is None
    since = leg.trouble = leg.trouble or Trouble(turn.now, reason)
    over = refused or turn.now - since.since >= FAILED_AFTER_S
    if route.source == "in_call" and leg.answered and reason != NO_WORDS:
        _open_gaps(turn, reason, sides.heard_tracks(turn, leg_id))
    stage = next_stage(turn)
    if over and stage is not None and leg.answered and not since.failed:
        take_over(turn, leg_id, stage=stage, reason=reason, code=code)
        return
    if over and not since.failed:
        since.failed = True
        failed = TranscriptionFailed(
            leg=leg_id, source=route.source, track=None, reason=reason, code=code
        )
        turn.record(failed, turn.now)
    elif first:
        degraded = TranscriptionDegraded(
            leg=leg_id,
            source=route.source,
            track=None,
            reason=reason,
            code=code,
            engine=route.engine,
            model=route.model,
            start_ms=turn.state.clock_ms(turn.now),
        )
        turn.record(degraded, turn.now)


def take_over(turn: Turn, leg_id: LegId, *, stage: int, reason: str, code: str = "") -> None:
    """Have the words come by another stage of the route."""
    state, before = turn.state, turn.route
    state.legs[leg_id].trouble = Trouble(turn.now, reason)
    _open_gaps(turn, reason, turn.route.heard_tracks)
    state.stage = stage
    turn.route = route_in_force(state.route or UNROUTED, stage)
    event = TranscriptionDegraded(
        leg=leg_id,
        source=before.source,
        track=None,
        reason=reason,
        code=code,
        engine=before.engine,
        model=before.model,
        to=EngineRef(source=turn.route.source, engine=turn.route.engine, model=turn.route.model),
        start_ms=state.clock_ms(turn.now),
    )
    turn.record(event, turn.now)


def over(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Tell that the words of a leg come again, if it was told that they did not."""
    leg = turn.state.legs[leg_id]
    if leg.trouble is None:
        return
    leg.trouble = None
    event = TranscriptionRecovered(
        leg=leg_id,
        source=turn.route.source,
        track=None,
        engine=turn.route.engine,
        model=turn.route.model,
        start_ms=turn.state.clock_ms(at),
    )
    turn.record(event, at)


def next_stage(turn: Turn) -> int | None:
    """Return the stage that may take over from the one in force; None if there is none."""
    route = turn.state.route
    if route is None or not route.fallback:
        return None
    stage = turn.state.stage + 1
    return stage if stage < len(route.stages) else None


def in_call_stage(state: CallState) -> int:
    """Return the next stage that needs no audio of ours; there is always one."""
    stages = (state.route or UNROUTED).stages
    later = range(state.stage + 1, len(stages))
    return next((n for n in later if stages[n].source == "in_call"), len(stages))


def _open_gaps(turn: Turn, reason: str, tracks: Sequence[Track]) -> None:
    state = turn.state
    for track in tracks:
        settled_ms = state.ledgers[track].until_ms if track in state.ledgers else 0
        gap = state.open_gaps.setdefault(track, OpenGap(settled_ms, reason))
        late = gap.reason == STARTED_LATE["in_call"]
        if late or gap.until_ms is not None:  # by now it is known why, and it goes on
            gap.reason, gap.until_ms = reason, None
