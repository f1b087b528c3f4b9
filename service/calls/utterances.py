"""From reported or heard words to utterances: ids, revisions and places on the call clock.

An utterance's id is the number of finals before it on its sequence (one track of one leg), so it
is the same in whatever order partials and finals arrive, and partials bear it before their
final is known.
"""

from dataclasses import replace
from typing import TypeVar

from service.calls import parties, pauses, sides
from service.calls.events import TranscriptFinal, TranscriptPartial
from service.calls.inputs import Word, WordsHeard, WordsReported
from service.calls.state import CallState, Leg, Stream, UtteranceSequence
from service.calls.troubles import in_call_route, route_of
from service.calls.turn import Turn
from service.ids import LegId, Role, Track, UtteranceId
from service.words import count_words

SPEAKING_MS_PER_WORD = 350
"""How long a word takes, to estimate where in-call words began (about 170 words a minute)."""
REVISIONS_A_LIFE = 10_000
"""From where revisions go on when the call's memory of the last ones was lost (`state.life`)."""
MAX_INTERIMS = 500
"""Unsettled interims remembered per sequence; beyond that revisions stop growing."""

_Kind = TypeVar("_Kind", TranscriptPartial, TranscriptFinal)


def sequence_of(state: CallState, leg: Leg, track: Track | None) -> UtteranceSequence:
    """Return the sequence of this track of the leg."""
    return state.sequences.setdefault(_sequence_key(leg, track), UtteranceSequence())


def open_since_ms(state: CallState, leg: Leg, at: float) -> int:
    """Return since when a leg's in-call words are not final, on the call clock; `at` if all are."""
    since_ms = state.clock_ms(at) or 0
    for track in (None, "inbound", "outbound"):
        sequence = state.sequences.get(_sequence_key(leg, track))
        if sequence is not None and sequence.interims_at:
            shown_ms = (state.clock_ms(sequence.interims_at[0]) or 0) - SPEAKING_MS_PER_WORD
            since_ms = min(since_ms, max(shown_ms, sequence.end_ms))
    return since_ms


def reported_partial(turn: Turn, item: WordsReported) -> TranscriptPartial | None:
    """Return what to show of an in-call interim, or None if something newer was shown.

    Interims do not wait for their turn, so finals that still do are counted here.
    """
    state = turn.state
    leg = state.legs[item.leg_id]
    track = reported_track(turn, item)
    sequence = sequence_of(state, leg, track)
    if len(sequence.interims_at) < MAX_INTERIMS:
        sequence.interims_at.append(item.occurred_at)
    ahead = _finals_ahead(turn, item.leg_id, track)
    if item.occurred_at < max([sequence.shown_at, *ahead]):
        return None
    sequence.shown_at = item.occurred_at
    settled_at = max(ahead, default=0.0)
    interims = sum(1 for at in sequence.interims_at if at > settled_at)
    revision = _revision(state, max(1, interims))
    utterance_id = _utterance_id(state, leg, track, sequence.finals + len(ahead))
    return _reported(
        TranscriptPartial, turn, item, sequence, utterance_id=utterance_id, revision=revision
    )


def before(turn: Turn, item: WordsReported) -> UtteranceSequence:
    """Return what came before an in-call final on its track."""
    leg = turn.state.legs[item.leg_id]
    return sequence_of(turn.state, leg, reported_track(turn, item))


def reported_final(turn: Turn, item: WordsReported) -> TranscriptFinal:
    """Settle an utterance from an in-call final, in its turn."""
    state = turn.state
    leg = state.legs[item.leg_id]
    track = reported_track(turn, item)
    sequence = sequence_of(state, leg, track)
    interims = sum(1 for at in sequence.interims_at if at <= item.occurred_at)
    revision = _revision(state, 1 + interims)
    utterance_id = _utterance_id(state, leg, track, sequence.finals)
    final = _reported(
        TranscriptFinal, turn, item, sequence, utterance_id=utterance_id, revision=revision
    )
    sequence.interims_at = [at for at in sequence.interims_at if at > item.occurred_at]
    sequence.shown_at = max(sequence.shown_at, item.occurred_at)
    _settle(state, sequence, final)
    return final


def heard_partial(turn: Turn, item: WordsHeard, stream: Stream) -> TranscriptPartial:
    """Return what to show of a recognition's partial."""
    state = turn.state
    leg = state.legs[item.ref.leg_id]
    sequence = sequence_of(state, leg, item.ref.track)
    sequence.revisions += 1
    utterance_id = _utterance_id(state, leg, item.ref.track, sequence.finals)
    return _heard(
        TranscriptPartial,
        turn,
        item,
        stream,
        utterance_id=utterance_id,
        revision=_revision(state, sequence.revisions),
    )


