"""What people may ask of a live call's transcription: start, stop, pause, resume.

A pause is at once on both sources. `media`: the recognitions say their last word and the fork
stays, heard by nobody. `in_call`: Telnyx is told to stop, and what it reports of the pause all
the same is dropped. Either way words are told apart by when they were said, not by when they
come; of what was said before, finals still come, partials do not.
"""

from service.calls import pauses, streams, transcription
from service.calls.commands import Reply, StopStreaming, StopTranscription
from service.calls.events import TranscriptionPaused, TranscriptionResumed, TranscriptionStopped
from service.calls.inputs import ControlAsked, ControlName
from service.calls.state import CallState, Desired, OpenGap, Phase, Transcribing
from service.calls.turn import Turn
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


def control(turn: Turn, item: ControlAsked) -> None:
    """Do what was asked, and answer; what holds already is no news."""
    state = turn.state
    holds = transcription.current(state)
    primary = state.primary
    if holds is None or primary is None:
        turn.reply = Reply(refused=_NOT_TALKING.get(state.phase, "unknown"))
        return
    if refused := _REFUSED.get((item.action, holds)):
        turn.reply = Reply(refused=refused, transcription=holds, at_ms=pauses.since_ms(state))
        return
    changed = _WANTED[item.action] != holds or state.desired.value != holds
    if changed:
        _ACTIONS[item.action](turn, primary, item)
    at_ms = state.clock_ms(item.at) if changed else pauses.since_ms(state)
    turn.reply = Reply(changed=changed, transcription=transcription.current(state), at_ms=at_ms)


def _pause(turn: Turn, primary: LegId, item: ControlAsked) -> None:
    state = turn.state
    _begin_pause(state, item.at)
    state.desired = Desired.PAUSED
    state.legs[primary].generation += 1
    if turn.route.source == "media":
        streams.pause(turn, at_ms=pauses.since_ms(state))
    else:
        _stop_words(turn, primary)
    event = TranscriptionPaused(
        leg=primary, source=turn.route.source, reason=item.reason, start_ms=pauses.since_ms(state)
    )
    turn.record(event, item.at)


def _resume(turn: Turn, primary: LegId, item: ControlAsked) -> None:
    state = turn.state
    paused_since_ms = pauses.since_ms(state)
    event = TranscriptionResumed(
        leg=primary,
        source=turn.route.source,
        reason=item.reason,
        start_ms=state.clock_ms(item.at),
        paused_since_ms=paused_since_ms,
    )
    turn.record(event, item.at)
    _start(turn, primary, item)


def _stop(turn: Turn, primary: LegId, item: ControlAsked) -> None:
    state = turn.state
    leg, was = state.legs[primary], state.desired
    if was is Desired.ON:
        _begin_pause(state, item.at)
        leg.generation += 1
    state.desired = Desired.OFF
    at_ms = pauses.since_ms(state)
    for leg_id in state.legs:
        streams.finish_streams(turn, leg_id, reason="asked", at_ms=at_ms)
    streams.end_words(state, at_ms=at_ms)
    state.open_gaps = {track: gap for track, gap in state.open_gaps.items() if gap.since_ms < at_ms}
    if leg.is_transcribed:
        if turn.route.source == "media":
            turn.ask(StopStreaming(leg_id=primary, generation=leg.generation))
        elif was is Desired.ON:
            _stop_words(turn, primary)
    leg.transcribing = Transcribing.OFF
    event = TranscriptionStopped(leg=primary, source=turn.route.source, reason=item.reason)
    turn.record(event, item.at)


def _start(turn: Turn, primary: LegId, item: ControlAsked) -> None:
    state = turn.state
    leg = state.legs[primary]
    leg.restarts = 0
    if state.desired is Desired.ON:
        leg.generation += 1  # it failed before: this is another command to Telnyx
    state.desired = Desired.ON
    in_flight = turn.route.source == "media" and leg.transcribing is Transcribing.ASKED
    if turn.route.source == "media":
        pauses.end(state, item.at)
        # in the call, the pause ends when Telnyx says that it transcribes again
        if streams.open_recognitions(turn, primary, at=item.at):
            return
        at_ms = state.clock_ms(item.at) or 0
        for track in turn.route.heard_tracks:
            state.open_gaps.setdefault(track, OpenGap(at_ms, "media_started_late"))
    if leg.answered and not leg.hung_up and not in_flight:
        transcription.start(turn, primary)


def _begin_pause(state: CallState, at: float) -> None:
    pauses.begin(state, at)
    for leg in state.legs.values():
        if leg.restart_at is not None:
            leg.restart_at, leg.transcribing = None, Transcribing.OFF


def _stop_words(turn: Turn, leg_id: LegId) -> None:
    turn.ask(StopTranscription(leg_id=leg_id, generation=turn.state.legs[leg_id].generation))


_ACTIONS = {"start": _start, "stop": _stop, "pause": _pause, "resume": _resume}
