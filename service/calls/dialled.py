"""Which dial of ours a leg belongs to: the one that made it, or the one that is made for it."""

from service.calls.state import CallState, Dial
from service.ids import LegId


def dial_for(state: CallState, leg_id: LegId) -> Dial | None:
    """Return whom a leg is to be connected with, if anybody; for no leg, who begins the call."""
    return next((dial for dial in state.dials if dial.linked == (leg_id or None)), None)


def dial_of(state: CallState, leg_id: LegId) -> Dial | None:
    """Return the dial that a leg came of, if it is ours."""
    return next((dial for dial in state.dials if dial.leg == leg_id), None)


def is_connected(state: CallState, leg_id: LegId) -> bool:
    """Say whether a leg is of somebody whom we had dialled for the caller."""
    dial = dial_of(state, leg_id)
    return dial is not None and dial.linked is not None
