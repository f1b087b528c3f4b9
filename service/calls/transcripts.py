"""What words lead to: partials that are shown, finals that are recorded, gaps that are told."""

from collections.abc import Sequence
from dataclasses import replace

from service.calls import (
    gaps,
    in_call,
    pauses,
    phrase_pauses,
    redactions,
    sides,
    silences,
    sound,
    troubles,
    utterances,
    vitals,
)
from service.calls.coverage import count_settled, count_transcribed
from service.calls.events import (
    EngineRef,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionRecovered,
)
from service.calls.gaps import Gap
from service.calls.inputs import (
    AudioLost,
    AudioSettled,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionRecovered,
    WordsHeard,
    WordsReported,
)
from service.calls.phrases import cut_at
from service.calls.routes import Route
from service.calls.state import CallState, Desired, Ledger, Phase, Progress, Span, Stream
from service.calls.streams import finish_streams
from service.calls.turn import Turn
from service.ids import LegId

NOT_CUT = "pause_not_placed"
"""Why words are lost that were said about when a phrase was: they have no times to cut them by."""


def show(turn: Turn, item: WordsReported) -> None:
    """Publish an in-call interim, unless something newer was shown."""
    state = turn.state
    if item.leg_id not in state.legs or state.phase not in (Phase.TALKING, Phase.ENDING):
        return
    if not _wanted(turn, item, item.leg_id) or state.desired is not Desired.ON:
        return
    state.legs[item.leg_id].words_due_at = None
    partial = utterances.reported_partial(turn, item)
    if partial:
        turn.show(partial, item.occurred_at)


def before_waiting(
    turn: Turn, item: WordsReported, leg_id: LegId, routes: Sequence[Route]
) -> WordsReported:
    """Return an in-call final of a leg as it may wait for its turn: redacted."""
    state = turn.state
    if state.route is None:
        route, track, is_kept = redactions.careful_route(routes), item.track, True
    else:
        route = troubles.in_call_route(turn)
        track = utterances.reported_track(turn, item)
        is_kept = leg_id in state.legs and _wanted(turn, item, leg_id)
    key = redactions.key_of(leg_id, track)
    return redactions.before_waiting(state, route, item, key=key, is_kept=is_kept)


def settle(turn: Turn, item: WordsReported) -> None:
    """Record an in-call final, in its turn."""
    state = turn.state
    if not _wanted(turn, item, item.leg_id):
        return
    if item.is_final is None and not state.finality_missing:
        _tell_finality_missing(turn, item)
    silences.reported(turn, item, utterances.before(turn, item))
    final = utterances.reported_final(turn, item)
    tracks = (
        turn.route.heard_tracks
        if final.track is None
        else (sides.side_of(state, item.leg_id, final.track),)
    )
    span = Span(final.start_ms or 0, final.end_ms or 0)
    for track in tracks:
        in_call.came_late(state, track, span)
    in_call.worded(turn, item.leg_id, since_ms=span.start_ms, at=item.occurred_at)
    if state.answered_at is not None:
        for track in tracks:
            ledger = state.ledgers.setdefault(track, Ledger())
            count_transcribed(ledger, span)
            gap = state.open_gaps.get(track)
            if gap is not None and gap.until_ms is None:
                gap.since_ms = max(gap.since_ms, final.end_ms or 0)
    turn.record(final, item.occurred_at, is_redacted=item.redactions is not None)


def heard(turn: Turn, item: WordsHeard) -> None:
    """Publish or record what a recognition heard; a phrase in it may begin or end a pause."""
    stream = turn.state.streams.get(item.ref.stream_id)
    if stream is None or stream.paused or not item.text.strip():
        return  # a stream that was given up or nobody hears, or an utterance without words
    if stream.is_muted:
        phrase_pauses.listen(turn, item)
        return
    phrase_ms = phrase_pauses.begins_ms(turn, item, stream)
    _take(turn, item, stream, phrase_ms)
    if phrase_ms is not None:
        phrase_pauses.begin(turn, stream.leg_id, at_ms=phrase_ms + stream.offset_ms)


def _take(turn: Turn, item: WordsHeard, stream: Stream, phrase_ms: int | None) -> None:
    """Publish or record words, as far as they are to be kept."""
    limit_ms = phrase_ms
    if stream.ends_ms is not None:
        limit_ms = stream.ends_ms - stream.offset_ms
    if not item.is_final:
        kept = item if phrase_ms is None else cut_at(item, phrase_ms, turn.route.pause_on)
        if stream.ends_ms is None and kept is not None:
            turn.show(utterances.heard_partial(turn, kept, stream), turn.now)
        return
    kept = item if limit_ms is None else _before(turn, item, stream, limit_ms)
    if kept is None:
        sound.dropped(turn, item)
        return
    _record(turn, kept, stream)


def _before(turn: Turn, item: WordsHeard, stream: Stream, limit_ms: int) -> WordsHeard | None:
    """Return what of a final was said before the words of its stream end; None if nothing was.

    Where they end at a phrase more was heard; who cannot tell the one from the other tells a gap.
    """
    if item.start_ms >= limit_ms:
        return None  # nobody was to hear this any more
    if stream.ends_ms is not None and not stream.cuts:
        return _clipped(item, limit_ms)
    kept = cut_at(item, limit_ms, turn.route.pause_on)
    if kept is None:
        span = Span(item.start_ms + stream.offset_ms, limit_ms + stream.offset_ms)
        gaps.report(turn, Gap(item.ref.leg_id, item.ref.track, span, NOT_CUT))
    return kept


