"""Having nothing left of a call: what runs is ended, what is remembered is forgotten."""

from dataclasses import fields

from service.calls.commands import (
    FinishRecognitions,
    ForgetCall,
    Reply,
    StopStreaming,
    StopTranscription,
)
from service.calls.events import TranscriptErased
from service.calls.inputs import ControlAsked, EraseAsked, Input, WordsHeard
from service.calls.outbox import Outbox
from service.calls.routes import Route
from service.calls.state import CallState, Fork, Phase
from service.calls.streams import finish_streams


def erase(state: CallState, out: Outbox, item: EraseAsked) -> None:
    """End what runs, leave a tombstone, and remember only that there was a call.

    The conversation itself goes on if it does; nothing that comes of it is kept.
    """
    route = state.route
    if route is None:
        out.ask(Reply(refused="unknown"))
        return
    for leg_id, leg in state.legs.items():
        finish_streams(state, out, leg_id, reason="erased", at_ms=0)
        if leg.hung_up or leg.fork not in (Fork.ASKED, Fork.ON):
            continue
        if route.source == "media":
            out.ask(StopStreaming(leg_id=leg_id, take=leg.takes + 1))
        else:
            out.ask(StopTranscription(leg_id=leg_id, take=leg.takes + 1))
    left = CallState(
        call_id=state.call_id,
        phase=Phase.COMPLETE,
        route=Route(answer=False, endpoints=route.endpoints),
        seq=state.seq,
        erased=True,
    )
    for field in fields(CallState):
        setattr(state, field.name, getattr(left, field.name))
    out.record(TranscriptErased(reason=item.reason), item.at)
    out.ask(ForgetCall())
    out.ask(Reply(changed=True))


def ignore(out: Outbox, item: Input) -> None:
    """Take nothing more of a call that was erased.

    What still hears it was opened by a process that did not know yet, and is ended.
    """
    if isinstance(item, WordsHeard):
        out.ask(FinishRecognitions(leg_id=item.leg_id, stream_id=item.stream_id, reason="erased"))
    elif isinstance(item, ControlAsked):
        out.ask(Reply(refused="unknown"))
    elif isinstance(item, EraseAsked):
        out.ask(Reply())
