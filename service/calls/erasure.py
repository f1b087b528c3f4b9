"""Having nothing left of a call: what runs is ended, what is remembered is forgotten."""

from dataclasses import fields

from service.calls import removals
from service.calls.commands import (
    FinishRecognitions,
    Reply,
    StopRecording,
    StopStreaming,
    StopTranscription,
)
from service.calls.dial_wish import DialAsked
from service.calls.events import TranscriptErased
from service.calls.inputs import ControlAsked, EraseAsked, Input, WordsHeard
from service.calls.routes import Route
from service.calls.state import CallState, Phase, Progress
from service.calls.streams import finish_streams
from service.calls.tape_answers import TapeDeleted, TapeNotDeleted
from service.calls.tape_webhooks import TapeSaved
from service.calls.turn import Turn


def erase(turn: Turn, item: EraseAsked) -> None:
    """End what runs, leave a tombstone, and remember only that there was a call.

    Where the route says so, also which of its recordings Telnyx is to delete, until it did.

    The conversation itself goes on if it does; nothing that comes of it is kept.
    """
    state = turn.state
    if state.route is None:
        turn.reply = Reply(changed=True) if state.waiting else Reply(refused="unknown")
        state.waiting.clear()
        return
    for leg_id, leg in state.legs.items():
        finish_streams(turn, leg_id, reason="erased", at_ms=0)
        if leg.hung_up:
            continue
        if leg.streaming.progress is not Progress.OFF:
            turn.ask(StopStreaming(leg_id=leg_id, generation=leg.streaming.generation + 1))
        if leg.recording.progress is not Progress.OFF:
            turn.ask(StopRecording(leg_id=leg_id, generation=leg.recording.generation + 1))
        if leg.transcribing.progress is not Progress.OFF:
            turn.ask(StopTranscription(leg_id=leg_id, generation=leg.transcribing.generation + 1))
    left_behind = removals.left_behind(turn)
    turn.route = Route(
        answer=False,
        endpoints=turn.route.endpoints,
        delete_at_telnyx=turn.route.delete_at_telnyx,
    )
    left = CallState(call_id=state.call_id, phase=Phase.COMPLETE, route=turn.route, erased=True)
    left.removals = left_behind
    turn.forget_facts()
    left.seq = state.seq
    for field in fields(CallState):
        setattr(state, field.name, getattr(left, field.name))
    turn.erased = True
    turn.record(TranscriptErased(reason=item.reason), item.at)
    turn.reply = Reply(changed=True)


def ignore(turn: Turn, item: Input) -> None:
    """Take nothing more of a call that was erased.

    What still hears it was opened by a process that did not know yet, and is ended.
    """
    if isinstance(item, WordsHeard):
        turn.ask(
            FinishRecognitions(
                leg_id=item.ref.leg_id, stream_id=item.ref.stream_id, reason="erased"
            )
        )
    elif isinstance(item, TapeSaved):
        removals.told_too_late(turn, item)
    elif isinstance(item, TapeDeleted | TapeNotDeleted):
        removals.take(turn, item)
    elif isinstance(item, ControlAsked | DialAsked):
        turn.reply = Reply(refused="unknown")
    elif isinstance(item, EraseAsked):
        turn.reply = Reply()
