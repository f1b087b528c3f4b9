"""A leg is answered: from then on people talk, and words are to be had."""

from service.calls.events import CallAnswered
from service.calls.state import OpenGap, Phase
from service.calls.turn import Turn
from service.ids import LegId

STARTED_LATE = {"media": "media_started_late", "in_call": "transcription_started_late"}
"""Why nobody heard what was said before the first audio, or before Telnyx transcribed, by source.
"""


def answered(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Note that a leg was answered, once; the call is answered with its primary leg.

    Carriers repeat themselves, and answers can come after the hang-up.
    """
    state, leg = turn.state, turn.state.legs[leg_id]
    if leg.answered or leg.hung_up or state.route is None:
        return
    leg.answered, leg.answered_at = True, at
    follows = any(dial.leg == leg_id and dial.linked is not None for dial in state.dials)
    if state.primary is not None and state.legs[state.primary].hung_up and not follows:
        state.primary, state.hand_over_at = leg_id, None
    if leg.voice is not None and state.phase is Phase.RINGING:
        state.primary = leg_id  # whichever side of the call is there first
    if leg_id != state.primary or state.phase is not Phase.RINGING:
        return  # the primary leg carries this leg's voice as well
    state.phase, state.answered_at = Phase.TALKING, at
    turn.record(CallAnswered(leg=leg_id), at)
    reason = STARTED_LATE[turn.route.source]
    state.open_gaps = {track: OpenGap(0, reason) for track in turn.route.heard_tracks}
