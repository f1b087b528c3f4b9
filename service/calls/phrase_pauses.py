"""Pauses that a phrase begins, and that another one, or a limit of time, ends.

The pause begins where the phrase ends in the sound, as soon as it is first heard, in a partial or
in a final; what follows it on either track is not kept. A route with `resume_on` has the call
listened to meanwhile, for that phrase alone. Whatever comes of it, the limit ends the pause.
"""

from typing import Final

import msgspec

from service.calls import controls, in_call, pauses, redactions, sound, streams, transcription
from service.calls.events import TranscriptionPaused
from service.calls.inputs import ControlAsked, TrackRef, WordsHeard, WordsReported
from service.calls.phrases import end_of_phrase, phrase_ends_ms
from service.calls.state import CallState, Desired, Phase, Stream
from service.calls.turn import Turn
from service.calls.utterances import reported_track
from service.ids import LegId

PHRASE: Final = "phrase"
RESUME_PHRASE: Final = "resume_phrase"
TIME_LIMIT: Final = "time_limit"
_MOMENT_S: Final = 0.001
"""A pause begins so long after the in-call words whose phrase begins it."""


def due_at(state: CallState) -> float | None:
    """Return when the pause is over, if a phrase began it; None if none is to end by itself."""
    return state.pause_ends_at if state.phase is Phase.TALKING else None


def wake(turn: Turn) -> None:
    """End a pause whose time is over."""
    due = due_at(turn.state)
    if due is not None and turn.now >= due:
        _resume(turn, TIME_LIMIT, at=turn.now)


def begins_ms(turn: Turn, item: WordsHeard, stream: Stream) -> int | None:
    """Return where a phrase in these words begins a pause, in the stream's audio."""
    if stream.ends_ms is not None or not _may_begin(turn):
        return None
    return phrase_ends_ms(item, turn.route.pause_on)


def begin(turn: Turn, primary: LegId, *, at_ms: int) -> None:
    """Keep nothing that is said from this place of the call clock on."""
    state = turn.state
    for stream_id, stream in state.streams.items():
        if stream.ends_ms is None and not stream.finishing:
            stream.cuts = True
            for track in stream.recognising:
                ref = TrackRef(stream.leg_id, stream_id, track)
                sound.hide_from(turn, ref, at_ms - stream.offset_ms)
    _begin(turn, primary, at=(state.answered_at or 0.0) + at_ms / 1000)


def listen(turn: Turn, item: WordsHeard) -> None:
    """Look for the phrase that ends the pause; nothing else is made of these words."""
    if turn.state.listens and end_of_phrase(item.text, turn.route.resume_on) is not None:
        _resume(turn, RESUME_PHRASE, at=turn.now)


def reported(turn: Turn, item: WordsReported, leg_id: LegId) -> WordsReported | None:
    """Return what of in-call words is kept; None if nothing is.

    They have the time at which they were over, and no other: a phrase ends where they do.
    """
    if pauses.covers(turn.state, item.occurred_at):
        return _while_paused(turn, item, leg_id)
    if _key(turn, item, leg_id) in turn.state.spoken_over:
        return _after_pause(turn, item, leg_id)
    if not (turn.route.source == "in_call" and _is_heard(turn, leg_id) and _may_begin(turn)):
        return item
    end = end_of_phrase(item.text, turn.route.pause_on)
    if end is None:
        return item
    _begin(turn, turn.state.primary or leg_id, at=item.occurred_at + _MOMENT_S)
    if item.is_final is False:
        turn.state.paused_in = _key(turn, item, leg_id)
        return None
    return msgspec.structs.replace(item, text=item.text[:end])


def _while_paused(turn: Turn, item: WordsReported, leg_id: LegId) -> WordsReported | None:
    state, route = turn.state, turn.route
    end = end_of_phrase(item.text, route.pause_on)
    key = _key(turn, item, leg_id)
    if item.is_final is not False and key in state.spoken_over:
        state.spoken_over.remove(key)
    elif item.is_final is False and state.listens and key not in state.spoken_over:
        state.spoken_over.append(key)
    if state.listens and end_of_phrase(item.text[end or 0 :], route.resume_on) is not None:
        _resume(turn, RESUME_PHRASE, at=max(turn.now, item.occurred_at))
        if item.is_final is not False and key in state.spoken_over:
            state.spoken_over.remove(key)
        return None
    if item.is_final is False or end is None or state.paused_in != key:
        return None
    state.paused_in = ""
    before = state.pauses[-1].since - _MOMENT_S
    return msgspec.structs.replace(item, text=item.text[:end], occurred_at=before)


def _after_pause(turn: Turn, item: WordsReported, leg_id: LegId) -> WordsReported | None:
    """Return what an utterance that began in the pause has after the phrase that ended it."""
    if item.is_final is not False:
        turn.state.spoken_over.remove(_key(turn, item, leg_id))
    end = end_of_phrase(item.text, turn.route.resume_on)
    rest = "" if end is None else item.text[end:].lstrip(" .,;:!?")
    return msgspec.structs.replace(item, text=rest) if rest else None


def _key(turn: Turn, item: WordsReported, leg_id: LegId) -> str:
    return redactions.key_of(leg_id, reported_track(turn, item))


def _is_heard(turn: Turn, leg_id: LegId) -> bool:
    """Whether the words of a leg are the call's: of each that a route connects, not of an echo."""
    state = turn.state
    return leg_id == state.primary or (leg_id in state.legs and state.legs[leg_id].was_transcribed)


def _may_begin(turn: Turn) -> bool:
    state = turn.state
    talks = transcription.current(state) is not None
    return bool(turn.route.pause_on) and talks and state.desired is Desired.ON


def _begin(turn: Turn, primary: LegId, *, at: float) -> None:
    state, route = turn.state, turn.route
    pauses.begin(state, at)
    in_call.end_wordless(turn, at=at)
    controls.hear_nobody(turn, primary)
    state.spoken_over.clear()
    state.pause_ends_at = turn.now + route.pause_limit_s
    start_ms = pauses.since_ms(state)
    event = TranscriptionPaused(leg=primary, source=route.source, reason=PHRASE, start_ms=start_ms)
    turn.record(event, turn.now)
    if route.resume_on:
        state.listens = True
        streams.listen(turn)


def _resume(turn: Turn, reason: str, *, at: float) -> None:
    if turn.state.listens and not turn.route.interim_results:
        _take_all_for_begun(turn)
    primary = turn.state.primary or LegId(turn.state.call_id)
    controls.resume(turn, primary, ControlAsked(action="resume", at=at, reason=reason))


def _take_all_for_begun(turn: Turn) -> None:
    """Take what each leg says next for begun in the pause: without partials nobody can tell."""
    state = turn.state
    legs = [leg_id for leg_id in state.legs if _is_heard(turn, leg_id)]
    tracks = (*turn.route.heard_tracks, None)
    state.spoken_over = [redactions.key_of(leg_id, track) for leg_id in legs for track in tracks]
