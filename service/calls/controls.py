"""What people may ask of a live call's transcription: start, stop, pause, resume.

A pause is at once on both sources. `media`: the recognitions say their last word and the fork
stays, heard by nobody. `in_call`: Telnyx is told to stop, and what it reports of the pause all
the same is dropped. Either way words are told apart by when they were said, not by when they
come; of what was said before, finals still come, partials do not.
"""

from service.calls import forks, quiet, streams
from service.calls.clock import on_call_clock
from service.calls.commands import Reply, StopStreaming, StopTranscription
from service.calls.events import TranscriptionPaused, TranscriptionResumed, TranscriptionStopped
from service.calls.inputs import ControlAsked, ControlName
from service.calls.outbox import Outbox
from service.calls.routes import Route
from service.calls.state import CallState, Fork, Hole, Phase, Wish
from service.ids import LegId, Transcription

_WANTED: dict[ControlName, Transcription] = {
    "start": "on",
    "resume": "on",
    "pause": "paused",
    "stop": "off",
}
_REFUSED: dict[tuple[ControlName, Transcription], str] = {
    ("pause", "off"): "off",
    ("resume", "off"): "off",
    ("start", "paused"): "paused",  # what was paused for a reason is resumed on purpose
}
_NOT_TALKING = {
    Phase.UNKNOWN: "unknown",
    Phase.RINGING: "not_answered",
    Phase.ENDING: "call_over",
    Phase.COMPLETE: "call_over",
}


def transcription(state: CallState) -> Transcription | None:
    """Return whether words are to be had of a call; None unless people talk in it."""
    if state.phase is not Phase.TALKING or state.primary is None:
        return None
    if state.wish is not Wish.ON:
        return "paused" if state.wish is Wish.PAUSED else "off"
    leg = state.legs[state.primary]
    # when the leg hung up, another one is about to take its place
    return "on" if leg.hung_up or leg.fork in (Fork.ASKED, Fork.ON) else "off"


def control(state: CallState, out: Outbox, item: ControlAsked) -> None:
    """Do what was asked, and answer; what holds already is no news."""
    holds = transcription(state)
    route, primary = state.route, state.primary
    if holds is None or route is None or primary is None:
        out.ask(Reply(refused=_NOT_TALKING.get(state.phase, "unknown")))
        return
    if refused := _REFUSED.get((item.action, holds)):
        out.ask(Reply(refused=refused, transcription=holds, at_ms=quiet.since_ms(state)))
        return
    changed = _WANTED[item.action] != holds or state.wish.value != holds
    if changed:
        _ACTIONS[item.action](state, out, route, primary, item)
    at_ms = on_call_clock(state, item.at) if changed else quiet.since_ms(state)
    out.ask(Reply(changed=changed, transcription=transcription(state), at_ms=at_ms))


def _pause(state: CallState, out: Outbox, route: Route, primary: LegId, item: ControlAsked) -> None:
    _hush(state, item.at)
    state.wish = Wish.PAUSED
    state.legs[primary].takes += 1
    if route.source == "media":
        streams.hold(state, out, at_ms=quiet.since_ms(state))
    else:
        _stop_words(state, out, primary)
    event = TranscriptionPaused(
        leg=primary, source=route.source, reason=item.reason, start_ms=quiet.since_ms(state)
    )
    out.record(event, item.at)


def _resume(
    state: CallState, out: Outbox, route: Route, primary: LegId, item: ControlAsked
) -> None:
    paused_since_ms = quiet.since_ms(state)
    event = TranscriptionResumed(
        leg=primary,
        source=route.source,
        reason=item.reason,
        start_ms=on_call_clock(state, item.at),
        paused_since_ms=paused_since_ms,
    )
    out.record(event, item.at)
    _start(state, out, route, primary, item)


def _stop(state: CallState, out: Outbox, route: Route, primary: LegId, item: ControlAsked) -> None:
    leg, was = state.legs[primary], state.wish
    if was is Wish.ON:
        _hush(state, item.at)
        leg.takes += 1
    state.wish = Wish.OFF
    at_ms = quiet.since_ms(state)
    for leg_id in state.legs:
        streams.finish_streams(state, out, leg_id, reason="asked", at_ms=at_ms)
    streams.cut(state, at_ms=at_ms)
    state.holes = {track: hole for track, hole in state.holes.items() if hole.since_ms < at_ms}
    if leg.fork in (Fork.ASKED, Fork.ON):
        if route.source == "media":
            out.ask(StopStreaming(leg_id=primary, take=leg.takes))
        elif was is Wish.ON:
            _stop_words(state, out, primary)
    leg.fork = Fork.OFF
    event = TranscriptionStopped(leg=primary, source=route.source, reason=item.reason)
    out.record(event, item.at)


def _start(state: CallState, out: Outbox, route: Route, primary: LegId, item: ControlAsked) -> None:
    leg = state.legs[primary]
    leg.restarts = 0
    if state.wish is Wish.ON:
        leg.takes += 1  # it failed before: this is another command to Telnyx
    state.wish = Wish.ON
    in_flight = route.source == "media" and leg.fork is Fork.ASKED
    if route.source == "media":
        quiet.end(state, item.at)
        # in the call, the quiet ends when Telnyx says that it transcribes again
        if streams.hear(state, out, route, primary, at=item.at):
            return
        at_ms = on_call_clock(state, item.at) or 0
        for track in route.heard_tracks:
            state.holes.setdefault(track, Hole(at_ms, "media_started_late"))
    if leg.answered and not leg.hung_up and not in_flight:
        forks.start(state, out, route, primary)


def _hush(state: CallState, at: float) -> None:
    quiet.begin(state, at)
    for leg in state.legs.values():
        if leg.restart_at is not None:
            leg.restart_at, leg.fork = None, Fork.OFF


def _stop_words(state: CallState, out: Outbox, leg_id: LegId) -> None:
    out.ask(StopTranscription(leg_id=leg_id, take=state.legs[leg_id].takes))


_ACTIONS = {"start": _start, "stop": _stop, "pause": _pause, "resume": _resume}
