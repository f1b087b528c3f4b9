"""What words lead to: partials that are shown, finals that are recorded, gaps that are told."""

from dataclasses import replace

from service.calls import losses, quiet, streams, utterances
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
from service.calls.state import CallState, Fork, Ledger, Phase, Wish


def show(state: CallState, out: Outbox, route: Route, item: WordsReported) -> None:
    """Publish an in-call interim, unless something newer was shown."""
    if item.leg_id not in state.legs or state.phase not in (Phase.TALKING, Phase.ENDING):
        return
    if not _wanted(state, route, item) or state.wish is not Wish.ON:
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
    if state.wish is Wish.ON and state.legs[item.leg_id].fork in (Fork.NONE, Fork.ASKED):
        streams.started(state, out, route, item.leg_id, at=item.occurred_at)
    out.record(utterances.reported_final(state, route, item), item.occurred_at)


def heard(state: CallState, out: Outbox, route: Route, item: WordsHeard, *, now: float) -> None:
    """Publish or record what a recognition heard."""
    stream = state.streams.get(item.stream_id)
    if stream is None or stream.held or not item.text.strip():
        return  # a stream that was given up or nobody hears, or an utterance without words
    if not item.is_final:
        if stream.cut_ms is None:
            out.publish(utterances.heard_partial(state, route, item, stream), now)
        return
    if stream.cut_ms is not None:
        limit_ms = stream.cut_ms - stream.offset_ms
        if item.start_ms >= limit_ms:
            return  # nobody was to hear this any more
        item = _clipped(item, limit_ms)
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
        losses.lose(
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


def _clipped(item: WordsHeard, limit_ms: int) -> WordsHeard:
    """Have words end where the audio did that the recogniser was given, whatever it says."""
    words = item.words and tuple(
        replace(word, start_ms=min(word.start_ms, limit_ms), end_ms=min(word.end_ms, limit_ms))
        for word in item.words
    )
    return replace(item, end_ms=min(item.end_ms, limit_ms), words=words)


def _wanted(state: CallState, route: Route, item: WordsReported) -> bool:
    """Whether these words are the route's, to be kept, and not an echo from another leg."""
    if route.source != "in_call" or not item.text.strip():
        return False
    if quiet.covers(state, item.occurred_at):
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
