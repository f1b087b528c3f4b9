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

from service.calls import connecting, pauses, sides
from service.calls.carrier_answers import CommandName
from service.calls.commands import (
    Answer,
    Bridge,
    CarrierCommand,
    Dial,
    HangUp,
    Speak,
    StartRecording,
    StartStreaming,
    StartTranscription,
    StopRecording,
    StopStreaming,
    StopTranscription,
)
from service.calls.dialled import dial_for
from service.calls.engines import flat_config, in_call_config, stream_codec_for
from service.calls.inputs import LegHungUp
from service.calls.routes import Tracks
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
EFFECT_S = {"answer": 3.0, "start_streaming": 10.0, "hang_up": 3.0, "bridge": 5.0}
"""How long after Telnyx took a command its effect may take: `call.answered`, a media socket.

An answer takes effect at once, so only its webhook can be late: Telnyx is then asked whether the
leg lives, and if it does, people talk. That costs one question a lost webhook: a leg that rings for
long, because somebody else is to answer it, was not told to answer and is not asked about here.
"""
MAX_EFFECT_S = 60.0
"""How long it is between two such questions at most; each wait is twice the one before."""

_RUNS = frozenset({Progress.ON, Progress.STOPPING})
_PURSUED = frozenset({Phase.RINGING, Phase.TALKING, Phase.ENDING})
"""The phases in which something may be wanted of any leg; later only that it hangs up."""


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
    for one in connecting.errands(turn, leg_id, leg, alive=alive):
        yield Need(one.request, one.wanted, one.name, None)
    if state.phase not in _PURSUED:
        return
    leads = sides.leads(state, leg_id) and bool(sides.heard_tracks(turn, leg_id))
    ours = leg_id == state.routed or leg.voice is not None
    rings = alive and leg.incoming and not leg.answered and ours
    yield Need(leg.answering, rings and turn.route.answer, "answer", None)
    talks = alive and leg.answered and state.phase is Phase.TALKING
    talks = talks and not connecting.is_to_be_announced(turn)
    by_media = talks and source == "media" and leads
    fork = None if by_media and state.desired is Desired.PAUSED else by_media
    yield Need(
        leg.streaming,
        fork and state.desired is Desired.ON,
        "start_streaming",
        "stop_streaming",
    )
    taped = talks and turn.route.record == "telnyx" and leg_id == state.primary
    on = taped and state.desired is Desired.ON
    yield Need(leg.recording, on, "start_recording", "stop_recording")
    heard = leads or sides.heard_apart(turn, leg_id)
    wanted = state.desired is Desired.ON
    words = talks and heard and source == "in_call" and (wanted or state.listens)
    if words and wanted and pauses.is_open(state) and leg.transcribing.progress in _RUNS:
        words = False  # it heard the pause: what it is in the midst of must end with it
    if leg.transcribing.progress in _RUNS and leg.asked_tracks not in (None, _tracks(turn, leg_id)):
        words = False  # it is begun again, for another side
    if leg_id != state.primary and leg.transcribing.progress is Progress.OFF and _carried(state):
        words = False  # until the leg that carries this one's voice does not any more
    yield Need(leg.transcribing, words, "start_transcription", "stop_transcription")


def _carried(state: CallState) -> bool:
    """Say whether the transcription of a leg still has what the others say in it."""
    legs = state.legs.values()
    return any(leg.asked_tracks == "both" and leg.transcribing.progress in _RUNS for leg in legs)


def pursue(turn: Turn) -> None:
    """Ask for all that is wanted and not so yet, where its time has come.

    Every time to look that has come is used up: what is not to be asked again has none.
    """
    state = turn.state
    if state.erased or (state.phase not in _PURSUED and not state.dials):
        return
    for one in connecting.starts(state):
        _look(turn, LegId(""), Need(one.request, one.wanted, one.name, None))
    for leg_id, leg in list(state.legs.items()):
        for need in needs(turn, leg_id, leg):
            _look(turn, leg_id, need)


def next_look(state: CallState) -> float | None:
    """Return when the next request is to be looked at; None if all is as it should be."""
    return min((r.look_at for r in _requests(state) if r.look_at is not None), default=None)


def _requests(state: CallState) -> Iterator[Request]:
    if state.phase in _PURSUED:
        yield from (dial.request for dial in state.dials)
        for leg in state.legs.values():
            yield from (leg.answering, leg.streaming, leg.transcribing, leg.recording)
    if state.dials:
        for leg in state.legs.values():
            yield from leg.errands.values()


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


