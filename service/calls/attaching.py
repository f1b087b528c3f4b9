"""A leg that talks already is to be transcribed: its call begins, or goes on as it is."""

from service.calls import legs
from service.calls.answering import answered
from service.calls.events import CallAttached
from service.calls.inputs import LegAttached
from service.calls.state import Phase, Progress
from service.calls.turn import Turn

BROUGHT_S = 60.0
"""How long a stream that the leg's own application starts may take to come."""


def attached(turn: Turn, item: LegAttached) -> None:
    """Begin with a leg that somebody wants transcribed, by the route that was named for it.

    A call that is transcribed already stays as it is, by the route that it has: this leg is one
    more of it. One that only rings, by what came of it so far, was answered without our being told.
    """
    state = turn.state
    if state.phase is Phase.UNKNOWN:
        legs.begin(turn, item, item.route)
    if state.phase is Phase.RINGING:
        before_ms = None
        if item.began_at is not None:
            before_ms = max(0, round((item.occurred_at - item.began_at) * 1000))
        turn.record(CallAttached(leg=item.leg_id, before_ms=before_ms), item.occurred_at)
        state.primary = item.leg_id
    answered(turn, item.leg_id, at=item.occurred_at)
    streaming = state.legs[item.leg_id].streaming
    if item.brings_stream and streaming.is_untouched:
        streaming.progress, streaming.taken_at = Progress.TAKEN, turn.now
        streaming.look_at = turn.now + BROUGHT_S  # then Telnyx is asked for it after all
