"""What media WebSockets carry: heard, held while the transcription is paused, or finishing."""

from service.calls.commands import FinishRecognitions, HoldStream, OpenRecognition
from service.calls.engines import review
from service.calls.events import TranscriptionStarted
from service.calls.gaps import close_hole
from service.calls.state import CallState, Fork, Hole, Ledger, Stream
from service.calls.turn import Turn
from service.ids import LegId, StreamId


def hear(turn: Turn, leg_id: LegId, *, at: float) -> bool:
    """Open recognitions for the stream of a leg that nobody hears; False if there is none."""
    state = turn.state
    held = [(i, one) for i, one in state.streams.items() if one.held and one.leg_id == leg_id]
    for stream_id, stream in held:
        stream.offset_ms = state.clock_ms(at) or 0
        for track in turn.route.heard_tracks:
            close_hole(turn, track, until_ms=stream.offset_ms)
        if state.legs[leg_id].fork is not Fork.ON:
            started(turn, leg_id, at=at)
        stream.held, stream.hearing = False, list(turn.route.heard_tracks)
        for track in turn.route.heard_tracks:
            turn.ask(
                OpenRecognition(
                    leg_id=leg_id,
                    stream_id=stream_id,
                    track=track,
                    route=turn.route,
                    socket_id=stream.socket_id,
                )
            )
    return bool(held)


def started(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Note that words are to be expected from now on."""
    state = turn.state
    state.legs[leg_id].fork = Fork.ON
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


def hold(turn: Turn, *, at_ms: int) -> None:
    """Have every stream's recognitions say their last word, and keep the sockets for later."""
    state = turn.state
    for stream_id, stream in list(state.streams.items()):
        socket_id = stream.socket_id or stream_id
        if not stream.finishing:
            leg = state.legs[stream.leg_id]
            state.streams[StreamId(f"{socket_id}#{leg.takes}")] = Stream(
                leg_id=stream.leg_id, offset_ms=at_ms, socket_id=socket_id, held=True
            )
            turn.ask(HoldStream(leg_id=stream.leg_id, stream_id=socket_id))
    cut(state, at_ms=at_ms)


def cut(state: CallState, *, at_ms: int) -> None:
    """Have the words of all streams that are heard end here."""
    for stream in state.streams.values():
        if not stream.held and stream.cut_ms is None:
            stream.finishing, stream.cut_ms = True, at_ms


def finish_streams(turn: Turn, leg_id: LegId, *, reason: str, at_ms: int) -> None:
    """Let the recognitions of a leg's streams say their last word."""
    state = turn.state
    for stream_id, stream in list(state.streams.items()):
        if stream.leg_id == leg_id and not stream.finishing:
            stream.finishing = True
            for track in stream.hearing:
                state.holes[track] = Hole(at_ms, reason)
            socket_id = stream.socket_id or stream_id
            turn.ask(FinishRecognitions(leg_id=leg_id, stream_id=socket_id, reason=reason))
            if stream.held:
                del state.streams[stream_id]


def forget_streams(state: CallState) -> None:
    """Give up the streams of a process that died: what it had not settled is lost."""
    for stream in state.streams.values():
        for track in stream.hearing:
            ledger = state.ledgers.setdefault(track, Ledger())
            state.holes[track] = Hole(ledger.until_ms, "service_restarted")
    state.streams.clear()
