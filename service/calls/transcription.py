"""Whether words are to be had of a call, and what becomes of that when a process goes or comes.

One leg of a call is transcribed at a time, with both its tracks: another leg carries every
sentence again. What is asked of Telnyx, and when again, is in `requests.py`; `media.py` is about
audio that comes to us, `in_call.py` about words that Telnyx gives.
"""

from service.calls import connecting, in_call, requests, troubles
from service.calls.dialled import dial_of
from service.calls.events import TranscriptionStopped
from service.calls.state import CallState, Desired, Leg, Phase, Progress, Request
from service.calls.streams import abandon_streams, finish_streams, hasten_streams
from service.calls.turn import Turn
from service.ids import LegId, Transcription

STOPPING = "service_stopped"
"""Why audio is not heard while no process is there; the next one goes on."""

_UNDER_WAY = frozenset({Progress.ASKED, Progress.TAKEN})


def current(state: CallState) -> Transcription | None:
    """Return whether words are to be had of a call; None unless people talk in it."""
    if state.phase is not Phase.TALKING or state.primary is None:
        return None
    if state.desired is not Desired.ON:
        return "paused" if state.desired is Desired.PAUSED else "off"
    leg = state.legs[state.primary]
    return "off" if leg.trouble is not None and leg.trouble.failed else "on"


def start(turn: Turn, leg_id: LegId) -> None:
    """Have Telnyx asked for the words (or the audio) of a leg now, whatever came of it before."""
    request = in_force(turn, turn.state.legs[leg_id])
    if request.progress is Progress.OFF:
        request.look_at, request.failures = None, 0


def in_force(turn: Turn, leg: Leg) -> Request:
    """Return what brings the words of a leg: its stream, or Telnyx's transcription."""
    return leg.streaming if turn.route.source == "media" else leg.transcribing


def answered(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Have a leg that we dialled bridged, and heard since its answer if the dial asked for that."""
    state = turn.state
    connecting.answered(turn, leg_id)
    dial, leg = dial_of(state, leg_id), state.legs[leg_id]
    if dial is None or not dial.carries or leg.hung_up or state.phase is not Phase.TALKING:
        return
    if turn.route.source == "in_call" and leg.transcribing.is_untouched:
        leg.transcribing.progress, leg.asked_tracks = Progress.ON, dial.asked_tracks
        in_call.begin(turn, leg_id, at=at)
    elif turn.route.source == "media" and leg.streaming.is_untouched:
        leg.streaming.progress, leg.streaming.taken_at = Progress.TAKEN, turn.now
        leg.streaming.look_at = turn.now + requests.EFFECT_S["start_streaming"]


def stopped(turn: Turn, leg_id: LegId, *, reason: str, at: float) -> None:
    """Note that no more words are to be expected of a leg, if any were."""
    leg = turn.state.legs[leg_id]
    if leg.expected and turn.state.desired is Desired.ON:
        event = TranscriptionStopped(leg=leg_id, source=turn.route.source, reason=reason)
        turn.record(event, at)
    leg.expected = False


def restarted(turn: Turn, *, at: float) -> None:
    """Ask again for what the process that died had asked for or was hearing."""
    state = turn.state
    abandon_streams(state)
    connecting.restarted(turn, at=at)
    for leg_id, leg in state.legs.items():
        if leg.hung_up:
            continue
        heard = leg.streaming.progress is Progress.ON
        if leg.streaming.progress in _UNDER_WAY:
            leg.streaming.generation += 1  # its socket found nobody, and a repeat dials none
        if leg.transcribing.progress is Progress.ASKED:
            in_call.may_have_begun(state)
        for request in (leg.answering, leg.streaming, leg.transcribing, *leg.errands.values()):
            keeps = request is not leg.answering and request is not leg.streaming
            _forget_process(request, keeps=keeps)
        if leg.transcribing.progress is Progress.ON:
            leg.status_at = at
        if heard and turn.route.source == "media" and state.desired is Desired.ON:
            leg.streaming.generation += 1
            troubles.trouble(turn, leg_id, "service_restarted")


def stopping(turn: Turn, *, at: float) -> None:
    """Have what is being heard settled; the next process asks for the audio again."""
    at_ms = turn.state.clock_ms(at) or 0
    for leg_id in turn.state.legs:
        finish_streams(turn, leg_id, reason=STOPPING, at_ms=at_ms)
        hasten_streams(turn, leg_id)


def _forget_process(request: Request, *, keeps: bool) -> None:
    """Bring a request to what is known without the process that pursued it."""
    if request.progress is Progress.STOPPING:
        request.progress = Progress.ON
    elif request.progress is not Progress.ON or not keeps:
        request.progress = Progress.OFF
    request.look_at = None
