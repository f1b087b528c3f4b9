"""What people may ask of a live call's transcription: start, stop, pause, resume.

A pause is at once on both sources. `media`: the recognitions say their last word and the fork
stays, heard by nobody. `in_call`: Telnyx is told to stop (`requests.py`), and what it reports of
the pause all the same is dropped. Either way words are told apart by when they were said, not by
when they come; of what was said before, finals still come, partials do not.
"""

from service.calls import in_call, pauses, sides, streams, transcription
from service.calls.answering import STARTED_LATE
from service.calls.commands import Reply
from service.calls.events import TranscriptionPaused, TranscriptionResumed, TranscriptionStopped
from service.calls.inputs import ControlAsked, ControlName
from service.calls.state import CallState, Desired, OpenGap, Phase
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
    fails = state.desired is Desired.ON and item.action == "pause"  # it may succeed any moment
    if not fails and (refused := _REFUSED.get((item.action, holds))):
        turn.reply = Reply(refused=refused, transcription=holds, at_ms=pauses.since_ms(state))
        return
    by_phrase = item.action == "pause" and state.pause_ends_at is not None
    changed = by_phrase or _WANTED[item.action] != holds or state.desired.value != holds
    if changed:
        _ACTIONS[item.action](turn, primary, item)
    at_ms = state.clock_ms(item.at) if changed else pauses.since_ms(state)
    turn.reply = Reply(changed=changed, transcription=transcription.current(state), at_ms=at_ms)


def _pause(turn: Turn, primary: LegId, item: ControlAsked) -> None:
    state = turn.state
    _begin_pause(turn, item)
    hear_nobody(turn, primary)
    event = TranscriptionPaused(
        leg=primary, source=turn.route.source, reason=item.reason, start_ms=pauses.since_ms(state)
    )
    turn.record(event, item.at)


def hear_nobody(turn: Turn, primary: LegId) -> None:
    """Have the recognitions say their last word; the pause goes on until somebody ends it."""
    state = turn.state
    state.desired = Desired.PAUSED
    _forget_phrase(state)
    streams.pause(turn, at_ms=pauses.since_ms(state))
    if turn.route.source == "in_call":
        state.legs[primary].expected = False


def resume(turn: Turn, primary: LegId, item: ControlAsked) -> None:
    """Have words kept again of what is said from now on."""
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
    if state.desired is Desired.ON:
        _begin_pause(turn, item)
    state.desired = Desired.OFF
    _forget_phrase(state)
    at_ms = pauses.since_ms(state)
    for leg_id in state.legs:
        streams.finish_streams(turn, leg_id, reason="asked", at_ms=at_ms)
    streams.end_words(state, at_ms=at_ms)
    state.open_gaps = {track: gap for track, gap in state.open_gaps.items() if gap.since_ms < at_ms}
    state.legs[primary].expected = False
    event = TranscriptionStopped(leg=primary, source=turn.route.source, reason=item.reason)
    turn.record(event, item.at)


def _start(turn: Turn, primary: LegId, item: ControlAsked) -> None:
    state = turn.state
    state.desired = Desired.ON
    _forget_phrase(state)
    trouble = state.legs[primary].trouble
    if trouble is not None:
        trouble.since, trouble.failed = turn.now, False  # whoever asks is told again if it fails
    if turn.route.source == "media":
        pauses.end(state, item.at)
        streams.stop_listening(turn, at_ms=state.clock_ms(item.at) or 0)
        legs = [leg_id for leg_id in state.legs if sides.leads(state, leg_id)]
        opened = [streams.open_recognitions(turn, leg_id, at=item.at) for leg_id in legs]
        if any(opened):
            return
    else:  # the pause ends when Telnyx says that it transcribes again
        pauses.ask_end(state, item.at)
    at_ms = state.clock_ms(item.at) or 0
    in_call.tell_what_waits(turn)
    for track in turn.route.heard_tracks:
        state.open_gaps.setdefault(track, OpenGap(at_ms, STARTED_LATE[turn.route.source]))
    transcription.start(turn, primary)


def _forget_phrase(state: CallState) -> None:
    """Take it that no phrase began what holds now, nor is to end it."""
    state.pause_ends_at, state.listens, state.paused_in = None, False, ""


def _begin_pause(turn: Turn, item: ControlAsked) -> None:
    by_time = turn.route.source == "in_call"
    pauses.begin(turn.state, item.at, item.asked_at if by_time else None)
    in_call.end_wordless(turn, at=item.at)


_ACTIONS = {"start": _start, "stop": _stop, "pause": _pause, "resume": resume}