def _record(turn: Turn, item: WordsHeard, stream: Stream) -> None:
    state = turn.state
    final = utterances.heard_final(turn, item, stream)
    ledger = state.ledgers.setdefault(item.ref.track, Ledger())
    span = Span(item.start_ms + stream.offset_ms, item.end_ms + stream.offset_ms)
    count_transcribed(ledger, span)
    sound.heard(turn, item, turn.record(final, turn.now))
    vitals.heard_of(state.legs[item.ref.leg_id], turn.now)


def accounted(turn: Turn, item: AudioLost | AudioSettled) -> None:
    """Book audio that no recogniser will ever transcribe, or how far all is accounted for."""
    stream = turn.state.streams.get(item.ref.stream_id)
    if stream is None:
        return  # the stream was given up, and a gap tells of it
    sound.accounted(turn, item)
    leg_id, track, offset_ms = item.ref.leg_id, item.ref.track, stream.offset_ms
    if isinstance(item, AudioSettled):
        ledger = turn.state.ledgers.setdefault(track, Ledger())
        count_settled(ledger, item.until_ms + offset_ms)
        return
    span = Span(item.start_ms + offset_ms, item.end_ms + offset_ms)
    gaps.report(turn, Gap(leg_id, track, span, item.reason))


def troubled(
    turn: Turn, item: RecognitionDegraded | RecognitionFailed | RecognitionRecovered
) -> None:
    """Tell of a recognition's troubles, and of their end."""
    stream = turn.state.streams.get(item.ref.stream_id)
    if stream is None:
        return  # the stream was given up, and a gap tells of it
    if isinstance(item, RecognitionFailed) and _another_source(turn, item, stream):
        return
    route = troubles.route_of(turn, stream.stage)
    turn.record(_trouble(item, stream.offset_ms, route), turn.now)


def _another_source(turn: Turn, item: RecognitionFailed, stream: Stream) -> bool:
    """Let another source take over, if the route has one, from a stream that gives no words."""
    state = turn.state
    if stream.stage < state.stage:
        return True  # one did, for the other track
    stage = troubles.next_stage(turn)
    if stream.finishing or stage is None:
        return False
    leg_id = item.ref.leg_id
    troubles.take_over(turn, leg_id, stage=stage, reason=item.reason, code=item.code)
    at_ms = state.clock_ms(turn.now) or 0
    for one in state.legs:
        finish_streams(turn, one, reason="source_replaced", at_ms=at_ms)
    return True


def _trouble(
    item: RecognitionDegraded | RecognitionFailed | RecognitionRecovered,
    offset_ms: int,
    route: Route,
) -> TranscriptionDegraded | TranscriptionFailed | TranscriptionRecovered:
    leg, source, track = item.ref.leg_id, route.source, item.ref.track
    if isinstance(item, RecognitionFailed):
        return TranscriptionFailed(
            leg=leg, source=source, track=track, reason=item.reason, code=item.code
        )
    start_ms = None if item.start_ms is None else item.start_ms + offset_ms
    if isinstance(item, RecognitionRecovered):
        return TranscriptionRecovered(
            leg=leg,
            source=source,
            track=track,
            engine=item.engine,
            model=item.model,
            start_ms=start_ms,
        )
    to = item.to_engine and EngineRef(source=source, engine=item.to_engine, model=item.to_model)
    return TranscriptionDegraded(
        leg=leg,
        source=source,
        track=track,
        reason=item.reason,
        code=item.code,
        engine=item.engine or route.engine,
        model=item.model if item.engine else route.model,
        to=to or None,
        start_ms=start_ms,
        lost_capabilities=item.lost_capabilities,
    )


def _clipped(item: WordsHeard, limit_ms: int) -> WordsHeard:
    """Have words end where the audio did that the recogniser was given, whatever it says."""
    words = item.words and tuple(
        replace(word, start_ms=min(word.start_ms, limit_ms), end_ms=min(word.end_ms, limit_ms))
        for word in item.words
    )
    return replace(item, end_ms=min(item.end_ms, limit_ms), words=words)


def _wanted(turn: Turn, item: WordsReported, leg_id: LegId) -> bool:
    """Whether these words are the route's, to be kept, and not an echo from another leg."""
    state = turn.state
    if not item.text.strip() or pauses.covers(state, item.occurred_at):
        return False
    if turn.route.source != "in_call" and not _precedes_media(state, item, leg_id):
        return False
    leg = state.legs[leg_id]
    if state.primary is None or leg.was_transcribed:
        return True  # we asked for them, be it before that leg hung up
    return state.legs[state.primary].transcribing.progress is Progress.OFF


def _precedes_media(state: CallState, item: WordsReported, leg_id: LegId) -> bool:
    """Whether Telnyx gave the words before a media stream did, and this is one of those."""
    if not state.legs[leg_id].was_transcribed:
        return False
    return state.in_call_until is None or item.occurred_at < state.in_call_until


def _tell_finality_missing(turn: Turn, item: WordsReported) -> None:
    """Say once that words without `is_final` are taken as final: doubled beats lost."""
    turn.state.finality_missing = True
    event = TranscriptionDegraded(
        leg=item.leg_id,
        source=turn.route.source,
        track=item.track,
        reason="is_final_missing",
        code="",
    )
    turn.record(event, item.occurred_at)
