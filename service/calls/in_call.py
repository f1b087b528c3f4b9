"""Words that Telnyx gives in the call: they begin, they come, or they are missed."""

from collections.abc import Sequence

from service.calls import gaps, pauses, requests, sides, troubles, utterances
from service.calls.answering import STARTED_LATE
from service.calls.carrier_answers import CommandFailed
from service.calls.events import TranscriptionDegraded
from service.calls.state import CallState, Desired, Leg, OpenGap, Phase, Progress, Span
from service.calls.streams import note_expected
from service.calls.turn import Turn
from service.ids import LegId, Track

NO_WORDS_S = 30.0
"""How long a leg may be transcribed in the call without one word, the first time."""
MAX_NO_WORDS_S = 480.0
WORDLESS_S = 5.0
"""How long it may be so before somebody ends it, without being told as a gap."""
ROUGH_MS = 1_000
"""By how much the estimate of when words began may be off."""
RESTARTED = "transcription_restarted"
"""Why nobody heard what was said while a transcription was begun again, for another side."""
_LATE = STARTED_LATE["in_call"]


def worded(turn: Turn, leg_id: LegId, *, since_ms: int, at: float) -> None:
    """Note that in-call words came of a leg, whoever asked for them; they were heard since then."""
    leg = turn.state.legs[leg_id]
    leg.words_due_at, leg.words_missed = None, 0
    if sides.heard_apart(turn, leg_id):  # whoever listens says nothing, for as long as it takes
        for other in turn.state.legs.values():
            other.words_due_at = None
    if sides.leads(turn.state, leg_id):
        heard_ms = turn.state.clock_ms(at) or 0
        tracks = sides.heard_tracks(turn, leg_id)
        _forget_late_start(turn.state, tracks, heard_ms=heard_ms, since_ms=since_ms)
    if leg.transcribing.progress in (Progress.ASKED, Progress.TAKEN):
        requests.is_so(leg.transcribing)
    wanted = turn.state.desired is Desired.ON and turn.route.source == "in_call"
    if wanted and not leg.hung_up:
        _go_on(turn, leg_id, heard_since_ms=since_ms, at=at)


def words_due_at(state: CallState) -> float | None:
    """Return when the next leg's in-call words are missed; None if none are expected."""
    if state.phase is not Phase.TALKING:
        return None
    due = (leg.words_due_at for leg in state.legs.values() if leg.words_due_at is not None)
    return min(due, default=None)


def miss_words(turn: Turn) -> None:
    """Have another source take over where no word comes, or Telnyx asked again."""
    state = turn.state
    if state.phase is not Phase.TALKING:
        return
    for leg_id, leg in state.legs.items():
        if leg.words_due_at is None or turn.now < leg.words_due_at:
            continue
        leg.words_due_at = None
        if leg.transcribing.progress is Progress.ON and requests.lives(state, leg_id):
            leg.words_missed += 1
            replaced = troubles.next_stage(turn) is not None
            troubles.trouble(turn, leg_id, troubles.NO_WORDS, refused=replaced)
            if turn.route.source == "in_call":
                requests.begin_anew(leg.transcribing)


def hold(state: CallState) -> None:
    """Miss no words while somebody is on hold: there may be none for long."""
    for leg in state.legs.values():
        leg.words_due_at = None


def retrieve(turn: Turn) -> None:
    """Miss words again of what is transcribed, once nobody is on hold."""
    legs = turn.state.legs.values()
    if any(leg.held_at is not None for leg in legs) or turn.route.source != "in_call":
        return
    for leg in legs:
        if leg.transcribing.progress is Progress.ON and not leg.hung_up:
            leg.words_due_at = turn.now + _patience_s(leg)


def end_wordless(turn: Turn, *, at: float) -> None:
    """Expect no words of any leg from now on; keep in mind of which none came at all.

    Nobody knows yet whether there was anything to hear. Words that were said meanwhile and come
    late show that Telnyx listened; with later ones, or with the call's end, the gap is told.
    """
    for leg_id, leg in turn.state.legs.items():
        _keep_in_mind(turn, leg_id, leg, at=at)
        leg.words_due_at = None


