"""What became of commands: Telnyx took them, refused them, or could not be told."""

from collections.abc import Callable, Mapping
from typing import assert_never

from service.calls import connecting, in_call, legs, pauses, requests, tapes, troubles, vitals
from service.calls.carrier_answers import CommandDone, CommandFailed, CommandName
from service.calls.commands import StopStreaming
from service.calls.dialled import dial_for
from service.calls.state import Desired, Dial, Leg, Progress, Request
from service.calls.turn import Turn

ALREADY_STREAMING = "90045"
NOT_ANSWERED = "90034"
ALREADY_TRANSCRIBING = "90054"
NOT_RUNNING: dict[CommandName, frozenset[str]] = {
    "stop_streaming": frozenset({"90031", "90034", "90046", "90048"}),
    "stop_transcription": frozenset({"90034"}),
    "stop_recording": frozenset({"90034"}),
}
"""Refusals that say there is nothing to stop: not forked, not answered, failed, not streaming.

Telnyx's list names no code for a transcription or recording that does not run. It takes the stop of
the one; that the other is over it tells by its webhook.
"""
FAULTS_IN_REQUEST = frozenset({"", "10004", "10015", "10023", "10026", "10032", "10033"})
REDIAL_S = 1.0
"""How long Telnyx may take to dial a stream again that it lost, before we end it ourselves."""
ATTEMPT_S = 15.0
"""How long one command may take with its retries (`service/carrier/client.py`)."""
PATIENT_FAILURES = 2
"""A drop and one refusal: so often in a row a stream may fail before it is ended."""

_REQUESTS = {
    "answer": lambda leg: leg.answering,
    "start_streaming": lambda leg: leg.streaming,
    "start_transcription": lambda leg: leg.transcribing,
}


def take(turn: Turn, item: CommandDone | CommandFailed) -> None:
    """Take note of what became of a command."""
    leg = turn.state.legs.get(item.leg_id)
    if leg is None:
        if item.command != "dial":
            return
        leg = Leg(number=-1)  # stands for none: a dial may begin the call
    if isinstance(item, CommandDone):
        _done(turn, leg, item)
    else:
        _failed(turn, leg, item)


def _done(turn: Turn, leg: Leg, item: CommandDone) -> None:
    """Note that Telnyx took a command. Media and answers speak for themselves when they come."""
    vitals.heard_of(leg, turn.now)
    match item.command:
        case "answer":
            _taken(leg.answering, item, turn.now)
        case "speak":
            _speaking(turn, connecting.errand(leg, "speak"))
        case "bridge" | "hang_up":
            _taken(connecting.errand(leg, item.command), item, turn.now)
        case "start_streaming":
            _taken(leg.streaming, item, turn.now)
        case "start_transcription":
            requests.is_so(leg.transcribing)
            in_call.begin(turn, item.leg_id, at=item.at)
        case "start_recording":
            tapes.begun(leg, item)
        case "stop_streaming" | "stop_recording":
            _ended(_to_stop(leg, item.command))
            tapes.ended(turn, item.leg_id)
        case "stop_transcription":
            in_call.begins_again(turn, item.leg_id, at=item.at)
            _ended(leg.transcribing)
        case "dial":
            _dialled(turn, item)
        case _:
            assert_never(item.command)


def _speaking(turn: Turn, request: Request) -> None:
    """Wait for the notice to be said."""
    if request.progress is Progress.ASKED:
        request.progress = Progress.TAKEN
        request.look_at = connecting.speak_due_at(turn)


def _failed(turn: Turn, leg: Leg, item: CommandFailed) -> None:
    """Have what Telnyx refused, or could not be told, asked for again; tell what does not come."""
    if item.code in vitals.GONE_CODES:
        leg.status_at = turn.now
    if (otherwise := _FAILED_OTHERWISE.get(item.command)) is not None:
        otherwise(turn, leg, item)
        return
    request = _REQUESTS[item.command](leg)
    if request.progress is not Progress.ASKED:
        return  # of a command that was overtaken
    if item.command == "start_transcription":
        if item.code == ALREADY_TRANSCRIBING:
            in_call.already_on(turn, item)
            return
        if turn.state.desired is Desired.ON:
            pauses.end(turn.state, item.at)
        if _takes_other_shape(leg, item):
            request.progress, request.look_at = Progress.OFF, turn.now
            request.generation += 1
            return
    _start_failed(turn, request, item)


def _dialled(turn: Turn, item: CommandDone | CommandFailed) -> None:
    """Note the leg that came of a dial; or have it said again, if it did not fail."""
    dial = dial_for(turn.state, item.leg_id)
    if dial is None:
        return
    if isinstance(item, CommandDone):
        connecting.made(turn, dial, item.made)
    elif dial.request.progress is Progress.ASKED:
        _dial_failed(turn, dial, item)
    legs.end_if_over(turn)


