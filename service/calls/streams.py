"""What media WebSockets carry: it is recognised, paused, or its last words are waited for."""

from service.calls import gaps, sides, sound, troubles
from service.calls.commands import (
    FinishRecognitions,
    HastenRecognitions,
    OpenRecognition,
    PauseStream,
)
from service.calls.engines import review
from service.calls.events import TranscriptionStarted
from service.calls.gaps import Gap
from service.calls.inputs import RecognitionFinished, TrackRef
from service.calls.state import CallState, Ledger, OpenGap, Span, Stream
from service.calls.turn import Turn
from service.ids import LegId, StreamId

STALLED = "media_stalled"
"""Why audio is missing at the end of a stream that was open all the while."""


def open_recognitions(turn: Turn, leg_id: LegId, *, at: float) -> bool:
    """Open recognitions for the stream of a leg that nobody hears; False if there is none."""
    state = turn.state
    paused = [(i, one) for i, one in state.streams.items() if one.paused and one.leg_id == leg_id]
    for stream_id, stream in paused:
        stream.offset_ms, stream.stage = state.clock_ms(at) or 0, state.stage
        for track in sides.heard_tracks(turn, leg_id):
            gaps.close_gap(turn, track, until_ms=stream.offset_ms)
        if state.legs[leg_id].was_transcribed and state.in_call_until is None:
            state.in_call_until = at
        troubles.over(turn, leg_id, at=at)
        note_expected(turn, leg_id, at=at)
        stream.paused = False
        _open(turn, stream_id, stream)
    return bool(paused)


def note_expected(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Tell that words are to be expected of a leg from now on, if they were not before."""
    state, leg = turn.state, turn.state.legs[leg_id]
    if leg.expected:
        return
    leg.expected = True
    event = TranscriptionStarted(
        leg=leg_id,
        source=turn.route.source,
        engine=turn.route.engine,
        model=turn.route.model,
        language=turn.route.language,
        ignored=review(turn.route, turn.route.source).ignored,
        start_ms=state.clock_ms(at),
    )
    turn.record(event, at)


def pause(turn: Turn, *, at_ms: int) -> None:
    """Have every stream's recognitions say their last word, and keep the sockets for later."""
    for stream_id, stream in list(turn.state.streams.items()):
        if not stream.finishing and not stream.paused:
            _pause(turn, stream_id, stream, at_ms=at_ms)
    end_words(turn.state, at_ms=at_ms)


def listen(turn: Turn) -> None:
    """Open recognitions in a pause, for the phrase that ends it."""
    state = turn.state
    for stream_id, stream in state.streams.items():
        if stream.paused:
            stream.paused, stream.is_muted = False, True
            stream.offset_ms = state.clock_ms(turn.now) or 0
            _open(turn, stream_id, stream)


def stop_listening(turn: Turn, *, at_ms: int) -> None:
    """Have what was heard in a pause end here; the sockets are paused as those of any other."""
    for stream_id, stream in list(turn.state.streams.items()):
        if stream.is_muted and not stream.finishing:
            _pause(turn, stream_id, stream, at_ms=at_ms)
            stream.finishing, stream.ends_ms = True, at_ms


def _pause(turn: Turn, stream_id: StreamId, stream: Stream, *, at_ms: int) -> None:
    state, socket_id = turn.state, stream.socket_id or stream_id
    state.streams[StreamId(f"{socket_id}#{state.seq}")] = Stream(
        leg_id=stream.leg_id, offset_ms=at_ms, socket_id=socket_id, paused=True
    )
    turn.ask(PauseStream(leg_id=stream.leg_id, stream_id=socket_id))


def _open(turn: Turn, stream_id: StreamId, stream: Stream) -> None:
    stream.recognising = list(sides.heard_tracks(turn, stream.leg_id))
    apart = turn.state.legs[stream.leg_id].voice is not None
    for track in stream.recognising:
        turn.ask(
            OpenRecognition(
                ref=TrackRef(stream.leg_id, stream_id, track),
                route=turn.route,
                socket_id=stream.socket_id,
                is_muted=stream.is_muted,
                carried="inbound" if apart else track,
            )
        )


def end_words(state: CallState, *, at_ms: int) -> None:
    """Have the words of all streams that are heard end here."""
    for stream in state.streams.values():
        if not stream.paused and stream.ends_ms is None:
            stream.finishing, stream.ends_ms = True, at_ms


def finish_streams(turn: Turn, leg_id: LegId, *, reason: str, at_ms: int) -> None:
    """Let the recognitions of a leg's streams say their last word."""
    state = turn.state
    for stream_id, stream in list(state.streams.items()):
        if stream.leg_id == leg_id and not stream.finishing:
            stream.finishing, stream.closed_ms = True, at_ms
            for track in stream.recognising:
                state.open_gaps[track] = OpenGap(at_ms, reason)
            socket_id = stream.socket_id or stream_id
            turn.ask(FinishRecognitions(leg_id=leg_id, stream_id=socket_id, reason=reason))
            if stream.paused:
                del state.streams[stream_id]
                sound.stream_gone(turn, stream_id, stream)


def hasten_streams(turn: Turn, leg_id: LegId) -> None:
    """Let them say it soon: nobody waits for it any longer."""
    streams = turn.state.streams.values()
    if any(stream.leg_id == leg_id and stream.finishing for stream in streams):
        turn.ask(HastenRecognitions(leg_id=leg_id))


def settle_end(turn: Turn, stream: Stream, item: RecognitionFinished) -> None:
    """Settle where a track of a stream ended, now that it is known how much audio there was.

    What was heard is no gap, whatever the clock says: a network may catch up in a burst. And what
    the clock says beyond the audio is one, although the stream was open.
    """
    gap = turn.state.open_gaps.get(item.ref.track)
    ends_ms = stream.offset_ms + item.audio_ms
    closed_ms = stream.closed_ms if stream.ends_ms is None else stream.ends_ms
    if closed_ms is None:
        return
    span = Span(ends_ms, closed_ms)
    gaps.note(turn, Gap(item.ref.leg_id, item.ref.track, span, STALLED))
    if gap is not None and gap.since_ms == stream.closed_ms:  # or it is that of a later stream
        gap.since_ms = max(gap.since_ms, ends_ms)


def abandon_streams(state: CallState) -> None:
    """Give up the streams of a process that died: what it had not settled is lost."""
    for stream in state.streams.values():
        for track in stream.recognising:
            ledger = state.ledgers.setdefault(track, Ledger())
            state.open_gaps[track] = OpenGap(ledger.until_ms, "service_restarted")
    state.streams.clear()
