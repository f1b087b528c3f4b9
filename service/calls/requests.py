"""What is asked of Telnyx: wanted and known, and until both agree a next time to look.

For each leg it is worked out anew, at the end of every turn, what is wanted of Telnyx: that it be
answered, that its audio be forked to us, that it be transcribed in the call, or not. Where that is
not what is known, the command goes out; where it was refused, got no answer or led to nothing, it
goes out again, ever more slowly, for as long as the leg lives. What is under way is part of the
call's state: a process that dies in the middle leaves it to the next one, which asks again by the
same command ids.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from service.calls import pauses
from service.calls.commands import (
    Answer,
    CarrierCommand,
    StartStreaming,
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.calls.engines import flat_config, in_call_config, stream_codec_for
from service.calls.inputs import CommandName, LegHungUp
from service.calls.state import CallState, Desired, Leg, Phase, Progress, Request
from service.calls.turn import Turn
from service.ids import LegId

DELAYS_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Before something is asked again, by how often in a row it came to nothing; the last one stays."""
REFUSED_DELAYS_S = (8.0, 15.0, 30.0, 60.0, 120.0)
"""The same where Telnyx said no: it seldom changes its mind."""
REPLY_S = 60.0
"""After so long no answer to a command is to be expected: whoever sent it is gone."""
SETTLE_S = 1.0
"""How long what was ended at Telnyx may take to end, before it is begun again."""
EFFECT_S = {"answer": 3.0, "start_streaming": 10.0}
"""How long after Telnyx took a command its effect may take: `call.answered`, a media socket.

An answer takes effect at once, so only its webhook can be late: Telnyx is then asked whether the
leg lives, and if it does, people talk. That costs one question a lost webhook: a leg that rings for
long, because somebody else is to answer it, was not told to answer and is not asked about here.
"""
MAX_EFFECT_S = 60.0
"""How long it is between two such questions at most; each wait is twice the one before."""

