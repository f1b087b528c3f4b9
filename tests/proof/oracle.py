"""Holds what was received against what was said: the judge of the proof.

It is lenient in four things, and in none of the first three about words of audio that came whole:

- a word in the midst of which a connection was cut may be lost untold (`is_chipped`): each side
  has a piece of it that nobody can recognise, and no span of time is missing;
- holes with no more between them than part of a word may be told as one gap (`judge_ends`):
  nothing that was heard there could be recognised;
- the rest of a word that a hole cuts, and that was not heard, may be told with the hole
  (`judge_ends`): it is lost with the word;
- the end of an utterance may be marked rather than told, where a text without times was cut off for
  good (`marks`): the end of that final is nowhere in particular.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from service.ids import Track
from service.simulator.speech.script import Word
from service.simulator.words.alignment import Times, align, spread, too_many
from service.simulator.words.sent import SHORT_MS, is_chipped, span_of
from service.simulator.words.spans import Span, missing, overlap, union
from service.simulator.words.untold import TOLERANCE_MS, off_ms, told_by, untold, untold_ms
from tests.proof.changes import IN_CALL, MEDIA
from tests.proof.marks import REASON, behind_marks, ends_known, marks_of, unscrambled
from tests.proof.receiver import Delivery
from tests.proof.trial import Trial
from tests.proof.truth import ROLES, TrackTruth, read_truth
from tests.proof.world import Evidence

BETWEEN_MS = 100
"""What is heard between two holes and is no word: they may be told as one."""
BOUND_MS = {MEDIA: 700, IN_CALL: 1_500}
"""How far an offset may be off: by the audio, and by when webhooks occurred."""
Final = Mapping[str, Any]
"""The data of a `transcript.final`."""


class Heard(NamedTuple):
    """What was heard of a track."""

    words: Sequence[Word]
    marked: Sequence[Word]
    """The last words of finals that are marked there."""


_ALARMS = ("transcription.degraded", "transcription.failed")


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What is wrong with a run, in the words of the table."""

    trial: Trial
    words: int = 0
    lost: int = 0
    doubled: int = 0
    shifted: int = 0
    untold: int = 0
    untold_ms: int = 0
    gap_errors_ms: list[int] = field(default_factory=list)
    marked: int = 0
    """Words of those lost that are not told as a gap but marked."""
    problems: list[str] = field(default_factory=list)
    """In words, for people; without any all is well."""

    def blame(self, text: str) -> None:
        """Say that something is wrong."""
        self.problems.append(text)


def judge(trial: Trial, evidence: Evidence) -> Verdict:
    """Return the verdict on a run."""
    verdict = Verdict(trial=trial)
    durable = [one for one in evidence.deliveries if one.type != "transcript.partial"]
    _judge_order(verdict, evidence, durable)
    for truth in read_truth(evidence, trial.source):
        finals = _in_order(trial, [one.data for one in _of(durable, "transcript.final")])
        mine = [data for data in finals if data["track"] == truth.track]
        gaps = [
            Span(one.data["start_ms"], one.data["end_ms"])
            for one in _of(durable, "transcript.gap")
            if one.data["track"] in (truth.track, None)
        ]
        marks_ms = marks_of(durable, truth.track)
        if not trial.is_ordered:
            mine = unscrambled(mine, marks_ms, truth.words)
        heard = _judge_words(verdict, truth, mine, marks_ms)
        _judge_gaps(verdict, truth, heard, gaps)
        judge_told_twice(verdict, truth.track, mine, gaps)
    _judge_books(verdict, durable)
    return verdict


def _in_order(trial: Trial, finals: list[Final]) -> list[Final]:
    """Return finals in the order to be judged: of webhooks that come late only offsets tell it."""
    if trial.source == IN_CALL:
        finals.sort(key=lambda data: (data["end_ms"] or 0, data["start_ms"] or 0))
    return finals


