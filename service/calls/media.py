"""Media WebSockets come and go, and say when the audio is as good as heard."""

from typing import assert_never

from service.calls import carrying, requests, sound, transcription, troubles, vitals
from service.calls.answering import answered
from service.calls.commands import PauseStream, RecordStream
from service.calls.dialled import dial_of
from service.calls.inputs import (
    MediaRefused,
    MediaStarted,
    MediaStopped,
    MediaTurnedAway,
    RecognitionFinished,
    StreamingFailed,
)
from service.calls.state import CallState, Desired, Phase, Progress, Stream
from service.calls.streams import finish_streams, open_recognitions, settle_end
from service.calls.turn import Turn
from service.ids import LegId, StreamId

STABLE_MS = 30_000
"""A stream that held so long was sound: the delays begin anew after it."""
ORDERLY_S = 2.0
"""How long after a stream ended in order its hang-up may take, before it is asked for again."""


def take(turn: Turn, item: MediaStarted | MediaRefused | MediaTurnedAway | MediaStopped) -> None:
    """Take note of a media WebSocket that comes, goes, or carries what nobody can decode."""
    match item:
        case MediaStarted():
            _started(turn, item)
        case MediaRefused():
            _refused(turn, item)
        case MediaTurnedAway() if item.leg_id in turn.state.legs:
            _came_to_nothing(turn, item.leg_id, "journal_unavailable")
        case MediaTurnedAway():
            pass  # of a dial that names no leg: what does not come is asked for again
        case MediaStopped():
            _stopped(turn, item)
        case _:
            assert_never(item)


def _started(turn: Turn, item: MediaStarted) -> None:
    """Open recognitions for a stream, unless its call or leg is over.

    A second stream of a leg takes over from the first, on the same call clock. While the
    transcription is paused nobody hears it; where somebody stopped it, it is not wanted.
    """
    state = turn.state
    if not _wants_media(turn, item.leg_id) or state.desired is Desired.OFF:
        return
    if dial_of(state, item.leg_id) is not None:
        answered(turn, item.leg_id, at=item.at)  # its dial asked for it: so it was
    carrying.carry_parameters(turn, item.parameters)
    offset_ms = state.clock_ms(item.at) or 0
    finish_streams(turn, item.leg_id, reason="media_replaced", at_ms=offset_ms)
    state.streams[item.stream_id] = Stream(leg_id=item.leg_id, offset_ms=offset_ms, paused=True)
    leg = state.legs[item.leg_id]
    failures = leg.streaming.failures
    requests.is_so(leg.streaming)
    leg.streaming.failures = failures  # until it has held for a while
    vitals.heard_of(leg, turn.now)
    if turn.route.record == "audio":
        turn.ask(
            RecordStream(
                leg_id=item.leg_id,
                stream_id=item.stream_id,
                offset_ms=offset_ms,
                keep_days=turn.route.retention.audio_days,
                is_judged=sound.is_judged(turn.route),
            )
        )
    if state.desired is Desired.PAUSED:
        turn.ask(PauseStream(leg_id=item.leg_id, stream_id=item.stream_id))
        return
    open_recognitions(turn, item.leg_id, at=item.at)


def _refused(turn: Turn, item: MediaRefused) -> None:
    """Have the words come in the call: nobody here can decode this audio."""
    if not _wants_media(turn, item.leg_id):
        return
    request = turn.state.legs[item.leg_id].streaming
    requests.is_so(request)  # and not wanted any more, once another source has taken over
    stage = troubles.in_call_stage(turn.state)
    troubles.take_over(
        turn, item.leg_id, reason="unsupported_codec", code=item.encoding, stage=stage
    )


def _stopped(turn: Turn, item: MediaStopped) -> None:
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
    if item.orderly or stream.paused or stream.is_muted:
        leg.streaming.progress = Progress.OFF
        leg.streaming.look_at = leg.status_at = turn.now + ORDERLY_S
    elif _wants_media(turn, item.leg_id):
        requests.came_to_nothing(leg.streaming, turn.now)
        troubles.trouble(turn, item.leg_id, reason)


def streaming_failed(turn: Turn, item: StreamingFailed) -> None:
    """Have the stream asked for again: Telnyx could not connect to us, or lost the connection."""
    if turn.state.route is None:
        return
    _came_to_nothing(turn, item.leg_id, "streaming_failed")


def recognition_finished(turn: Turn, item: RecognitionFinished) -> None:
    """Close a stream once the recognitions of all its tracks have said their last word."""
    state = turn.state
    stream = state.streams.get(item.ref.stream_id)
    if stream is None or item.ref.track not in stream.recognising:
        return
    stream.recognising.remove(item.ref.track)
    settle_end(turn, stream, item)
    sound.finished(turn, item)
    if stream.recognising:
        return
    del state.streams[item.ref.stream_id]
    sound.stream_gone(turn, item.ref.stream_id, stream)
    leg, gap = state.legs[stream.leg_id], state.open_gaps.get(item.ref.track)
    others = any(one.leg_id == stream.leg_id for one in state.streams.values())
    goes_on = leg.trouble is not None or (gap is not None and gap.reason == transcription.STOPPING)
    if not goes_on and not others and turn.route.source == "media":
        transcription.stopped(turn, stream.leg_id, reason="media_stopped", at=turn.now)


def _came_to_nothing(turn: Turn, leg_id: LegId, reason: str) -> None:
    """Have a stream asked for again that Telnyx took the command for, and that never began."""
    leg = turn.state.legs[leg_id]
    if leg.streaming.progress not in (Progress.ASKED, Progress.TAKEN):
        return  # of a stream that was replaced; the one there is speaks for itself
    requests.came_to_nothing(leg.streaming, turn.now)
    leg.streaming.generation += 1
    if _wants_media(turn, leg_id) and turn.state.desired is Desired.ON:
        troubles.trouble(turn, leg_id, reason)


def _wants_media(turn: Turn, leg_id: LegId) -> bool:
    talks = turn.state.phase in (Phase.RINGING, Phase.TALKING)
    return talks and turn.route.source == "media" and requests.lives(turn.state, leg_id)


def _carried_by(state: CallState, socket_id: StreamId) -> Stream | None:
    """Find the stream that this media WebSocket carries, unless it was told to finish."""
    for stream_id, stream in state.streams.items():
        if (stream.socket_id or stream_id) == socket_id and not stream.finishing:
            return stream
    return None
