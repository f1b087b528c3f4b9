"""The call's own audio: when there is some, and that all of it is there."""

from service.calls import second_hearing
from service.calls.events import RecordingSaved
from service.calls.inputs import RecordingWritten
from service.calls.state import Phase, Recorded
from service.calls.turn import Turn


def written(turn: Turn, item: RecordingWritten) -> None:
    """Note what is on the disk, and tell of it unless the call goes on and there will be more."""
    state = turn.state
    state.silenced_ms += item.silenced_ms
    state.recorded = Recorded(item.duration_ms, item.size_bytes)
    if state.phase in (Phase.ENDING, Phase.COMPLETE):
        tell(turn, at=item.at)


def tell(turn: Turn, *, at: float) -> None:
    """Tell of what was recorded, if nobody was told yet."""
    state = turn.state
    if state.recorded is None:
        return
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
