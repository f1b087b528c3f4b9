"""The call's own audio: when there is some, and that all of it is there."""

from service.calls import second_hearing, silences
from service.calls.events import RecordingSaved
from service.calls.inputs import RecordingWritten
from service.calls.recorded import Recorded
from service.calls.state import CallState, Phase
from service.calls.turn import Turn


def written(turn: Turn, item: RecordingWritten) -> None:
    """Note what is on the disk, and tell of it unless the call goes on and there will be more."""
    turn.state.silenced_ms += item.silenced_ms
    kept(turn, item.duration_ms, item.size_bytes, at=item.at)


def kept(turn: Turn, duration_ms: int, size_bytes: int, *, at: float) -> None:
    """Note how much is on the disk, and tell of it once there will be no more."""
    turn.state.recorded = Recorded(duration_ms, size_bytes)
    tell_if_over(turn, at=at)


def tell_if_over(turn: Turn, *, at: float) -> None:
    """Tell of what was recorded unless the call goes on, and there will be more."""
    if turn.state.phase in (Phase.ENDING, Phase.COMPLETE):
        tell(turn, at=at)


def tell(turn: Turn, *, at: float) -> None:
    """Tell of what was recorded, if nobody was told yet and nothing is to be fetched."""
    state = turn.state
    if state.recorded is None or _is_fetched(state):
        return
    if state.tapes:
        state.silenced_ms = silences.silenced_ms(turn)
    event = RecordingSaved(
        duration_ms=state.recorded.duration_ms,
        size_bytes=state.recorded.size_bytes,
        content_type="audio/wav",
        channels=("inbound", "outbound"),
        silenced_ms=state.silenced_ms,
    )
    state.recorded = None
    turn.record(event, at)
    second_hearing.want(turn)


def _is_fetched(state: CallState) -> bool:
    """Say whether more may come at any moment of what Telnyx recorded."""
    legs = state.legs.values()
    expected = any(leg.taping.due_at is not None and not leg.taping.asked for leg in legs)
    return expected or any(not tape.over for tape in state.tapes)
