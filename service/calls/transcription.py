"""Getting words out of a leg: asking Telnyx for them, streams coming and going, what fails.

One leg of a call is transcribed at a time, with both its tracks: another leg carries every
sentence again.
"""

from typing import assert_never

from service.calls import pauses
from service.calls.commands import (
    PauseStream,
    RecordStream,
    StartStreaming,
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.calls.engines import in_call_config, stream_codec_for
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
from service.calls.state import CallState, Desired, Phase, Stream, Transcribing
from service.calls.streams import abandon_streams, finish_streams, note_started, open_recognitions
from service.calls.turn import Turn
from service.ids import LegId, StreamId, Transcription

RESTART_DELAYS_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Before words that failed or dropped are asked for again, each time; then they are given up."""
STABLE_MS = 30_000
"""A stream that held so long was sound: the delays begin anew after it."""

CALL_OVER = "90018"
ALREADY_TRANSCRIBING = "90054"


def current(state: CallState) -> Transcription | None:
    """Return whether words are to be had of a call; None unless people talk in it."""
    if state.phase is not Phase.TALKING or state.primary is None:
        return None
    if state.desired is not Desired.ON:
        return "paused" if state.desired is Desired.PAUSED else "off"
    leg = state.legs[state.primary]
    # when the leg hung up, another one is about to take its place
    return "on" if leg.hung_up or leg.is_transcribed else "off"


def start(turn: Turn, leg_id: LegId) -> None:
    """Ask Telnyx for the words (or the audio) of a leg."""
    leg = turn.state.legs[leg_id]
    leg.transcribing, leg.restart_at = Transcribing.ASKED, None
    if turn.route.source == "media":
        codec = stream_codec_for(turn.route)
        turn.ask(StartStreaming(leg_id=leg_id, tracks=turn.route.tracks, codec=codec))
        return
    engine, config = in_call_config(turn.route)
    turn.ask(
        StartTranscription(
            leg_id=leg_id,
            engine=engine,
            config=config,
            tracks=turn.route.tracks,
            generation=leg.generation,
        )
    )


def start_again(turn: Turn) -> None:
    """Ask again for the transcriptions whose time has come, where they are still wanted."""
    state = turn.state
    for leg_id, leg in state.legs.items():
        if leg.restart_at is not None and turn.now >= leg.restart_at:
            leg.restart_at = None
            if leg.transcribing is Transcribing.ASKED and _wants_restart(state, leg_id):
                start(turn, leg_id)


def restart_at(state: CallState) -> float | None:
    """Return when the next transcription is to be asked for again."""
    return min((leg.restart_at for leg in state.legs.values() if leg.restart_at), default=None)


def stopped(turn: Turn, leg_id: LegId, *, reason: str, at: float) -> None:
    """Note that no more words are to be expected of a leg, if any were."""
    state = turn.state
    leg = state.legs[leg_id]
    if leg.transcribing is Transcribing.ON and state.desired is Desired.ON:
        event = TranscriptionStopped(leg=leg_id, source=turn.route.source, reason=reason)
        turn.record(event, at)
    leg.transcribing = Transcribing.OFF


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
    if not _wants_media(state, item.leg_id) or state.desired is Desired.OFF:
        return
    offset_ms = state.clock_ms(item.at) or 0
    finish_streams(turn, item.leg_id, reason="media_replaced", at_ms=offset_ms)
    state.streams[item.stream_id] = Stream(leg_id=item.leg_id, offset_ms=offset_ms, paused=True)
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
    state.legs[item.leg_id].transcribing = Transcribing.ASKED
    open_recognitions(turn, item.leg_id, at=item.at)


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
    if stream.paused:
        state.legs[
            item.leg_id
        ].transcribing = Transcribing.OFF  # it is asked for again when words are wanted
    elif not item.orderly and _wants_restart(state, item.leg_id):
        _restart(turn, item.leg_id, reason=reason, at=item.at)


def streaming_failed(turn: Turn, item: StreamingFailed) -> None:
    """Ask for the stream again: Telnyx could not connect to us, or lost the connection."""
    state = turn.state
    leg = state.legs[item.leg_id]
    if leg.transcribing is not Transcribing.ASKED:
        return
    if _wants_restart(state, item.leg_id):
        _restart(turn, item.leg_id, reason="streaming_failed", at=turn.now)
    else:
        leg.transcribing = Transcribing.OFF


def recognition_finished(turn: Turn, item: RecognitionFinished) -> None:
    """Close a stream once the recognitions of all its tracks have said their last word."""
    state = turn.state
    stream = state.streams.get(item.ref.stream_id)
    if stream is None or item.ref.track not in stream.recognising:
        return
    stream.recognising.remove(item.ref.track)
    if gap := state.open_gaps.get(item.ref.track):
        # what was heard is no gap, whatever the clock says: a network may catch up in a burst
        gap.since_ms = max(gap.since_ms, stream.offset_ms + item.audio_ms)
    if stream.recognising:
        return
    del state.streams[item.ref.stream_id]
    leg = state.legs[stream.leg_id]
    if leg.transcribing is Transcribing.ON and not _streams_of(state, stream.leg_id):
        stopped(turn, stream.leg_id, reason="media_stopped", at=turn.now)


def command_done(turn: Turn, item: CommandDone) -> None:
    """Note that Telnyx transcribes in the call. Media speaks for itself when it comes."""
    state = turn.state
    leg = state.legs.get(item.leg_id)
    if leg is None or item.command != "start_transcription" or state.desired is not Desired.ON:
        return
    pauses.end(state, item.at)
    if leg.transcribing is Transcribing.ASKED:
        note_started(turn, item.leg_id, at=item.at)


def command_failed(turn: Turn, item: CommandFailed) -> None:
    """Tell what will not happen, unless the call was over anyway."""
    state = turn.state
    leg = state.legs.get(item.leg_id)
    if leg is None or item.command in ("stop_transcription", "stop_streaming"):
        return
    if state.desired is not Desired.ON:
        leg.transcribing = (
            Transcribing.OFF
        )  # it is not wanted any more; it is asked for again when it is
        return
    pauses.end(state, item.at)
    if item.code == CALL_OVER:
        leg.transcribing = Transcribing.OFF
    elif item.command == "start_transcription" and item.code == ALREADY_TRANSCRIBING:
        _already_transcribing(turn, item)
    else:
        reason = f"{item.command}_{item.reason}"
        _fail(turn, item.leg_id, reason=reason, code=item.code, at=item.at)


def restarted(turn: Turn, *, at: float) -> None:
    """Ask again for what the process that died had asked for or was hearing."""
    state = turn.state
    abandon_streams(state)
    for leg_id, leg in state.legs.items():
        if leg.hung_up or leg.transcribing is Transcribing.NONE:
            continue
        if state.desired is not Desired.ON:
            _stay_paused(turn, leg_id)
        elif leg.transcribing is Transcribing.OFF:
            continue
        elif turn.route.source == "media":
            leg.restarts = 0
            _restart(turn, leg_id, reason="service_restarted", at=at)
        elif leg.transcribing is Transcribing.ASKED:
            start(turn, leg_id)


def stopping(turn: Turn, *, at: float) -> None:
    """Have what is being heard settled; the next process asks for the audio again."""
    state = turn.state
    at_ms = state.clock_ms(at) or 0
    for stream in state.streams.values():
        if not stream.paused and stream.ends_ms is None:
            state.legs[stream.leg_id].transcribing = Transcribing.ASKED
    for leg_id in state.legs:
        finish_streams(turn, leg_id, reason="service_stopped", at_ms=at_ms)


def _wants_media(state: CallState, leg_id: LegId) -> bool:
    leg = state.legs.get(leg_id)
    hung_up = leg is None or leg.hung_up or _hang_up_waits(state, leg_id)
    return not hung_up and state.phase in (Phase.RINGING, Phase.TALKING)


def _wants_restart(state: CallState, leg_id: LegId) -> bool:
    return state.desired is Desired.ON and _wants_media(state, leg_id)


def _carried_by(state: CallState, socket_id: StreamId) -> Stream | None:
    """Find the stream that this media WebSocket carries, unless it was told to finish."""
    for stream_id, stream in state.streams.items():
        if (stream.socket_id or stream_id) == socket_id and not stream.finishing:
            return stream
    return None


def _stay_paused(turn: Turn, leg_id: LegId) -> None:
    """Say again to Telnyx what the process that died may not have said any more."""
    leg = turn.state.legs[leg_id]
    if turn.route.source == "media":
        leg.transcribing = Transcribing.OFF
    else:
        turn.ask(StopTranscription(leg_id=leg_id, generation=leg.generation))


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
    leg.transcribing = Transcribing.ASKED
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
    if turn.state.legs[item.leg_id].transcribing is Transcribing.ASKED:
        note_started(turn, item.leg_id, at=item.at)


def _fail(
    turn: Turn,
    leg_id: LegId,
    *,
    reason: str,
    at: float,
    code: str = "",
) -> None:
    turn.state.legs[leg_id].transcribing = Transcribing.OFF
    event = TranscriptionFailed(
        leg=leg_id, source=turn.route.source, track=None, reason=reason, code=code
    )
    turn.record(event, at)
