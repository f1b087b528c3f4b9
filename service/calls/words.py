"""What words lead to: partials that are shown, finals that are recorded, gaps that are told."""

from service.calls import forks, utterances
from service.calls.coverage import count_transcribed
from service.calls.events import TranscriptionDegraded, TranscriptionFailed
from service.calls.inputs import (
    AudioLost,
    RecognitionDegraded,
    RecognitionFailed,
    WordsHeard,
    WordsReported,
)
from service.calls.outbox import Outbox
from service.calls.routes import Route
from service.calls.state import CallState, Fork, Ledger, Phase


def show(state: CallState, out: Outbox, route: Route, item: WordsReported) -> None:
    """Publish an in-call interim, unless something newer was shown."""
    if item.leg_id not in state.legs or state.phase not in (Phase.TALKING, Phase.ENDING):
        return
    if not _wanted(state, route, item):
        return
    partial = utterances.reported_partial(state, route, item)
    if partial:
        out.publish(partial, item.occurred_at)


def settle(state: CallState, out: Outbox, route: Route, item: WordsReported) -> None:
    """Record an in-call final, in its turn."""
    if not _wanted(state, route, item):
        return
    if item.is_final is None and not state.finality_missing:
        _tell_finality_missing(state, out, route, item)
    if state.legs[item.leg_id].fork in (Fork.NONE, Fork.ASKED):
        forks.started(state, out, route, item.leg_id, at=item.occurred_at)
    out.record(utterances.reported_final(state, route, item), item.occurred_at)


def heard(state: CallState, out: Outbox, route: Route, item: WordsHeard, *, now: float) -> None:
    """Publish or record what a recognition heard."""
    stream = state.streams.get(item.stream_id)
    if stream is None or not item.text.strip():
        return  # a stream that was given up, or an utterance without words
    if not item.is_final:
        out.publish(utterances.heard_partial(state, route, item, stream), now)
        return
    final = utterances.heard_final(state, route, item, stream)
    ledger = state.ledgers.setdefault(item.track, Ledger())
    count_transcribed(ledger, item.start_ms + stream.offset_ms, item.end_ms + stream.offset_ms)
    out.record(final, now)


def troubled(
    state: CallState,
    out: Outbox,
    route: Route,
    item: AudioLost | RecognitionDegraded | RecognitionFailed,
    *,
    now: float,
) -> None:
    """Tell of a recognition's losses and troubles."""
    stream = state.streams.get(item.stream_id)
    if stream is None:
        return  # the stream was given up, and a hole tells of it
    if isinstance(item, AudioLost):
        span = (item.start_ms + stream.offset_ms, item.end_ms + stream.offset_ms)
        forks.lose(
            state, out, route, item.leg_id,
            track=item.track, span=span, reason=item.reason, at=now,
        )  # fmt: skip
        return
    degraded = isinstance(item, RecognitionDegraded)
    event = (TranscriptionDegraded if degraded else TranscriptionFailed)(
        leg=item.leg_id,
        source=route.source,
        track=item.track,
        reason=item.reason,
        code=item.code,
    )
    out.record(event, now)


def _wanted(state: CallState, route: Route, item: WordsReported) -> bool:
    """Whether these words are the route's, and not an echo of its leg from another one."""
    if route.source != "in_call" or not item.text.strip():
        return False
    if state.primary is None or state.legs[item.leg_id].fork is not Fork.NONE:
        return True
    return state.legs[state.primary].fork not in (Fork.ASKED, Fork.ON)


def _tell_finality_missing(
    state: CallState, out: Outbox, route: Route, item: WordsReported
) -> None:
    """Say once that words without `is_final` are taken as final: doubled beats lost."""
    state.finality_missing = True
    event = TranscriptionDegraded(
        leg=item.leg_id,
        source=route.source,
        track=item.track,
        reason="is_final_missing",
        code="",
    )
    out.record(event, item.occurred_at)
