"""Holds what an application heard of a call against what was said, word by word. Pure."""

import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args

from service.simulator.report import CallReport
from service.simulator.speech.script import TRACK_OF, Speaker, Word
from service.simulator.words.alignment import Times, align, spread, too_many
from service.simulator.words.count import Count
from service.simulator.words.records import Final, Gap
from service.simulator.words.sent import edges, holes, is_chipped, late_ms, span_of, streamed
from service.simulator.words.untold import off_ms, told_by, untold, untold_ms

_AROUND_WORDS = string.punctuation + "…“”„«»¿¡—"


@dataclass(frozen=True, slots=True)
class _Side:
    """What one speaker said, and the finals that say so; of nobody, those that do not say who."""

    speaker: Speaker | None
    words: Sequence[Word]
    finals: Sequence[Final]
    tokens: Sequence[str]
    places: Sequence[int | None]

    @property
    def texts(self) -> list[str]:
        """The words as they are compared."""
        return [_plain(word.text) for word in self.words]

    @property
    def heard(self) -> set[int]:
        """The places of the words that were heard."""
        return {place for place in self.places if place is not None}

    @property
    def unheard(self) -> list[int]:
        """The places of those that were not, in order."""
        return sorted(set(range(len(self.words))) - self.heard)

    @property
    def extra(self) -> list[str]:
        """The tokens that have no place."""
        pairs = zip(self.tokens, self.places, strict=True)
        return [token for token, place in pairs if place is None]


def count_words(
    call: CallReport, finals: Sequence[Final], gaps: Sequence[Gap], *, max_shift_ms: int
) -> Count:
    """Count what was heard of a call.

    Words are compared in small letters, without the punctuation around them.
    """
    count = Count()
    sides = [_side(call, finals, speaker) for speaker in (*get_args(Speaker), None)]
    elsewhere: set[tuple[Speaker | None, int]] = set()
    for side in sides:
        others = [other for other in sides if other is not side]
        elsewhere |= _count_extra(count, side, others)
    for side in sides:
        count.said += len(side.words)
        count.heard += len(side.heard)
        count.doubled += sum(too_many(side.places)) - len(side.extra)
        count.shifted += sum(_shifted(side, max_shift_ms, partial(late_ms, call)))
        if side.speaker is not None:
            left = [n for n in side.unheard if (side.speaker, n) not in elsewhere]
            mine = [gap for gap in gaps if gap.speaker in (side.speaker, None)]
            _count_lost(count, call, side.speaker, [side.words[n] for n in left], mine)
    return count


def _side(call: CallReport, finals: Iterable[Final], speaker: Speaker | None) -> _Side:
    words = [word for word in _said(call, speaker) if _plain(word.text)]
    mine = _in_order([final for final in finals if final.speaker == speaker])
    tokens = [token for final in mine for token in _tokens(final)]
    texts = [_plain(word.text) for word in words]
    said_ms = [span_of(word).middle for word in words]
    heard_ms = [
        middle_ms
        for final in mine
        for middle_ms in spread(len(_tokens(final)), final.start_ms, final.end_ms)
    ]
    return _Side(speaker, words, mine, tokens, align(texts, tokens, Times(said_ms, heard_ms)))


def _said(call: CallReport, speaker: Speaker | None) -> Iterator[Word]:
    """Give the words that were spoken to their end before the call was over."""
    end_ms = call.talk_offset_ms + call.talk_ms
    for said in call.said:
        if said.speaker == speaker:
            yield from (word for word in said.words if word.end_ms <= end_ms)


def _in_order(finals: list[Final]) -> list[Final]:
    """Return them by their offsets if all have some, by their numbers, or as they came."""
    if all(final.start_ms is not None for final in finals):
        return sorted(finals, key=lambda final: final.start_ms or 0)
    if all(final.seq is not None for final in finals):
        return sorted(finals, key=lambda final: final.seq or 0)
    return finals


def _tokens(final: Final) -> list[str]:
    return [plain for word in final.text.split() if (plain := _plain(word))]


def _plain(word: str) -> str:
    return word.casefold().strip(_AROUND_WORDS)


def _count_extra(
    count: Count, side: _Side, others: Sequence[_Side]
) -> set[tuple[Speaker | None, int]]:
    """Count what has no place on this side; return whose words were heard here and not there."""
    wanted = [(other.speaker, n) for other in others for n in other.unheard]
    texts = [_plain(other.words[n].text) for other in others for n in other.unheard]
    here = set(side.texts)
    there = {text for other in others for text in other.texts}
    found: set[tuple[Speaker | None, int]] = set()
    for token, place in zip(side.extra, align(texts, side.extra), strict=True):
        if place is not None:
            found.add(wanted[place])
            count.wrong_track += 1
        elif token in here:
            count.doubled += 1
        elif token in there:
            count.wrong_track += 1
        else:
            count.unsaid += 1
    return found


def _shifted(side: _Side, max_shift_ms: int, late_ms: Callable[[Word], int]) -> Iterator[int]:
    """Give the number of words of each final that is too far off.

    Where its first or last word is said more than once, nobody can tell which one it is.
    """
    texts = side.texts
    once = {text for text, times in Counter(texts).items() if times == 1}
    at = 0
    for final in side.finals:
        mine = side.places[at : (at := at + len(_tokens(final)))]
        places = [place for place in mine if place is not None]
        if not places or final.start_ms is None or final.end_ms is None:
            continue
        if not {texts[places[0]], texts[places[-1]]} <= once:
            continue
        words = [side.words[place] for place in places]
        if off_ms(final.start_ms, final.end_ms, words) > max_shift_ms + late_ms(words[-1]):
            yield len(set(places))


def _count_lost(
    count: Count, call: CallReport, speaker: Speaker, left: Sequence[Word], gaps: Sequence[Gap]
) -> None:
    """Count the words that nobody heard, by whether anybody was told."""
    track = TRACK_OF[speaker]
    never_sent = holes(call, [*call.transcribed, *streamed(call, track)])
    told = told_by(gap.span for gap in gaps)
    in_no_gap = untold(left, told, partial(late_ms, call))
    cut_at = edges(call, track)
    silent = [word for word in in_no_gap if not is_chipped(word, never_sent, cut_at)]
    count.cut += len(in_no_gap) - len(silent)
    count.told += len(left) - len(in_no_gap)
    count.lost += len(left) - len(in_no_gap) + len(silent)
    count.untold_ms += untold_ms(silent, told)
