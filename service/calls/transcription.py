"""Getting words out of a leg: asking Telnyx for them, streams coming and going, what fails.

One leg of a call is forked at a time, with both its tracks: a second fork on another leg
would hear every sentence again.
"""

from typing import assert_never

from service.calls import pauses
from service.calls.commands import (
    HoldStream,
    RecordStream,
    StartStreaming,
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.calls.engines import in_call_config
from service.calls.events import (
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionStopped,
)
from service.calls.inputs import (
    CommandDone,
    CommandFailed,
    LegHungUp,
    MediaRefused,
    MediaStarted,
    MediaStopped,
    RecognitionFinished,
    StreamingFailed,
)
from service.calls.state import CallState, Fork, Phase, Stream, Wish
from service.calls.streams import finish_streams, forget_streams, hear, started
from service.calls.turn import Turn
from service.ids import LegId, StreamId, Transcription

RESTART_DELAYS_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Before a fork that failed or dropped is asked for again, each time; then it is given up."""
STABLE_MS = 30_000
"""A stream that held so long was sound: the delays begin anew after it."""

CALL_OVER = "90018"
ALREADY_TRANSCRIBING = "90054"


def current(state: CallState) -> Transcription | None:
    """Return whether words are to be had of a call; None unless people talk in it."""
    if state.phase is not Phase.TALKING or state.primary is None:
        return None
    if state.wish is not Wish.ON:
        return "paused" if state.wish is Wish.PAUSED else "off"
    leg = state.legs[state.primary]
    # when the leg hung up, another one is about to take its place
    return "on" if leg.hung_up or leg.fork in (Fork.ASKED, Fork.ON) else "off"


def start(turn: Turn, leg_id: LegId) -> None:
    """Ask Telnyx for the words (or the audio) of a leg."""
    leg = turn.state.legs[leg_id]
    leg.fork, leg.restart_at = Fork.ASKED, None
    if turn.route.source == "media":
        turn.ask(StartStreaming(leg_id=leg_id, tracks=turn.route.tracks))
        return
    engine, config = in_call_config(turn.route)
    turn.ask(
        StartTranscription(
            leg_id=leg_id, engine=engine, config=config, tracks=turn.route.tracks, take=leg.takes
        )
    )


def start_again(turn: Turn) -> None:
    """Ask again for the forks whose time has come, where they are still wanted."""
    state = turn.state
    for leg_id, leg in state.legs.items():
        if leg.restart_at is not None and turn.now >= leg.restart_at:
            leg.restart_at = None
            if leg.fork is Fork.ASKED and _wants_restart(state, leg_id):
                start(turn, leg_id)


def restart_at(state: CallState) -> float | None:
    """Return when the next fork is to be asked for again."""
    return min((leg.restart_at for leg in state.legs.values() if leg.restart_at), default=None)


def stopped(turn: Turn, leg_id: LegId, *, reason: str, at: float) -> None:
    """Note that no more words are to be expected of a leg, if any were."""
    state = turn.state
    leg = state.legs[leg_id]
    if leg.fork is Fork.ON and state.wish is Wish.ON:
        event = TranscriptionStopped(leg=leg_id, source=turn.route.source, reason=reason)
        turn.record(event, at)
    leg.fork = Fork.OFF


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
    if not _wants_media(state, item.leg_id) or state.wish is Wish.OFF:
        return
    offset_ms = state.clock_ms(item.at) or 0
    finish_streams(turn, item.leg_id, reason="media_replaced", at_ms=offset_ms)
    state.streams[item.stream_id] = Stream(leg_id=item.leg_id, offset_ms=offset_ms, held=True)
    if turn.route.record == "audio":
        turn.ask(
            RecordStream(
                leg_id=item.leg_id,
                stream_id=item.stream_id,
                offset_ms=offset_ms,
                keep_days=turn.route.retention.audio_days,
            )
        )
    if state.wish is Wish.PAUSED:
        turn.ask(HoldStream(leg_id=item.leg_id, stream_id=item.stream_id))
        return
    state.legs[item.leg_id].fork = Fork.ASKED
    hear(turn, item.leg_id, at=item.at)


def media_refused(turn: Turn, item: MediaRefused) -> None:
    """Note that the audio cannot be decoded, and tell Telnyx to stop sending it."""
    if not _wants_media(turn.state, item.leg_id):
        return
    _fail(turn, item.leg_id, reason="unsupported_codec", code=item.encoding, at=item.at)
    turn.ask(StopStreaming(leg_id=item.leg_id))


def media_stopped(turn: Turn, item: MediaStopped) -> None:
    """Let the stream's recognitions finish, and ask for another stream if this one broke."""
    state = turn.state
    stream = _carried_by(state, item.stream_id)
    if stream is None:
        return
    reason = "media_stopped" if item.orderly else "media_dropped"
    at_ms = state.clock_ms(item.at) or 0
    if at_ms - stream.offset_ms >= STABLE_MS:
        state.legs[item.leg_id].restarts = 0
    finish_streams(turn, item.leg_id, reason=reason, at_ms=at_ms)
    if stream.held:
        state.legs[item.leg_id].fork = Fork.OFF  # it is asked for again when words are wanted
    elif not item.orderly and _wants_restart(state, item.leg_id):
        _restart(turn, item.leg_id, reason=reason, at=item.at)


def streaming_failed(turn: Turn, item: StreamingFailed) -> None:
    """Ask for the stream again: Telnyx could not connect to us, or lost the connection."""
    state = turn.state
    leg = state.legs[item.leg_id]
    if leg.fork is not Fork.ASKED:
        return
    if _wants_restart(state, item.leg_id):
        _restart(turn, item.leg_id, reason="streaming_failed", at=turn.now)
    else:
        leg.fork = Fork.OFF


def recognition_finished(turn: Turn, item: RecognitionFinished) -> None:
    """Close a stream once the recognitions of all its tracks have said their last word."""
    state = turn.state
    stream = state.streams.get(item.stream_id)
    if stream is None or item.track not in stream.hearing:
        return
    stream.hearing.remove(item.track)
    if hole := state.holes.get(item.track):
        # what was heard is no hole, whatever the clock says: a network may catch up in a burst
        hole.since_ms = max(hole.since_ms, stream.offset_ms + item.audio_ms)
    if stream.hearing:
        return
    del state.streams[item.stream_id]
    leg = state.legs[stream.leg_id]
    if leg.fork is Fork.ON and not _streams_of(state, stream.leg_id):
        stopped(turn, stream.leg_id, reason="media_stopped", at=turn.now)


def command_done(turn: Turn, item: CommandDone) -> None:
    """Note that Telnyx transcribes in the call. Media speaks for itself when it comes."""
    state = turn.state
    leg = state.legs.get(item.leg_id)
    if leg is None or item.command != "start_transcription" or state.wish is not Wish.ON:
        return
    pauses.end(state, item.at)
    if leg.fork is Fork.ASKED:
        started(turn, item.leg_id, at=item.at)


def command_failed(turn: Turn, item: CommandFailed) -> None:
    """Tell what will not happen, unless the call was over anyway."""
    state = turn.state
    leg = state.legs.get(item.leg_id)
    if leg is None or item.command in ("stop_transcription", "stop_streaming"):
        return
    if state.wish is not Wish.ON:
        leg.fork = Fork.OFF  # it is not wanted any more; it is asked for again when it is
        return
    pauses.end(state, item.at)
    if item.code == CALL_OVER:
        leg.fork = Fork.OFF
    elif item.command == "start_transcription" and item.code == ALREADY_TRANSCRIBING:
        _already_transcribing(turn, item)
    else:
        reason = f"{item.command}_{item.reason}"
        _fail(turn, item.leg_id, reason=reason, code=item.code, at=item.at)


def restarted(turn: Turn, *, at: float) -> None:
    """Ask again for what the process that died had asked for or was hearing."""
    state = turn.state
    forget_streams(state)
    for leg_id, leg in state.legs.items():
        if leg.hung_up or leg.fork is Fork.NONE:
            continue
        if state.wish is not Wish.ON:
            _stay_quiet(turn, leg_id)
        elif leg.fork is Fork.OFF:
            continue
        elif turn.route.source == "media":
            leg.restarts = 0
            _restart(turn, leg_id, reason="service_restarted", at=at)
        elif leg.fork is Fork.ASKED:
            start(turn, leg_id)


def stopping(turn: Turn, *, at: float) -> None:
    """Have what is being heard settled; the next process asks for the audio again."""
    state = turn.state
    at_ms = state.clock_ms(at) or 0
    for stream in state.streams.values():
        if not stream.held and stream.cut_ms is None:
            state.legs[stream.leg_id].fork = Fork.ASKED
    for leg_id in state.legs:
        finish_streams(turn, leg_id, reason="service_stopped", at_ms=at_ms)


def _wants_media(state: CallState, leg_id: LegId) -> bool:
    leg = state.legs.get(leg_id)
    hung_up = leg is None or leg.hung_up or _hang_up_waits(state, leg_id)
    return not hung_up and state.phase in (Phase.RINGING, Phase.TALKING)


def _wants_restart(state: CallState, leg_id: LegId) -> bool:
    return state.wish is Wish.ON and _wants_media(state, leg_id)


def _carried_by(state: CallState, socket_id: StreamId) -> Stream | None:
    """Find the stream that this media WebSocket carries, unless it was told to finish."""
    for stream_id, stream in state.streams.items():
        if (stream.socket_id or stream_id) == socket_id and not stream.finishing:
            return stream
    return None


def _stay_quiet(turn: Turn, leg_id: LegId) -> None:
    """Say again to Telnyx what the process that died may not have said any more."""
    leg = turn.state.legs[leg_id]
    if turn.route.source == "media":
        leg.fork = Fork.OFF
    else:
        turn.ask(StopTranscription(leg_id=leg_id, take=leg.takes))


def _hang_up_waits(state: CallState, leg_id: LegId) -> bool:
    return any(
        isinstance(item.webhook, LegHungUp) and item.webhook.leg_id == leg_id
        for item in state.waiting
    )


def _streams_of(state: CallState, leg_id: LegId) -> list[Stream]:
    return [stream for stream in state.streams.values() if stream.leg_id == leg_id]


def _restart(turn: Turn, leg_id: LegId, *, reason: str, at: float) -> None:
    leg = turn.state.legs[leg_id]
    if leg.restarts >= len(RESTART_DELAYS_S):
        _fail(turn, leg_id, reason=reason, at=at)
        return
    leg.fork = Fork.ASKED
    leg.restart_at = at + RESTART_DELAYS_S[leg.restarts]
    leg.restarts += 1
    event = TranscriptionDegraded(
        leg=leg_id, source=turn.route.source, track=None, reason=reason, code=""
    )
    turn.record(event, at)
    start_again(turn)


def _already_transcribing(turn: Turn, item: CommandFailed) -> None:
    """Telnyx transcribes this leg by somebody else's settings: its words come all the same."""
    event = TranscriptionDegraded(
        leg=item.leg_id,
        source=turn.route.source,
        track=None,
        reason="already_transcribing",
        code=item.code,
    )
    turn.record(event, item.at)
    if turn.state.legs[item.leg_id].fork is Fork.ASKED:
        started(turn, item.leg_id, at=item.at)


def _fail(
    turn: Turn,
    leg_id: LegId,
    *,
    reason: str,
    at: float,
    code: str = "",
) -> None:
    turn.state.legs[leg_id].fork = Fork.OFF
    event = TranscriptionFailed(
        leg=leg_id, source=turn.route.source, track=None, reason=reason, code=code
    )
    turn.record(event, at)
