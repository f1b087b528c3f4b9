"""Redacting what is kept already: turning redaction on late helps as well.

All finals of a call that is over are looked through anew, in their order, as if they came now.
What would be hidden of one today is told (`transcript.redacted`), and kept instead.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from service.calls import second_hearing, silences
from service.calls.commands import Reply
from service.calls.events import TranscriptRedacted
from service.calls.inputs import Redaction, Word
from service.calls.redactions import careful_route, key_of, told, written
from service.calls.routes import Route
from service.calls.sound import spans
from service.calls.sound_margins import WHOLE_MARGIN_MS
from service.calls.state import Phase, Span
from service.calls.turn import Turn
from service.ids import LegId, Role, Track, UtteranceId
from service.redaction.memory import Memory, Policy
from service.redaction.redactor import Redacted, Spoken, redact

_ALL: Final = Span(0, 1 << 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFinal:
    """A final as it is kept. Offsets are on the call clock."""

    at: float = 0.0
    """When it occurred, in Unix seconds."""
    seq: int
    utterance_id: UtteranceId
    text: str
    track: Track | None
    role: Role
    leg: LegId
    start_ms: int | None
    end_ms: int | None
    words: tuple[Word, ...] | None
    language: str | None
    redactions: tuple[Redaction, ...] = ()


class Silent(NamedTuple):
    """A stretch of a track's sound that is not to be heard; on the call clock. None: of both."""

    track: Track | None
    span: Span


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What a call has in clear that would be hidden today."""

    superseding: tuple[TranscriptRedacted, ...]
    """For each final of which something would be hidden, what supersedes it."""
    hidden: Counter[str]
    """How many of what would be hidden, that were not before."""
    silent: tuple[Silent, ...]


def look_again(finals: Sequence[KeptFinal], policy: Policy) -> SecondLook:
    """Look through all finals of a call, in their order."""
    memory = Memory()
    superseding: list[TranscriptRedacted] = []
    hidden: Counter[str] = Counter()
    silent: list[Silent] = []
    waiting: list[Silent] = []
    for kept in finals:
        shown = redact(memory, policy, _spoken(kept))
        if shown.aloud.earlier == "hide":
            silent += waiting
        if shown.aloud.earlier != "hold":
            waiting.clear()
        waiting += _stretches(kept, shown.aloud.open)
        silent += _stretches(kept, shown.aloud.hidden)
        if _is_shown_anew(kept, shown):
            superseding.append(_superseding(kept, shown))
            before = Counter(one.entity for one in kept.redactions)
            hidden += Counter(one.entity for one in shown.hidden) - before
    return SecondLook(tuple(superseding), hidden, tuple(silent))


def redact_again(turn: Turn, look: SecondLook, *, like: Route, at: float) -> None:
    """Record what supersedes finals of a call that is over; words that come later are hidden alike.

    `like` is a route that has what is to be hidden. A call that goes on is refused as `live`.
    """
    state = turn.state
    if state.route is None or state.erased:
        turn.reply = Reply(refused="unknown")
    elif state.phase is not Phase.COMPLETE:
        turn.reply = Reply(refused="live")
    else:
        both = careful_route([state.route, like])
        state.route = replace(state.route, redact=both.redact, redact_level=both.redact_level)
        for event in look.superseding:
            turn.record(event, at)
        silences.hidden_late(state, look.silent)
        if look.superseding:
            second_hearing.again(turn)
        turn.reply = Reply(changed=bool(look.superseding))


def _spoken(kept: KeptFinal) -> Spoken:
    return Spoken(
        text=kept.text,
        key=key_of(kept.leg, kept.track),
        at=kept.at,
        is_final=True,
        language=kept.language,
        words=tuple(word.text for word in kept.words or ()),
    )


def _superseding(kept: KeptFinal, shown: Redacted) -> TranscriptRedacted:
    words = kept.words or ()
    return TranscriptRedacted(
        supersedes=kept.seq,
        utterance_id=kept.utterance_id,
        text=shown.text,
        words=kept.words and written(words, shown),
        redactions=told(words, shown),
        track=kept.track,
        role=kept.role,
        leg=kept.leg,
        start_ms=kept.start_ms,
        end_ms=kept.end_ms,
    )


def _is_shown_anew(kept: KeptFinal, shown: Redacted) -> bool:
    """Say whether anything of a final stands there that was not there before."""
    labels = zip(kept.words or (), shown.words, strict=True)
    return shown.text != kept.text or any(
        label is not None and label != word.text for word, label in labels
    )


def _stretches(kept: KeptFinal, places: Sequence[tuple[int, int]] | None) -> list[Silent]:
    """Return when words were said, by their places; all of the final where nobody knows which."""
    if kept.words and places is not None:
        return [Silent(kept.track, span) for span in spans(kept.words, tuple(places))]
    if places is not None and not places:
        return []
    start_ms, end_ms = kept.start_ms, kept.end_ms
    if start_ms is None or end_ms is None:
        return [Silent(kept.track, _ALL)]
    whole = Span(start_ms - WHOLE_MARGIN_MS, end_ms + WHOLE_MARGIN_MS)
    return [Silent(kept.track, whole)]
