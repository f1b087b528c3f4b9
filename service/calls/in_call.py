"""Words that Telnyx gives in the call: they begin, they come, or they are missed."""

from service.calls import gaps, pauses, requests, sides, troubles
from service.calls.answering import STARTED_LATE
from service.calls.carrier_answers import CommandFailed
from service.calls.events import TranscriptionDegraded
from service.calls.state import CallState, Desired, Leg, OpenGap, Phase, Progress
from service.calls.streams import note_expected
from service.calls.turn import Turn
from service.ids import LegId

NO_WORDS_S = 30.0
"""How long a leg may be transcribed in the call without one word, the first time."""
MAX_NO_WORDS_S = 480.0
WORDLESS_S = 5.0
"""How long it may be so before somebody ends it, without being told as a gap."""
ROUGH_MS = 1_000
"""By how much the estimate of when words began may be off."""
_LATE = STARTED_LATE["in_call"]


def worded(turn: Turn, leg_id: LegId, *, since_ms: int, at: float) -> None:
    """Note that in-call words came of a leg, whoever asked for them; they were heard since then."""
    leg = turn.state.legs[leg_id]
    leg.words_due_at, leg.words_missed = None, 0
    if sides.heard_apart(turn, leg_id):  # whoever listens says nothing, for as long as it takes
        for other in turn.state.legs.values():
            other.words_due_at = None
    if leg_id == turn.state.primary:
        heard_ms = turn.state.clock_ms(at) or 0
        _forget_late_start(turn.state, heard_ms=heard_ms, since_ms=since_ms)
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


def tell_late_start(turn: Turn) -> None:
    """Tell of a late start that waits for the next words: they would be those of another one."""
    for track, gap in list(turn.state.open_gaps.items()):
        if gap.reason == _LATE and gap.until_ms is not None:
            gaps.close_gap(turn, track, until_ms=gap.until_ms)


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
    _forget_late_start(turn.state)
    begin(turn, item.leg_id, at=item.at)


def may_have_begun(state: CallState) -> None:
    """Note that Telnyx may transcribe since long, asked by a process that died: words will tell."""
    for gap in state.open_gaps.values():
        gap.doubtful = gap.doubtful or gap.reason == _LATE


def _forget_late_start(state: CallState, *, heard_ms: int = 0, since_ms: int = 0) -> None:
    """Tell of no late start: it ran before we knew, and since when is not known.

    `heard_ms` is when the words came that show it, `since_ms` since when they were said, roughly.
    """
    for track, gap in list(state.open_gaps.items()):
        began_ms = gap.until_ms
        if not _waits_for_words(gap):
            continue
        if (
            began_ms is None
            or heard_ms < began_ms
            or (gap.doubtful and since_ms + ROUGH_MS < began_ms)
        ):
            del state.open_gaps[track]


def _keep_in_mind(turn: Turn, leg_id: LegId, leg: Leg, *, at: float) -> None:
    state = turn.state
    missed = leg_id == state.primary and turn.route.source == "in_call" and leg.trouble is None
    if leg.words_due_at is None or not missed:
        return  # none are missed, or that was told
    began_at = leg.words_due_at - _patience_s(leg)
    if at - began_at < WORDLESS_S:
        return
    since_ms = state.clock_ms(began_at) or 0
    for track in turn.route.heard_tracks:  # one that began late waits for words as well
        gap = state.open_gaps.setdefault(track, OpenGap(since_ms, troubles.NO_WORDS))
        gap.reason, gap.until_ms = troubles.NO_WORDS, state.clock_ms(at)


def _waits_for_words(gap: OpenGap) -> bool:
    """Say whether the next words tell what a gap is: it is then told, or there was none."""
    return gap.reason == _LATE or (gap.reason == troubles.NO_WORDS and gap.until_ms is not None)


def _patience_s(leg: Leg) -> float:
    return min(NO_WORDS_S * 2.0**leg.words_missed, MAX_NO_WORDS_S)


def _go_on(turn: Turn, leg_id: LegId, *, heard_since_ms: int, at: float) -> None:
    if leg_id == turn.state.primary:
        for track in turn.route.heard_tracks:
            gaps.close_gap(turn, track, until_ms=heard_since_ms)
    troubles.over(turn, leg_id, at=at)
    note_expected(turn, leg_id, at=at)


def _begins(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Go on; a late start is told with the next words: earlier ones show that it was none."""
    state, at_ms = turn.state, turn.state.clock_ms(at) or 0
    if leg_id != state.primary:
        _go_on(turn, leg_id, heard_since_ms=at_ms, at=at)
        return
    late = {track: gap for track, gap in state.open_gaps.items() if _waits_for_words(gap)}
    for track, gap in late.items():
        if gap.until_ms is None or gap.reason == troubles.NO_WORDS:
            gap.until_ms = at_ms
        del state.open_gaps[track]
    _go_on(turn, leg_id, heard_since_ms=at_ms, at=at)
    state.open_gaps |= late
