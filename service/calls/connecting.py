"""Whom a route connects the caller with: a notice is said, somebody is dialled, both are bridged.

What is wanted of Telnyx follows from what is known, as everywhere (`requests.py`): the notice,
once the caller was answered; the dial, once that was said; the bridge, if whoever answered was not
bridged by the dial itself; and that a leg whose other side is gone hangs up. Hence a process that
dies in between leaves nothing half done: the next one wants the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from service.calls import parties
from service.calls.answering import STARTED_LATE
from service.calls.carrier_answers import CommandName
from service.calls.dialled import dial_for, dial_of
from service.calls.events import CallUnanswered
from service.calls.inputs import LegHungUp, WebhookInput
from service.calls.party_events import CallBridged
from service.calls.state import CallState, Dial, Leg, OpenGap, Phase, Progress, Request
from service.calls.turn import Turn
from service.ids import CallId, LegId
from service.words import count_words

FOLLOW_S = 1.0
"""How long Telnyx may take to end the other leg of a bridge by itself, before it is told to."""
BRIDGE_S = 1.5
"""How long after an answer the bridge that was asked for with the dial may take."""
REPEAT_S = 45.0
"""How long after a dial the same command is known to be ignored; Telnyx's own is 60 s."""
LATE_S = 5.0
"""How long after its time to ring a leg's hang-up is waited for."""
SPEAK_S_PER_WORD = 0.5
SPEAK_LATE_S = 5.0
"""How long after a notice must have been said its webhook is waited for."""
CALL, DIAL = "callscribe_call", "callscribe_dial"
"""The keys of `client_state` by which a leg that we dialled is known."""