def _of(deliveries: Iterable[Delivery], kind: str) -> Iterator[Delivery]:
    return (one for one in deliveries if one.type == kind)


# --- the whole of it -----------------------------------------------------------------------------


def _judge_order(verdict: Verdict, evidence: Evidence, durable: Sequence[Delivery]) -> None:
    trial = verdict.trial
    if evidence.forged:
        verdict.blame(f"{evidence.forged} deliveries with a bad signature")
    if not evidence.completed:
        verdict.blame("the transcript was never completed")
    counts = Counter(one.type for one in durable)
    if counts["transcript.completed"] > 1:
        verdict.blame("the transcript was completed more than once")
    numbers = [one.data["seq"] for one in durable]
    if numbers != list(range(1, len(numbers) + 1)):
        verdict.blame(f"events came as {numbers}")
    for one in _of(durable, "transcript.final"):
        if one.data["track"] not in ROLES:
            verdict.blame("a final of no track")
        elif one.data["role"] != ROLES[one.data["track"]]:
            verdict.blame(f"a final of {one.data['track']} said by {one.data['role']}")
    alarms = [one for one in durable if one.type in _ALARMS]
    if not trial.is_ordered:
        alarms = [one for one in alarms if one.data["reason"] != REASON]
    if alarms and not any(fault.alarms for fault in trial.faults):
        verdict.blame(f"a false alarm: {alarms[0].data['reason']}")


def _judge_books(verdict: Verdict, durable: Sequence[Delivery]) -> None:
    for one in _of(durable, "transcript.completed"):
        for track, books in (one.data["coverage"] or {}).items():
            parts = [books[f"{kind}_ms"] for kind in _BOOKED]
            if abs(sum(parts) - one.data["duration_ms"]) > 1:
                verdict.blame(f"the books of {track} sum to {sum(parts)} ms")
            if min(parts) < 0:
                verdict.blame(f"the books of {track} have less than nothing")


_BOOKED = ("transcribed", "silence", "paused", "lost")


# --- words ---------------------------------------------------------------------------------------


def _judge_words(
    verdict: Verdict, truth: TrackTruth, finals: Sequence[Final], marks_ms: Sequence[int]
) -> Heard:
    """Count words; return those that were heard.

    Where the same is said again and again, a seam that cannot be decided is marked, and may double.
    """
    tokens = [token for final in finals for token in final["text"].split()]
    places = align([word.text for word in truth.words], tokens, _times(truth, finals))
    known = [place for place in places if place is not None]
    heard = Counter(known)
    verdict.words += len(truth.words)
    doubled = len(tokens) - len(heard)
    verdict.doubled += doubled
    if doubled and not (truth.is_repetitive and marks_ms):
        extra = [token for token, n in zip(tokens, too_many(places), strict=True) if n]
        verdict.blame(f"{truth.track}: {doubled} words too many: {_some(extra)}")
    if known != sorted(known):
        verdict.blame(f"{truth.track}: words out of order")
    said = list(_said_in(truth, finals, places))
    if verdict.trial.is_placed and not truth.is_repetitive:  # else nobody can tell
        _judge_places(verdict, truth, said, marks_ms)
    marked = [words[-1] for final, words in said if words and final["end_ms"] in marks_ms]
    return Heard([truth.words[place] for place in sorted(heard)], marked)


def _said_in(
    truth: TrackTruth, finals: Sequence[Final], places: Sequence[int | None]
) -> Iterator[tuple[Final, list[Word]]]:
    """Give each final with those of its words that were said."""
    at = 0
    for final in finals:
        count = len(final["text"].split())
        yield final, [truth.words[place] for place in places[at : at + count] if place is not None]
        at += count


def _times(truth: TrackTruth, finals: Sequence[Final]) -> Times:
    heard_ms = [
        middle_ms
        for final in finals
        for middle_ms in spread(len(final["text"].split()), final["start_ms"], final["end_ms"])
    ]
    cut = frozenset(n for n, word in enumerate(truth.words) if truth.is_cut(word))
    return Times([span_of(word).middle for word in truth.words], heard_ms, cut)