def _look(turn: Turn, leg_id: LegId, need: Need) -> None:
    if need.request.look_at is None or turn.now >= need.request.look_at:
        _pursue(turn, leg_id, need)


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
    request = need.request
    if request.progress is Progress.ON:
        return
    if request.progress is Progress.OFF:
        request.progress, request.look_at = Progress.ASKED, turn.now + REPLY_S
        turn.ask(_command(turn, leg_id, need.start, request))
        return
    if connecting.overdue(turn, leg_id, need.start):
        return
    turn.state.legs[leg_id].status_at = turn.now  # it was taken, and nothing came of it
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


def _start_transcription(turn: Turn, leg_id: LegId, generation: int) -> StartTranscription:
    command = _transcription(turn, leg_id, generation)
    leg = turn.state.legs[leg_id]
    if leg.asked_tracks == "both":
        leg.apart_since = turn.now
    leg.asked_tracks = command.tracks
    return command


def _transcription(turn: Turn, leg_id: LegId, generation: int) -> StartTranscription:
    engine, config = in_call_config(turn.route)
    model = None
    leg = turn.state.legs.get(leg_id)
    if leg is not None and leg.flat_config:
        model, config = flat_config(config)
    return StartTranscription(
        leg_id=leg_id,
        engine=engine,
        config=config,
        tracks=_tracks(turn, leg_id),
        generation=generation,
        model=model,
    )


def _start_streaming(turn: Turn, leg_id: LegId, generation: int) -> StartStreaming:
    leg = turn.state.legs.get(leg_id)
    apart = leg is not None and leg.voice is not None
    return StartStreaming(
        leg_id=leg_id,
        tracks="inbound" if apart else turn.route.tracks,
        codec=stream_codec_for(turn.route),
        generation=generation,
    )


def _tracks(turn: Turn, leg_id: LegId) -> Tracks:
    begins = not leg_id and sides.splits(turn.route)  # its dial
    return "inbound" if begins or sides.heard_apart(turn, leg_id) else turn.route.tracks


def _dial(turn: Turn, leg_id: LegId, generation: int) -> CarrierCommand:
    state, dial = turn.state, dial_for(turn.state, leg_id)
    assert dial is not None, "a dial is wanted where there is one"  # noqa: S101
    dial.asked_at = turn.now if dial.asked_at is None else dial.asked_at
    begins = _with_dial(turn, leg_id) if dial.carries else None
    dial.carries = begins is not None
    dial.asked_tracks = None if begins is None else begins.tracks
    return Dial(
        leg_id=leg_id,
        to=dial.to,
        from_=dial.from_,
        connection_id=dial.connection_id,
        ring_s=turn.route.ring_s,
        mark={connecting.CALL: state.call_id, connecting.DIAL: dial.linked or ""},
        begins=begins,
        generation=generation,
    )


def _with_dial(turn: Turn, leg_id: LegId) -> StartTranscription | StartStreaming | None:
    """Say what brings the words of whoever is dialled from the first one on.

    The fork of the leg that was there before carries both sides already; and before a notice
    there are no words in the call.
    """
    if turn.state.desired is not Desired.ON:
        return None
    if turn.route.source == "media":
        return None if leg_id else _start_streaming(turn, leg_id, 0)
    if not leg_id and turn.route.announce is not None and turn.route.connect is not None:
        return None
    wanted = not leg_id or sides.connects(turn, leg_id)
    return _transcription(turn, leg_id, 0) if wanted else None


def _speak(turn: Turn, leg_id: LegId, generation: int) -> CarrierCommand:
    route = turn.route
    return Speak(
        leg_id=leg_id,
        text=route.announce or "",
        voice=route.announce_voice,
        language=route.language or "en-US",
        generation=generation,
    )


def _bridge(turn: Turn, leg_id: LegId, generation: int) -> CarrierCommand:
    dial = dial_for(turn.state, leg_id)
    assert dial is not None, "a bridge is wanted of legs that are known"  # noqa: S101
    assert dial.leg is not None  # noqa: S101 - the same
    return Bridge(leg_id=leg_id, other=dial.leg, generation=generation)


_COMMANDS: dict[CommandName, Callable[[Turn, LegId, int], CarrierCommand]] = {
    "answer": lambda _, leg_id, generation: Answer(leg_id=leg_id, generation=generation),
    "dial": _dial,
    "speak": _speak,
    "bridge": _bridge,
    "hang_up": lambda _, leg_id, generation: HangUp(leg_id=leg_id, generation=generation),
    "start_streaming": _start_streaming,
    "stop_streaming": lambda _, leg_id, generation: StopStreaming(
        leg_id=leg_id, generation=generation
    ),
    "start_transcription": _start_transcription,
    "stop_transcription": lambda _, leg_id, generation: StopTranscription(
        leg_id=leg_id, generation=generation
    ),
    "start_recording": lambda _, leg_id, generation: StartRecording(
        leg_id=leg_id, generation=generation
    ),
    "stop_recording": lambda _, leg_id, generation: StopRecording(
        leg_id=leg_id, generation=generation
    ),
}