_REASONS = {
    "user_busy": "busy",
    "no_answer": "no_answer",
    "timeout": "no_answer",
    "call_rejected": "rejected",
    "not_found": "not_found",
}


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing that may be wanted of Telnyx: what is known of it, and whether it is wanted."""

    request: Request
    wanted: bool
    name: CommandName


def plan(state: CallState, item: WebhookInput) -> None:
    """Note whom the caller is to be connected with, now that a route wants the call."""
    route = state.route
    if route is None or route.connect is None or item.direction != "incoming":
        return
    state.dials.append(
        Dial(
            to=route.connect,
            from_=item.to_number or "",
            connection_id=item.connection_id or "",
            linked=item.leg_id,
        )
    )


def starts(state: CallState) -> Iterator[Errand]:
    """Say what is wanted for the call before it has a leg: that somebody be dialled."""
    for dial in state.dials:
        if dial.linked is None:
            wanted = dial.leg is None and not dial.over and state.phase is Phase.RINGING
            yield Errand(dial.request, wanted=wanted, name="dial")


def errands(turn: Turn, leg_id: LegId, leg: Leg, *, alive: bool) -> Iterator[Errand]:
    """Say what is wanted of a leg beside its words; `alive`: it is not known to be over."""
    wanted = _wanted(turn, leg_id, leg) if alive else None
    dial = dial_for(turn.state, leg_id)
    if dial is not None:
        yield Errand(dial.request, wanted=wanted == "dial", name="dial")
    if wanted is not None and wanted != "dial":
        errand(leg, wanted)
    for name, request in list(leg.errands.items()):
        yield Errand(request, wanted=name == wanted, name=name)


def errand(leg: Leg, name: CommandName) -> Request:
    """Return what is known of something that Telnyx may be asked for on a leg."""
    return leg.errands.setdefault(name, Request())


def is_under_way(state: CallState) -> bool:
    """Say whether a leg may be there that nobody knows yet: Telnyx was told to dial it."""
    return any(
        dial.leg is None and not dial.over and dial.request.progress is Progress.ASKED
        for dial in state.dials
    )


def rings(state: CallState, leg_id: LegId, now: float) -> bool:
    """Say whether a leg that we dialled may still ring: Telnyx calls that "not alive"."""
    dial, route = dial_of(state, leg_id), state.route
    if dial is None or route is None or dial.asked_at is None or state.legs[leg_id].answered:
        return False
    return now < dial.asked_at + route.ring_s + LATE_S


def call_of(item: WebhookInput) -> CallId:
    """Return the call that a webhook names: a leg that we had dialled names ours."""
    named = item.client_state.get(CALL)
    return CallId(named) if named else item.call_id or CallId(item.leg_id)


def recognise(state: CallState, item: WebhookInput) -> None:
    """Note that a leg that shows itself is the one which we dialled."""
    if item.direction == "incoming":
        return
    named = item.client_state.get(DIAL)
    for dial in list(state.dials):
        if dial.leg is None and named == (dial.linked or ""):
            _made(state, dial, item.leg_id)


def made(turn: Turn, dial: Dial, leg_id: LegId | None) -> None:
    """Note the leg that a dial made. None: Telnyx does not say, its webhooks will."""
    state = turn.state
    if dial.leg is not None:
        return
    if leg_id is None:
        ring_s = turn.route.ring_s
        dial.request.progress, dial.request.look_at = Progress.TAKEN, turn.now + ring_s + LATE_S
        return
    _made(state, dial, leg_id)
    if leg_id not in state.legs:
        state.legs[leg_id] = Leg(number=len(state.legs), heard_at=turn.now)
        turn.legs.append(leg_id)


def answered(turn: Turn, leg_id: LegId) -> None:
    """Note that whoever was dialled answered: the dial has the legs bridged."""
    dial = dial_of(turn.state, leg_id)
    if dial is not None and dial.linked is not None:
        bridge = errand(turn.state.legs[dial.linked], "bridge")
        bridge.look_at = turn.now + BRIDGE_S


def bridged(turn: Turn, dial: Dial, *, at: float) -> bool:
    """Note that the caller is connected, once; False if that was so before."""
    state = turn.state
    if state.bridged_at is not None or dial.linked is None or dial.leg is None:
        return False
    state.bridged_at = at
    bridge = errand(state.legs[dial.linked], "bridge")
    bridge.progress, bridge.look_at = Progress.ON, None
    parties.connect(state, dial.linked, dial.leg, at=at)
    there = parties.participants(state, turn.route)
    turn.record(CallBridged(leg=dial.linked, other=dial.leg, participants=there), at)
    return True


def overdue(turn: Turn, leg_id: LegId, name: CommandName) -> bool:
    """Go on where the effect of a command is not told; False if Telnyx is to be asked."""
    dial = dial_for(turn.state, leg_id)
    match name:
        case "speak":
            announced(turn, leg_id, at=turn.now)
        case "dial" if dial is not None:
            fail(turn, dial, "no_answer", at=turn.now)
        case "bridge" if dial is not None:
            bridged(turn, dial, at=turn.now)
        case _:
            return False
    return True


def restarted(turn: Turn, *, at: float) -> None:
    """Find out what became of a dial that was under way when its process died.

    Within a minute the same command dials nobody twice; later whoever was dialled is known by the
    webhooks that Telnyx could not deliver, or was not.
    """
    for dial in turn.state.dials:
        request = dial.request
        if request.progress is not Progress.ASKED or dial.leg is not None:
            continue
        request.progress, request.look_at = Progress.OFF, None
        caller = turn.state.legs.get(dial.linked) if dial.linked is not None else None
        if caller is not None and caller.hung_up:
            dial.over = True  # what came of it shows itself, and is hung up
        elif dial.asked_at is not None and at - dial.asked_at > REPEAT_S:
            request.generation, request.look_at = request.generation + 1, at + LATE_S
            dial.asked_at = None


def announced(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Go on after the notice; in-call words are wanted from here on."""
    state = turn.state
    if state.announced or dial_for(state, leg_id) is None:
        return
    state.announced = True
    speak = errand(state.legs[leg_id], "speak")
    speak.progress, speak.look_at = Progress.ON, None
    if turn.route.source == "in_call" and state.phase is Phase.TALKING:
        gap = OpenGap(state.clock_ms(at) or 0, STARTED_LATE["in_call"])
        state.open_gaps = dict.fromkeys(turn.route.heard_tracks, gap)