def heard_final(turn: Turn, item: WordsHeard, stream: Stream) -> TranscriptFinal:
    """Settle an utterance from a recognition's final."""
    state = turn.state
    leg = state.legs[item.ref.leg_id]
    sequence = sequence_of(state, leg, item.ref.track)
    utterance_id = _utterance_id(state, leg, item.ref.track, sequence.finals)
    revision = _revision(state, sequence.revisions + 1)
    final = _heard(
        TranscriptFinal, turn, item, stream, utterance_id=utterance_id, revision=revision
    )
    _settle(state, sequence, final)
    return final


def role_of(turn: Turn, leg_id: LegId, track: Track | None) -> Role:
    """Return who speaks on a track; never a guess."""
    return "unknown" if track is None else parties.role_of(turn.state, turn.route, leg_id, track)


def _revision(state: CallState, number: int) -> int:
    return state.life * REVISIONS_A_LIFE + number


def _settle(state: CallState, sequence: UtteranceSequence, final: TranscriptFinal) -> None:
    sequence.finals += 1
    sequence.revisions = 0
    sequence.end_ms = max(sequence.end_ms, final.end_ms or 0)
    state.utterances += 1
    state.words += count_words(final.text)


def reported_track(turn: Turn, item: WordsReported) -> Track | None:
    """Return the track Telnyx named, or the only one that was asked for, or that there is."""
    if (brings := turn.state.legs.get(item.leg_id)) is not None and brings.voice is not None:
        return brings.voice
    if item.track is not None:
        return item.track
    route = in_call_route(turn)
    leg = turn.state.legs.get(item.leg_id)
    since = 0.0 if leg is None else leg.apart_since
    alone = leg is not None and leg.asked_tracks == "inbound"
    alone = alone or sides.connects(turn, item.leg_id)
    if alone and item.occurred_at >= since:
        return "inbound"
    return None if route.tracks == "both" else route.tracks


def _finals_ahead(turn: Turn, leg_id: LegId, track: Track | None) -> list[float]:
    """Return when the finals of this sequence occurred that still wait for their turn."""
    return [
        item.webhook.occurred_at
        for item in turn.state.waiting
        if isinstance(item.webhook, WordsReported)
        and item.webhook.leg_id in (leg_id, "")
        and reported_track(turn, item.webhook) == track
        and item.webhook.text.strip()
    ]


def _reported(
    kind: type[_Kind],
    turn: Turn,
    item: WordsReported,
    sequence: UtteranceSequence,
    *,
    utterance_id: UtteranceId,
    revision: int,
) -> _Kind:
    state, route = turn.state, in_call_route(turn)
    start_ms = None
    end_ms = state.clock_ms(item.occurred_at)
    if end_ms is not None:
        spoken_ms = count_words(item.text) * SPEAKING_MS_PER_WORD
        since_ms = pauses.last_end_ms(state, item.occurred_at)
        if sequence.end_ms <= end_ms:  # it did not come late, after words that were said later
            since_ms = max(since_ms, sequence.end_ms)
        start_ms = min(end_ms, max(since_ms, end_ms - spoken_ms))
    track = reported_track(turn, item)
    return kind(
        utterance_id=utterance_id,
        revision=revision,
        text=item.text.strip(),
        track=track,
        role=role_of(turn, item.leg_id, track),
        leg=item.leg_id,
        start_ms=start_ms,
        end_ms=end_ms,
        time_source="estimated",
        confidence=item.confidence,
        words=None,
        language=route.language,
        engine=route.engine,
        model=route.model,
        source=route.source,
        redactions=item.redactions or (),
    )


def _heard(
    kind: type[_Kind],
    turn: Turn,
    item: WordsHeard,
    stream: Stream,
    *,
    utterance_id: UtteranceId,
    revision: int,
) -> _Kind:
    route = route_of(turn, stream.stage)
    return kind(
        utterance_id=utterance_id,
        revision=revision,
        text=item.text.strip(),
        track=item.ref.track,
        role=role_of(turn, item.ref.leg_id, item.ref.track),
        leg=item.ref.leg_id,
        start_ms=item.start_ms + stream.offset_ms,
        end_ms=item.end_ms + stream.offset_ms,
        time_source="audio",
        confidence=item.confidence,
        words=item.words and tuple(_shifted(word, stream.offset_ms) for word in item.words),
        language=item.language or route.language,
        engine=item.engine or route.engine,
        model=item.model if item.engine else route.model,
        source=route.source,
    )


def _shifted(word: Word, by_ms: int) -> Word:
    return replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms)


def _sequence_key(leg: Leg, track: Track | None) -> str:
    return f"{leg.number}{track[0] if track else 'm'}"


def _utterance_id(state: CallState, leg: Leg, track: Track | None, number: int) -> UtteranceId:
    return UtteranceId(f"utt_{state.call_id}_{_sequence_key(leg, track)}{number}")