def _judge_places(
    verdict: Verdict,
    truth: TrackTruth,
    said: Iterable[tuple[Final, Sequence[Word]]],
    marks_ms: Sequence[int],
) -> None:
    """Count the finals whose offsets are too far off."""
    trial = verdict.trial
    bound_ms = BOUND_MS[trial.source] + sum(fault.bound_ms for fault in trial.faults)
    for final, mine in said:
        if not mine or final["start_ms"] is None:
            continue
        late_ms = off_ms(*ends_known(_span_of(final), mine, truth.unheard, marks_ms), mine)
        if late_ms > bound_ms:
            verdict.shifted += 1
            verdict.blame(f"{truth.track}: {_name(mine[0].text)}… is {late_ms} ms off")


# --- gaps ----------------------------------------------------------------------------------------


def _judge_gaps(verdict: Verdict, truth: TrackTruth, known: Heard, gaps: Sequence[Span]) -> None:
    """Hold the gaps against what is missing: both ways."""
    heard = known.words
    judge_lost(verdict, truth, heard, told_by(gaps), known.marked)
    _judge_paused(verdict, truth, heard)
    may_lose = verdict.trial.may_lose
    for gap in gaps:
        inside = gap.widened(-TOLERANCE_MS)
        within = [word for word in heard if inside.start < span_of(word).middle < inside.end]
        wrong_ms = sum(gap.cut(span_of(word)).length for word in within if may_lose)
        if not may_lose:
            wrong_ms = gap.length
        if wrong_ms > TOLERANCE_MS:
            verdict.gap_errors_ms.append(wrong_ms)
            verdict.blame(f"{truth.track}: a gap of {gap.length} ms, {wrong_ms} of them heard")
    if not verdict.trial.may_lose_what_came:
        there = {id(word) for word in heard}
        judge_ends(verdict, truth, gaps, [word for word in truth.words if id(word) not in there])


def judge_told_twice(
    verdict: Verdict, track: Track, finals: Sequence[Final], gaps: Sequence[Span]
) -> None:
    """Find finals that lie, for the most part, in what is told as lost, wherever the truth is.

    A gap may lie in a final, whose words go on behind it; a final is in no gap.
    """
    slack_ms = TOLERANCE_MS if verdict.trial.source == MEDIA else BOUND_MS[IN_CALL]
    long = [gap for gap in gaps if gap.length > 2 * slack_ms]
    for final in finals:
        if final["start_ms"] is None:
            continue
        span = _span_of(final)
        inner = [gap.widened(-slack_ms) for gap in long if gap.cut(span) != gap]
        if 2 * overlap(span, union(inner)) > span.length:
            words = _texts_of(final)
            verdict.blame(f"{track}: {words} at {span.start}-{span.end} is told as lost as well")


def judge_lost(
    verdict: Verdict,
    truth: TrackTruth,
    heard: Sequence[Word],
    told: Sequence[Span],
    marked: Sequence[Word] = (),
) -> None:
    """Hold the gaps that are told against the words that were not heard.

    `marked` are the last words of finals that are marked there.
    """
    there = {id(word) for word in heard}
    gone = [
        word
        for word in truth.words
        if id(word) not in there
        and not truth.is_paused(word)
        and not is_chipped(word, truth.unheard, truth.edges)
    ]
    verdict.lost += len(gone)
    behind = {id(word) for word in behind_marks(truth.utterances, heard, marked)}
    not_told = untold(gone, told)
    silent = [word for word in not_told if id(word) not in behind]
    verdict.marked += len(not_told) - len(silent)
    silent_ms = untold_ms(silent, told)
    verdict.untold += len(silent)
    verdict.untold_ms += silent_ms
    if silent_ms:
        verdict.blame(f"{truth.track}: {silent_ms} ms of words untold: {_texts(gone)}")
    if not verdict.trial.may_lose_what_came:
        late = _begun_late(verdict, truth, told)
        kept = [
            word
            for word in gone
            if not truth.is_unheard(word) and overlap(span_of(word), late) == 0
        ]
        if kept:
            verdict.blame(f"{truth.track}: lost though it came: {_texts(kept)}")