def _errand_failed(turn: Turn, leg: Leg, item: CommandFailed) -> None:
    """Have it asked for again."""
    request = connecting.errand(leg, item.command)
    if request.progress is not Progress.ASKED:
        return
    refused = item.reason == "refused"
    requests.came_to_nothing(request, turn.now, refused=refused)
    if refused:
        request.generation += 1
    if item.command == "hang_up" and item.code in vitals.GONE_CODES:
        request.progress, request.look_at = Progress.ON, None  # its hang-up is asked for


def _dial_failed(turn: Turn, dial: Dial, item: CommandFailed) -> None:
    """Have it said again while Telnyx would know it; what is refused, or takes longer, failed."""
    if item.reason == "refused" and item.code in FAULTS_IN_REQUEST and dial.carries:
        dial.carries, dial.request.progress = False, Progress.OFF
        dial.request.generation, dial.request.look_at = dial.request.generation + 1, turn.now
        return
    asked_s = turn.now - (dial.asked_at or turn.now)
    if item.reason != "refused" and asked_s < connecting.REPEAT_S - ATTEMPT_S:
        requests.came_to_nothing(dial.request, turn.now)
    else:
        connecting.fail(turn, dial, item.reason, at=item.at, code=item.code)


def _takes_other_shape(leg: Leg, item: CommandFailed) -> bool:
    """Have the configuration said in its other shape, once, where Telnyx finds fault with it.

    Sources disagree on which one Telnyx takes (TELNYX.md §3.3).
    """
    if item.reason != "refused" or item.code not in FAULTS_IN_REQUEST:
        return False
    leg.flat_config = leg.flat_config is None
    return leg.flat_config


def _taken(request: Request, item: CommandDone, now: float) -> None:
    """Wait for its effect. It began when Telnyx took it; of that we may be told late."""
    if request.progress is Progress.ASKED:
        request.progress, request.taken_at = Progress.TAKEN, min(item.at, now)
        request.look_at = now + requests.EFFECT_S[item.command]


def _start_failed(turn: Turn, request: Request, item: CommandFailed) -> None:
    refused = item.reason == "refused" and item.code not in (NOT_ANSWERED, ALREADY_STREAMING)
    requests.came_to_nothing(request, turn.now, refused=refused)
    if item.reason == "refused":
        request.generation += 1
    if item.code == ALREADY_STREAMING:
        # Telnyx holds a stream that we do not have: it dials it again, or it is ended
        if request.failures > PATIENT_FAILURES:
            turn.ask(StopStreaming(leg_id=item.leg_id, generation=request.generation))
        request.look_at = turn.now + REDIAL_S
    if item.code not in vitals.GONE_CODES and requests.lives(turn.state, item.leg_id):
        reason = f"{item.command}_{item.reason}"
        troubles.trouble(turn, item.leg_id, reason, code=item.code, refused=refused)


def _to_stop(leg: Leg, command: CommandName) -> Request:
    if command == "stop_recording":
        return leg.recording
    return leg.streaming if command == "stop_streaming" else leg.transcribing


def _ended(request: Request) -> None:
    if request.progress is Progress.STOPPING:
        request.progress, request.look_at, request.failures = Progress.OFF, None, 0
        request.generation += 1


def _stop_failed(turn: Turn, leg: Leg, item: CommandFailed) -> None:
    """Have a stop asked again, unless it was refused because nothing runs: then it is done."""
    request = _to_stop(leg, item.command)
    if item.code in vitals.GONE_CODES or item.code in NOT_RUNNING[item.command]:
        _ended(request)
    if request.progress is not Progress.STOPPING:
        return
    refused = item.reason == "refused"
    requests.came_to_nothing(request, turn.now, refused=refused)
    request.progress = Progress.ON
    if refused:
        request.generation += 1  # what was refused is not a repeat of it
    wanted = request is leg.transcribing and turn.state.desired is Desired.ON
    if wanted and requests.lives(turn.state, item.leg_id):
        # words are wanted again, and none is kept until what heard the pause has ended
        troubles.trouble(turn, item.leg_id, f"{item.command}_{item.reason}", code=item.code)


_FAILED_OTHERWISE: Mapping[CommandName, Callable[[Turn, Leg, CommandFailed], None]] = {
    "dial": lambda turn, _, item: _dialled(turn, item),
    "start_recording": tapes.not_begun,
    "stop_transcription": _stop_failed,
    "stop_streaming": _stop_failed,
    "stop_recording": _stop_failed,
    "speak": _errand_failed,
    "bridge": _errand_failed,
    "hang_up": _errand_failed,
}
