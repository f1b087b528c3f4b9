"""Signs of the end other than the hang-up webhook: Telnyx is asked whether a leg lives.

A hang-up may be lost: the service was away for longer than Telnyx tries. So a leg of which nothing
has come for a while is asked about, and so is one whose commands are refused as if it were gone, or
whose audio ended in order. Between two questions the wait grows.
"""

from service.calls import connecting, ordering
from service.calls.answering import answered
from service.calls.carrier_answers import LegStatus
from service.calls.commands import AskStatus, FetchMissed
from service.calls.inputs import LegHungUp
from service.calls.requests import lives
from service.calls.state import CallState, Leg, Phase, Progress
from service.calls.turn import Turn
from service.ids import InputId, LegId

IDLE_S = {"in_call": 30.0, "media": 120.0}
"""How long nothing is heard of a leg before Telnyx is asked about it, the first time."""
MAX_IDLE_S = 600.0
STATUS_S = 60.0
"""How long an answer may take; then it is asked again."""
UNKNOWN_S = 15.0
"""How long after Telnyx did not say it is asked again, the first time."""
GONE_CODES = frozenset({"90018", "90015", "10005"})
"""Refusals that say a leg is gone: the call has ended, its id is none, there is no such thing."""


def ask(turn: Turn) -> None:
    """Ask about the legs whose time has come."""
    state = turn.state
    if not _is_open(state):
        return
    for leg_id, leg in state.legs.items():
        if lives(state, leg_id) and turn.now >= _due(state, turn.route.source, leg):
            leg.status_at = turn.now + STATUS_S
            turn.ask(AskStatus(leg_id=leg_id))


def next_question(state: CallState, route_source: str) -> float | None:
    """Return when the next leg is to be asked about; None if none is."""
    if not _is_open(state):
        return None
    legs = [leg for leg_id, leg in state.legs.items() if lives(state, leg_id)]
    return min((_due(state, route_source, leg) for leg in legs), default=None)


def heard_of(leg: Leg, now: float) -> None:
    """Note that Telnyx said something about a leg."""
    leg.heard_at, leg.status_at, leg.status_asked = now, None, 0


def told(turn: Turn, item: LegStatus) -> None:
    """Take Telnyx's answer: a leg that is gone hangs up, one that lives was answered by now."""
    state, leg = turn.state, turn.state.legs.get(item.leg_id)
    if leg is None or not lives(state, item.leg_id):
        return
    leg.status_asked += 1
    if item.alive is None or (not item.alive and connecting.rings(state, item.leg_id, turn.now)):
        leg.status_at = turn.now + min(UNKNOWN_S * 2 ** (leg.status_asked - 1), MAX_IDLE_S)
        return
    leg.status_at = None
    if not item.alive:
        turn.ask(FetchMissed(since=state.began_at))
        hang_up = lost_hang_up(state, item.leg_id, item.ended_at or turn.now)
        ordering.admit(state.waiting, hang_up, turn.now)
        return
    leg.heard_at = turn.now
    if not leg.answered:
        turn.ask(FetchMissed(since=state.began_at))
        taken_at = leg.answering.taken_at
        if leg.answering.progress is Progress.TAKEN and leg.answering.failures and taken_at:
            answered(turn, item.leg_id, at=taken_at)


def hang_up_came(state: CallState, leg_id: LegId) -> None:
    """Prefer a hang-up that Telnyx told to the one that stands for it."""
    state.waiting = [
        item
        for item in state.waiting
        if item.webhook.leg_id != leg_id
        or not isinstance(item.webhook, LegHungUp)
        or item.webhook.cause != ordering.NEVER_SEEN
    ]


def lost_hang_up(state: CallState, leg_id: LegId, at: float) -> LegHungUp:
    """Make the hang-up that nobody saw."""
    return LegHungUp(
        input_id=InputId(f"{ordering.NEVER_SEEN} {leg_id}"),
        call_id=state.call_id,
        leg_id=leg_id,
        occurred_at=at,
        cause=ordering.NEVER_SEEN,
    )


def _is_open(state: CallState) -> bool:
    return state.route is not None and state.phase in (Phase.RINGING, Phase.TALKING)


def _due(state: CallState, route_source: str, leg: Leg) -> float:
    if leg.status_at is not None:
        return leg.status_at
    listens = any(not stream.finishing for stream in state.streams.values())
    idle_s = IDLE_S["media" if route_source == "media" and listens else "in_call"]
    return leg.heard_at + min(idle_s * 2.0**leg.status_asked, MAX_IDLE_S)