_RUNS = frozenset({Progress.ON, Progress.STOPPING})
_PURSUED = frozenset({Phase.RINGING, Phase.TALKING, Phase.ENDING})


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that may be wanted of Telnyx for a leg. `wanted` None: leave it as it is."""

    request: Request
    wanted: bool | None
    start: CommandName
    stop: CommandName | None


def needs(turn: Turn, leg_id: LegId, leg: Leg) -> Iterator[Need]:
    """Say what is wanted of Telnyx for a leg."""
    state, source = turn.state, turn.route.source
    alive = lives(state, leg_id)
    rings = alive and leg.incoming and not leg.answered and leg_id == state.routed
    yield Need(leg.answering, rings and turn.route.answer, "answer", None)
    talks = alive and leg.answered and state.phase is Phase.TALKING and leg_id == state.primary
    by_media = talks and source == "media"
    fork = None if by_media and state.desired is Desired.PAUSED else by_media
    yield Need(
        leg.streaming,
        fork and state.desired is Desired.ON,
        "start_streaming",
        "stop_streaming",
    )
    wanted = state.desired is Desired.ON
    words = talks and source == "in_call" and (wanted or state.listens)
    if words and wanted and pauses.is_open(state) and leg.transcribing.progress in _RUNS:
        words = False  # it heard the pause: what it is in the midst of must end with it
    yield Need(leg.transcribing, words, "start_transcription", "stop_transcription")


def pursue(turn: Turn) -> None:
    """Ask for all that is wanted and not so yet, where its time has come.

    Every time to look that has come is used up: what is not to be asked again has none.
    """
    state = turn.state
    if state.phase not in _PURSUED or state.erased:
        return
    for leg_id, leg in state.legs.items():
        for need in needs(turn, leg_id, leg):
            if need.request.look_at is None or turn.now >= need.request.look_at:
                _pursue(turn, leg_id, need)


def next_look(state: CallState) -> float | None:
    """Return when the next request is to be looked at; None if all is as it should be."""
    if state.phase not in _PURSUED:
        return None
    times = [
        request.look_at
        for leg in state.legs.values()
        for request in (leg.answering, leg.streaming, leg.transcribing)
        if request.look_at is not None
    ]
    return min(times, default=None)


def lives(state: CallState, leg_id: LegId) -> bool:
    """Say whether a leg is not known to have hung up, nor a hang-up waits for its turn."""
    leg = state.legs.get(leg_id)
    if leg is None or leg.hung_up:
        return False
    return not any(
        isinstance(item.webhook, LegHungUp) and item.webhook.leg_id == leg_id
        for item in state.waiting
    )


def came_to_nothing(request: Request, now: float, *, refused: bool = False) -> None:
    """Note that a request led to nothing; it is made again, later each time."""
    delays_s = REFUSED_DELAYS_S if refused else DELAYS_S
    request.progress = Progress.OFF
    request.look_at = now + delays_s[min(request.failures, len(delays_s) - 1)]
    request.failures += 1


def is_so(request: Request) -> None:
    """Note that what was wanted is so."""
    request.progress, request.failures, request.look_at = Progress.ON, 0, None


def begin_anew(request: Request) -> None:
    """Have the request made at once, as another command than the last one."""
    request.progress, request.look_at = Progress.OFF, None
    request.failures = 0
    request.generation += 1


def _pursue(turn: Turn, leg_id: LegId, need: Need) -> None:
    request = need.request
    request.look_at = None
    if request.progress is Progress.ASKED:  # whoever asked is gone, and its answer with it
        request.progress = Progress.OFF
    elif request.progress is Progress.STOPPING:
        request.progress = Progress.ON
    if need.wanted:
        _want(turn, leg_id, need)
    elif need.wanted is None:
        return
    elif request.progress is Progress.OFF or need.stop is None or not lives(turn.state, leg_id):
        request.progress = Progress.OFF
    else:
        request.progress, request.look_at = Progress.STOPPING, turn.now + REPLY_S
        turn.ask(_command(turn, leg_id, need.stop, request))


def _want(turn: Turn, leg_id: LegId, need: Need) -> None:
    request, leg = need.request, turn.state.legs[leg_id]
    if request.progress is Progress.ON:
        return
    if request.progress is Progress.OFF:
        request.progress, request.look_at = Progress.ASKED, turn.now + REPLY_S
        turn.ask(_command(turn, leg_id, need.start, request))
        return
    leg.status_at = turn.now  # it was taken, and nothing came of it
    if need.stop is None:
        request.failures += 1
        wait_s = EFFECT_S[need.start] * 2.0**request.failures
        request.look_at = turn.now + min(wait_s, MAX_EFFECT_S)
        return
    came_to_nothing(request, turn.now + SETTLE_S)
    request.generation += 1
    turn.ask(_command(turn, leg_id, need.stop, request))


def _command(turn: Turn, leg_id: LegId, name: CommandName, request: Request) -> CarrierCommand:
    return _COMMANDS[name](turn, leg_id, request.generation)


def _start_transcription(turn: Turn, leg_id: LegId, generation: int) -> CarrierCommand:
    engine, config = in_call_config(turn.route)
    model = None
    if turn.state.legs[leg_id].flat_config:
        model, config = flat_config(config)
    return StartTranscription(
        leg_id=leg_id,
        engine=engine,
        config=config,
        tracks=turn.route.tracks,
        generation=generation,
        model=model,
    )


_COMMANDS: dict[CommandName, Callable[[Turn, LegId, int], CarrierCommand]] = {
    "answer": lambda _, leg_id, generation: Answer(leg_id=leg_id, generation=generation),
    "start_streaming": lambda turn, leg_id, generation: StartStreaming(
        leg_id=leg_id,
        tracks=turn.route.tracks,
        codec=stream_codec_for(turn.route),
        generation=generation,
    ),
    "stop_streaming": lambda _, leg_id, generation: StopStreaming(
        leg_id=leg_id, generation=generation
    ),
    "start_transcription": _start_transcription,
    "stop_transcription": lambda _, leg_id, generation: StopTranscription(
        leg_id=leg_id, generation=generation
    ),
}