def begin(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Note that Telnyx transcribes a leg now; by and by a word of it is missed."""
    state, leg = turn.state, turn.state.legs[leg_id]
    if state.desired is not Desired.ON or turn.route.source != "in_call":
        return
    pauses.end(state, at)
    leg.words_due_at = turn.now + _patience_s(leg)
    if leg.trouble is None or leg.trouble.reason != troubles.NO_WORDS:
        _begins(turn, leg_id, at=at)


def tell_what_waits(turn: Turn) -> None:
    """Tell of what waits for the next words: they will be those of another transcription."""
    for track, gap in list(turn.state.open_gaps.items()):
        if gap.reason in (_LATE, RESTARTED) and gap.until_ms is not None:
            gaps.close_gap(turn, track, until_ms=gap.until_ms)


def begins_again(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Keep in mind that nobody hears a leg from now on, as it is begun again for another side.

    What it was in the midst of may still come. What does not is lost, too.
    """
    state, leg = turn.state, turn.state.legs[leg_id]
    heard = leg_id == state.primary or sides.heard_apart(turn, leg_id)
    wanted = state.phase is Phase.TALKING and state.desired is Desired.ON and heard
    if not wanted or turn.route.source != "in_call" or not requests.lives(state, leg_id):
        return
    since_ms = min(state.clock_ms(at) or 0, utterances.open_since_ms(state, leg, at))
    tracks = turn.route.heard_tracks if leg.asked_tracks == "both" else _own(turn, leg_id)
    tell_what_waits(turn)
    for track in tracks:
        state.open_gaps.setdefault(track, OpenGap(since_ms, RESTARTED))


def came_late(state: CallState, track: Track, final: Span) -> None:
    """Note that words came of what a transcription had heard before it was begun again."""
    gap = state.open_gaps.get(track)
    if gap is None or gap.reason != RESTARTED:
        return
    if gap.until_ms is None or final.end_ms <= gap.until_ms:
        gap.since_ms = max(gap.since_ms, final.end_ms)


def already_on(turn: Turn, item: CommandFailed) -> None:
    """Telnyx transcribes this leg, perhaps by somebody else's settings: its words come anyway."""
    leg = turn.state.legs[item.leg_id]
    requests.is_so(leg.transcribing)
    if not leg.expected:
        event = TranscriptionDegraded(
            leg=item.leg_id,
            source=turn.route.source,
            track=None,
            reason="already_transcribing",
            code=item.code,
        )
        turn.record(event, item.at)
    _forget_late_start(turn.state, sides.heard_tracks(turn, item.leg_id))
    begin(turn, item.leg_id, at=item.at)


def may_have_begun(state: CallState) -> None:
    """Note that Telnyx may transcribe since long, asked by a process that died: words will tell."""
    for gap in state.open_gaps.values():
        gap.doubtful = gap.doubtful or gap.reason == _LATE


def _forget_late_start(
    state: CallState, tracks: Sequence[Track], *, heard_ms: int = 0, since_ms: int = 0
) -> None:
    """Tell of no late start: it ran before we knew, and since when is not known.

    `heard_ms` is when the words came that show it, `since_ms` since when they were said, roughly.
    """
    for track, gap in list(state.open_gaps.items()):
        began_ms = gap.until_ms
        if track not in tracks or not _waits_for_words(gap):
            continue
        if (
            began_ms is None
            or heard_ms < began_ms
            or (gap.doubtful and since_ms + ROUGH_MS < began_ms)
        ):
            del state.open_gaps[track]


def _keep_in_mind(turn: Turn, leg_id: LegId, leg: Leg, *, at: float) -> None:
    state = turn.state
    missed = sides.leads(state, leg_id) and turn.route.source == "in_call" and leg.trouble is None
    if leg.words_due_at is None or not missed:
        return  # none are missed, or that was told
    began_at = leg.words_due_at - _patience_s(leg)
    if at - began_at < WORDLESS_S:
        return
    since_ms = state.clock_ms(began_at) or 0
    for track in sides.heard_tracks(turn, leg_id):  # one that began late waits for words as well
        gap = state.open_gaps.setdefault(track, OpenGap(since_ms, troubles.NO_WORDS))
        gap.reason, gap.until_ms = troubles.NO_WORDS, state.clock_ms(at)


def _waits_for_words(gap: OpenGap) -> bool:
    """Say whether the next words tell what a gap is: it is then told, or there was none."""
    return gap.reason == _LATE or (gap.reason == troubles.NO_WORDS and gap.until_ms is not None)


def _is_told_later(gap: OpenGap) -> bool:
    """Say whether a gap is not told as soon as it ends, but with the next words."""
    return gap.reason == RESTARTED or _waits_for_words(gap)


def _patience_s(leg: Leg) -> float:
    return min(NO_WORDS_S * 2.0**leg.words_missed, MAX_NO_WORDS_S)


def _go_on(turn: Turn, leg_id: LegId, *, heard_since_ms: int, at: float) -> None:
    for track, gap in list(turn.state.open_gaps.items()):
        if gap.reason == RESTARTED:
            if gap.until_ms is not None and track in _own(turn, leg_id):
                gaps.close_gap(turn, track, until_ms=gap.until_ms)
        elif sides.leads(turn.state, leg_id) and track in sides.heard_tracks(turn, leg_id):
            gaps.close_gap(turn, track, until_ms=heard_since_ms)
    troubles.over(turn, leg_id, at=at)
    note_expected(turn, leg_id, at=at)


def _begins(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Go on; a late start is told with the next words: earlier ones show that it was none."""
    state, at_ms = turn.state, turn.state.clock_ms(at) or 0
    _heard_again(turn, leg_id, at_ms)
    if not sides.leads(state, leg_id):
        troubles.over(turn, leg_id, at=at)
        note_expected(turn, leg_id, at=at)
        return
    mine = sides.heard_tracks(turn, leg_id)
    late = {
        track: gap
        for track, gap in state.open_gaps.items()
        if _is_told_later(gap) and track in mine
    }
    for track, gap in late.items():
        if gap.reason != RESTARTED and (gap.until_ms is None or gap.reason == troubles.NO_WORDS):
            gap.until_ms = at_ms
        del state.open_gaps[track]
    _go_on(turn, leg_id, heard_since_ms=at_ms, at=at)
    state.open_gaps |= late


def _heard_again(turn: Turn, leg_id: LegId, at_ms: int) -> None:
    """Note until when nobody heard a leg that was begun again: it is told with the next words."""
    for track in _own(turn, leg_id):
        gap = turn.state.open_gaps.get(track)
        if gap is not None and gap.reason == RESTARTED and gap.until_ms is None:
            gap.until_ms = at_ms


def _own(turn: Turn, leg_id: LegId) -> Sequence[Track]:
    """Return the tracks of the call that are heard on a leg."""
    if sides.heard_apart(turn, leg_id):
        return (sides.side_of(turn.state, leg_id, "inbound"),)
    return sides.heard_tracks(turn, leg_id) if leg_id == turn.state.primary else ()
