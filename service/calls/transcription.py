"""Getting words out of a leg: what comes of asking Telnyx, streams coming and going, what fails.

One leg of a call is transcribed at a time, with both its tracks: another leg carries every
sentence again. What is asked for, and when again, is in `requests.py`.
"""

from typing import assert_never

from service.calls import gaps, pauses, requests, troubles, vitals
from service.calls.commands import PauseStream, RecordStream, StopStreaming
from service.calls.events import TranscriptionDegraded, TranscriptionStopped
from service.calls.inputs import (
    CommandDone,
    CommandFailed,
    MediaRefused,
    MediaStarted,
    MediaStopped,
    RecognitionFinished,
    StreamingFailed,
)
from service.calls.state import CallState, Desired, Leg, Phase, Progress, Request, Stream
from service.calls.streams import (
    abandon_streams,
    finish_streams,
    note_expected,
    open_recognitions,
    settle_end,
)
from service.calls.turn import Turn
from service.ids import LegId, StreamId, Transcription

STABLE_MS = 30_000
"""A stream that held so long was sound: the delays begin anew after it."""
ORDERLY_S = 2.0
"""How long after a stream ended in order its hang-up may take, before it is asked for again."""

ALREADY_STREAMING = "90045"
NOT_ANSWERED = "90034"
ALREADY_TRANSCRIBING = "90054"
REDIAL_S = 1.0
"""How long Telnyx may take to dial a stream again that it lost, before we end it ourselves."""

NO_WORDS_S = 30.0
"""How long a leg may be transcribed in the call without one word, the first time."""
MAX_NO_WORDS_S = 480.0
_NO_WORDS = "no_words"


_REQUESTS = {
    "answer": lambda leg: leg.answering,
    "start_streaming": lambda leg: leg.streaming,
    "start_transcription": lambda leg: leg.transcribing,
}


def current(state: CallState) -> Transcription | None:
    """Return whether words are to be had of a call; None unless people talk in it."""
    if state.phase is not Phase.TALKING or state.primary is None:
        return None
    if state.desired is not Desired.ON:
        return "paused" if state.desired is Desired.PAUSED else "off"
    leg = state.legs[state.primary]
    return "off" if leg.trouble is not None and leg.trouble.failed else "on"


def start(turn: Turn, leg_id: LegId) -> None:
    """Have Telnyx asked for the words (or the audio) of a leg at once, as a new command."""
    request = in_force(turn, turn.state.legs[leg_id])
    if request.progress is Progress.OFF and not request.is_untouched:
        requests.begin_anew(request)


def in_force(turn: Turn, leg: Leg) -> Request:
    """Return what brings the words of a leg: its stream, or Telnyx's transcription."""
    return leg.streaming if turn.route.source == "media" else leg.transcribing


def stopped(turn: Turn, leg_id: LegId, *, reason: str, at: float) -> None:
    """Note that no more words are to be expected of a leg, if any were."""
    leg = turn.state.legs[leg_id]
    if leg.expected and turn.state.desired is Desired.ON:
        event = TranscriptionStopped(leg=leg_id, source=turn.route.source, reason=reason)
        turn.record(event, at)
    leg.expected = False


def media(turn: Turn, item: MediaStarted | MediaRefused | MediaStopped) -> None:
    """Take note of a media WebSocket that comes, goes, or carries what nobody can decode."""
    match item:
        case MediaStarted():
            media_started(turn, item)
        case MediaRefused():
            media_refused(turn, item)
        case MediaStopped():
            media_stopped(turn, item)
        case _:
            assert_never(item)