def is_to_be_announced(turn: Turn) -> bool:
    """Say whether words of the call have to wait: Telnyx says nothing while it transcribes."""
    waits = turn.route.announce is not None and not turn.state.announced
    linked = any(dial.linked is not None for dial in turn.state.dials)
    return waits and turn.route.source == "in_call" and linked


def gone(turn: Turn, item: LegHungUp) -> None:
    """Have the other side hang up as well, and tell of one that nobody answered."""
    state = turn.state
    dial = dial_of(state, item.leg_id)
    if dial is not None and not state.legs[item.leg_id].answered:
        fail(
            turn,
            dial,
            _REASONS.get(item.cause or "", "failed"),
            at=item.occurred_at,
            code=item.sip_code or "",
        )
    if state.bridged_at is not None:
        for leg in state.legs.values():
            if not leg.hung_up:
                errand(leg, "hang_up").look_at = turn.now + FOLLOW_S


def fail(turn: Turn, dial: Dial, reason: str, *, at: float, code: str = "") -> None:
    """Tell that nobody was reached, unless the caller was gone before."""
    dial.over = True
    dial.request.progress, dial.request.look_at = Progress.ON, None
    caller = turn.state.legs.get(dial.linked) if dial.linked is not None else None
    if dial.linked is not None and (caller is None or caller.hung_up):
        return
    event = CallUnanswered(leg=dial.linked or dial.leg, reason=reason, code=code)
    turn.record(event, at)


def speak_due_at(turn: Turn) -> float:
    """Return when a notice that begins now must have been said."""
    words = count_words(turn.route.announce or "")
    return turn.now + words * SPEAK_S_PER_WORD + SPEAK_LATE_S


def _made(state: CallState, dial: Dial, leg_id: LegId) -> None:
    dial.leg = leg_id
    dial.request.progress, dial.request.look_at = Progress.ON, None
    if dial.linked is not None:
        return
    state.routed = state.primary = leg_id
    connect = state.route.connect if state.route is not None else None
    if connect is not None:
        agent = Dial(connect, dial.from_, dial.connection_id, linked=leg_id)
        state.dials.append(agent)


def _wanted(turn: Turn, leg_id: LegId, leg: Leg) -> CommandName | None:
    state, dial = turn.state, dial_for(turn.state, leg_id)
    if _is_alone(state, leg_id):
        return "hang_up"
    if dial is None or not leg.answered or state.phase is not Phase.TALKING:
        return None
    if turn.route.announce and not state.announced:
        return "speak"
    if dial.leg is None:
        return "dial"
    other = state.legs.get(dial.leg)
    unbridged = other is not None and other.answered and state.bridged_at is None
    return "bridge" if unbridged else None


def _is_alone(state: CallState, leg_id: LegId) -> bool:
    """Say whether whoever a leg was to be connected with is gone, or was never there.

    Where there is a third leg, somebody transfers the call: that is theirs to end.
    """
    of, to = dial_of(state, leg_id), dial_for(state, leg_id)
    if _has_third(state, of, to):
        return False
    if of is not None and of.linked is not None and state.legs[of.linked].hung_up:
        return True
    if to is None:
        return False
    other = state.legs.get(to.leg) if to.leg is not None else None
    return to.over or (other is not None and other.hung_up)


def _has_third(state: CallState, of: Dial | None, to: Dial | None) -> bool:
    ours = {one for dial in (of, to) if dial is not None for one in (dial.linked, dial.leg)}
    return any(not leg.hung_up for leg_id, leg in state.legs.items() if leg_id not in ours)