def _begun_late(verdict: Verdict, truth: TrackTruth, told: Sequence[Span]) -> list[Span]:
    """Return what is told of the time between a pause and a transcription that may hear again."""
    trial = verdict.trial
    if trial.source != IN_CALL or not any(fault.deafens for fault in trial.faults):
        return []
    return [
        Span(pause.end, gap.end)
        for gap in told
        for pause in truth.paused
        if gap.start < pause.end < gap.end
    ]


def _judge_paused(verdict: Verdict, truth: TrackTruth, heard: Sequence[Word]) -> None:
    inside = [silent.widened(-TOLERANCE_MS) for silent in truth.silent]
    let_through = [
        word for word in heard if any(one.cut(span_of(word)) == span_of(word) for one in inside)
    ]
    if let_through:
        verdict.blame(f"{truth.track}: heard though paused: {_texts(let_through)}")


def judge_ends(
    verdict: Verdict, truth: TrackTruth, gaps: Sequence[Span], lost: Sequence[Word]
) -> None:
    """Measure the ends of gaps against those of the audio that never came.

    Holes that nearly touch may be told as one: then the ends are those of all of them.

    And the rest of a word that a hole cuts, and that nobody heard, may be told with it. Somebody
    spoke there, no final has it, and no engine knows a word by its end: were it not told, the books
    would have it for silence. It is no more than that: the word must be lost, and cut by this very
    hole, and the gap ends with the word; the next word is heard, or has to be told for itself.
    """
    told = union(gaps)
    for hole in truth.unheard:
        if hole.length < SHORT_MS:
            continue
        mine = [gap for gap in told if gap.cut(hole).length]
        if not mine:
            verdict.untold_ms += hole.length
            verdict.blame(f"{truth.track}: {hole.length} ms never came, and nobody is told")
            continue
        ends = [hole, _joined(hole, truth.unheard), _with_words(hole, lost)]
        off_ms = max(
            min(abs(mine[0].start - end.start) for end in ends),
            min(abs(mine[-1].end - end.end) for end in ends),
        )
        verdict.gap_errors_ms.append(off_ms)
        between = [left for left in missing(hole, mine) if left.length >= SHORT_MS]
        if off_ms > TOLERANCE_MS or between:
            verdict.blame(f"{truth.track}: a gap for {hole} is told as {mine}")


def _joined(hole: Span, holes: Sequence[Span]) -> Span:
    """Return a hole together with those that nearly touch it."""
    half = BETWEEN_MS // 2
    wide = union(one.widened(half) for one in holes)
    (whole,) = [one for one in wide if one.cut(hole) == hole]
    return whole.widened(-half)


def _with_words(hole: Span, lost: Sequence[Word]) -> Span:
    """Return a hole together with the lost words that it cuts."""
    (whole,) = [
        one
        for one in union([hole, *(span for span in map(span_of, lost) if span.cut(hole).length)])
        if one.cut(hole) == hole
    ]
    return whole


def _span_of(final: Final) -> Span:
    return Span(final["start_ms"], final["end_ms"])


def _texts_of(final: Final) -> str:
    return _some(final["text"].split())


def _texts(words: Sequence[Word]) -> str:
    return _some([word.text for word in words])


def _some(texts: Sequence[str]) -> str:
    names = [_name(text) for text in texts]
    return " ".join(names) if len(names) < 5 else f"{names[0]} … {names[-1]} ({len(names)})"


def _name(text: str) -> str:
    """Shorten a word to its number."""
    numbered = re.match(r"[ac]\d+", text)
    return numbered[0] if numbered else text