def media_started(turn: Turn, item: MediaStarted) -> None:
    """Open recognitions for a stream, unless its call or leg is over.

    A second stream of a leg takes over from the first, on the same call clock. While the
    transcription is paused nobody hears it; where somebody stopped it, it is not wanted.
    """
    state = turn.state
    if not _wants_media(turn, item.leg_id) or state.desired is Desired.OFF:
        return
    offset_ms = state.clock_ms(item.at) or 0
    finish_streams(turn, item.leg_id, reason="media_replaced", at_ms=offset_ms)
    state.streams[item.stream_id] = Stream(leg_id=item.leg_id, offset_ms=offset_ms, paused=True)
    leg = state.legs[item.leg_id]
    leg.streaming.progress, leg.streaming.look_at = Progress.ON, None
    vitals.heard_of(leg, turn.now)
    if turn.route.record == "audio":
        turn.ask(
            RecordStream(
                leg_id=item.leg_id,
                stream_id=item.stream_id,
                offset_ms=offset_ms,
                keep_days=turn.route.retention.audio_days,
            )
        )
    if state.desired is Desired.PAUSED:
        turn.ask(PauseStream(leg_id=item.leg_id, stream_id=item.stream_id))
        return
    open_recognitions(turn, item.leg_id, at=item.at)


def media_refused(turn: Turn, item: MediaRefused) -> None:
    """Have the words come in the call: nobody here can decode this audio."""
    if not _wants_media(turn, item.leg_id):
        return
    request = turn.state.legs[item.leg_id].streaming
    request.progress = Progress.ON  # and not wanted any more, once another source has taken over
    stage = troubles.in_call_stage(turn.state)
    troubles.take_over(
        turn, item.leg_id, reason="unsupported_codec", code=item.encoding, stage=stage
    )


def media_stopped(turn: Turn, item: MediaStopped) -> None:
    """Let the stream's recognitions finish, and have another one asked for if it is wanted."""
    state = turn.state
    stream = _carried_by(state, item.stream_id)
    if stream is None:
        return
    leg = state.legs[item.leg_id]
    reason = "media_stopped" if item.orderly else "media_dropped"
    at_ms = state.clock_ms(item.at) or 0
    if at_ms - stream.offset_ms >= STABLE_MS:
        leg.streaming.failures = 0
    finish_streams(turn, item.leg_id, reason=reason, at_ms=at_ms)
    leg.streaming.generation += 1
    if item.orderly or stream.paused:
        leg.streaming.progress = Progress.OFF
        leg.streaming.look_at = leg.status_at = turn.now + ORDERLY_S
    elif _wants_media(turn, item.leg_id):
        requests.came_to_nothing(leg.streaming, turn.now)
        troubles.trouble(turn, item.leg_id, reason)


def streaming_failed(turn: Turn, item: StreamingFailed) -> None:
    """Have the stream asked for again: Telnyx could not connect to us, or lost the connection."""
    leg = turn.state.legs[item.leg_id]
    if leg.streaming.progress not in (Progress.ASKED, Progress.TAKEN):
        return  # of a stream that was replaced; the one there is speaks for itself
    requests.came_to_nothing(leg.streaming, turn.now)
    leg.streaming.generation += 1
    if _wants_media(turn, item.leg_id) and turn.state.desired is Desired.ON:
        troubles.trouble(turn, item.leg_id, "streaming_failed")


def recognition_finished(turn: Turn, item: RecognitionFinished) -> None:
    """Close a stream once the recognitions of all its tracks have said their last word."""
    state = turn.state
    stream = state.streams.get(item.ref.stream_id)
    if stream is None or item.ref.track not in stream.recognising:
        return
    stream.recognising.remove(item.ref.track)
    settle_end(turn, stream, item)
    if stream.recognising:
        return
    del state.streams[item.ref.stream_id]
    leg = state.legs[stream.leg_id]
    others = any(one.leg_id == stream.leg_id for one in state.streams.values())
    if leg.expected and leg.trouble is None and not others and turn.route.source == "media":
        stopped(turn, stream.leg_id, reason="media_stopped", at=turn.now)


def command(turn: Turn, item: CommandDone | CommandFailed) -> None:
    """Take note of what became of a command."""
    leg = turn.state.legs.get(item.leg_id)
    if leg is None:
        return
    if isinstance(item, CommandDone):
        _command_done(turn, leg, item)
    else:
        _command_failed(turn, leg, item)


def restarted(turn: Turn, *, at: float) -> None:
    """Ask again for what the process that died had asked for or was hearing."""
    state = turn.state
    abandon_streams(state)
    for leg_id, leg in state.legs.items():
        if leg.hung_up:
            continue
        heard = leg.streaming.progress is Progress.ON
        for request in (leg.answering, leg.streaming, leg.transcribing):
            _forget_process(request, keeps=request is leg.transcribing)
        if leg.transcribing.progress is Progress.ON:
            leg.status_at = at
        if heard and turn.route.source == "media" and state.desired is Desired.ON:
            leg.streaming.generation += 1
            troubles.trouble(turn, leg_id, "service_restarted")


def stopping(turn: Turn, *, at: float) -> None:
    """Have what is being heard settled; the next process asks for the audio again."""
    at_ms = turn.state.clock_ms(at) or 0
    for leg_id in turn.state.legs:
        finish_streams(turn, leg_id, reason="service_stopped", at_ms=at_ms)


def worded(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Note that in-call words came of a leg, whoever asked for them."""
    leg = turn.state.legs[leg_id]
    leg.words_due_at, leg.words_missed = None, 0
    if leg.transcribing.progress in (Progress.ASKED, Progress.TAKEN):
        requests.is_so(leg.transcribing)
    wanted = turn.state.desired is Desired.ON and turn.route.source == "in_call"
    if wanted and requests.lives(turn.state, leg_id):
        _in_call_words_go_on(turn, leg_id, at=at)


def words_due_at(state: CallState) -> float | None:
    """Return when the next leg's in-call words are missed; None if none are expected."""
    if state.phase is not Phase.TALKING:
        return None
    due = (leg.words_due_at for leg in state.legs.values() if leg.words_due_at is not None)
    return min(due, default=None)


def miss_words(turn: Turn) -> None:
    """Have another source take over where no word comes, or Telnyx asked again."""
    state = turn.state
    if state.phase is not Phase.TALKING:
        return
    for leg_id, leg in state.legs.items():
        if leg.words_due_at is None or turn.now < leg.words_due_at:
            continue
        leg.words_due_at = None
        if leg.transcribing.progress is Progress.ON and requests.lives(state, leg_id):
            leg.words_missed += 1
            requests.begin_anew(leg.transcribing)
            troubles.trouble(turn, leg_id, _NO_WORDS, refused=troubles.has_next(turn))


def _command_done(turn: Turn, leg: Leg, item: CommandDone) -> None:
    """Note that Telnyx took a command. Media and answers speak for themselves when they come."""
    vitals.heard_of(leg, turn.now)
    match item.command:
        case "answer":
            _taken(leg.answering, "answer", turn.now)
        case "start_streaming":
            _taken(leg.streaming, "start_streaming", turn.now)
        case "start_transcription":
            requests.is_so(leg.transcribing)
            _in_call_words_begin(turn, item.leg_id, item.at)
        case "stop_streaming" | "stop_transcription":
            request = leg.streaming if item.command == "stop_streaming" else leg.transcribing
            if request.progress is Progress.STOPPING:
                request.progress, request.look_at, request.failures = Progress.OFF, None, 0
                request.generation += 1
        case _:
            assert_never(item.command)


def _command_failed(turn: Turn, leg: Leg, item: CommandFailed) -> None:
    """Have what Telnyx refused, or could not be told, asked for again; tell what does not come."""
    if item.code in vitals.GONE_CODES:
        leg.status_at = turn.now
    if item.command in ("stop_transcription", "stop_streaming"):
        _stop_failed(turn, leg, item)
        return
    request = _REQUESTS[item.command](leg)
    if request.progress is not Progress.ASKED:
        return  # of a command that was overtaken
    if item.command == "start_transcription":
        if item.code == ALREADY_TRANSCRIBING:
            _already_transcribing(turn, item)
            return
        if turn.state.desired is Desired.ON:
            pauses.end(turn.state, item.at)
    _start_failed(turn, request, item)


def _taken(request: Request, command: str, now: float) -> None:
    if request.progress is Progress.ASKED:
        request.progress, request.taken_at = Progress.TAKEN, now
        request.look_at = now + requests.EFFECT_S[command]


def _in_call_words_begin(turn: Turn, leg_id: LegId, at: float) -> None:
    state, leg = turn.state, turn.state.legs[leg_id]
    if state.desired is not Desired.ON or turn.route.source != "in_call":
        return
    pauses.end(state, at)
    leg.words_due_at = turn.now + min(NO_WORDS_S * 2.0**leg.words_missed, MAX_NO_WORDS_S)
    if leg.trouble is None or leg.trouble.reason != _NO_WORDS:
        _in_call_words_go_on(turn, leg_id, at=at)


def _in_call_words_go_on(turn: Turn, leg_id: LegId, *, at: float) -> None:
    state = turn.state
    if leg_id == state.primary:
        for track in turn.route.heard_tracks:
            gaps.close_gap(turn, track, until_ms=state.clock_ms(at) or 0)
    troubles.over(turn, leg_id, at=at)
    note_expected(turn, leg_id, at=at)


def _start_failed(turn: Turn, request: Request, item: CommandFailed) -> None:
    refused = item.reason == "refused" and item.code not in (NOT_ANSWERED, ALREADY_STREAMING)
    requests.came_to_nothing(request, turn.now, refused=refused)
    if item.reason == "refused":
        request.generation += 1
    if item.code == ALREADY_STREAMING:
        # Telnyx holds a stream that we do not have: it dials it again, or it is ended
        if request.failures > 1:
            turn.ask(StopStreaming(leg_id=item.leg_id, generation=request.generation))
        request.look_at = turn.now + REDIAL_S
    if item.code not in vitals.GONE_CODES and requests.lives(turn.state, item.leg_id):
        reason = f"{item.command}_{item.reason}"
        troubles.trouble(turn, item.leg_id, reason, code=item.code, refused=refused)


def _stop_failed(turn: Turn, leg: Leg, item: CommandFailed) -> None:
    request = leg.streaming if item.command == "stop_streaming" else leg.transcribing
    if request.progress is not Progress.STOPPING:
        return
    requests.came_to_nothing(request, turn.now)
    gone = item.code in vitals.GONE_CODES
    request.progress = Progress.OFF if gone else Progress.ON


def _already_transcribing(turn: Turn, item: CommandFailed) -> None:
    """Telnyx transcribes this leg, perhaps by somebody else's settings: its words come anyway."""
    leg = turn.state.legs[item.leg_id]
    requests.is_so(leg.transcribing)
    if not leg.expected:
        event = TranscriptionDegraded(
            leg=item.leg_id,
            source=turn.route.source,
            track=None,
            reason="already_transcribing",
            code=item.code,
        )
        turn.record(event, item.at)
    _in_call_words_begin(turn, item.leg_id, item.at)


def _forget_process(request: Request, *, keeps: bool) -> None:
    """Bring a request to what is known without the process that pursued it."""
    if request.progress is Progress.STOPPING:
        request.progress = Progress.ON
    elif request.progress is not Progress.ON or not keeps:
        request.progress = Progress.OFF
    request.look_at = None


def _wants_media(turn: Turn, leg_id: LegId) -> bool:
    talks = turn.state.phase in (Phase.RINGING, Phase.TALKING)
    return talks and turn.route.source == "media" and requests.lives(turn.state, leg_id)


def _carried_by(state: CallState, socket_id: StreamId) -> Stream | None:
    """Find the stream that this media WebSocket carries, unless it was told to finish."""
    for stream_id, stream in state.streams.items():
        if (stream.socket_id or stream_id) == socket_id and not stream.finishing:
            return stream
    return None
