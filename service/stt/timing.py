"""An estimate of when a text was said, where the engine does not tell.

A text ends in one of the pauses before its result came. Which one, its length says: people speak
some fifteen letters a second, each at a pace of their own.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from math import log
from typing import NamedTuple

from service.stt.ring import Span
from service.stt.speech import WINDOW_MS

LAG_MS = 2500
"""How long after its last word a live engine's result may come, unless it proves slower."""

_LETTER_MS = 65
_WIDE_LETTER_MS = 200
"""One Han or Kana character is a syllable."""
_LATER_IS_LIKELIER = 0.1
"""An earlier pause must fit better by so much of what it is earlier: a text seldom waits in line.
Not where the engine is known to be late, or works off a replay: it says what was said first.
"""
_UNUSUAL = 0.05
"""Of the lengths that a text may have, for all that is known of who speaks, the usual is likelier:
so much of it is the cost, by the square of how many times (e) as fast or slow he would be.
"""
_WITHIN_MS = 500
_PAUSED = 2
"""A longer pause ends a text, as a rule: what goes on behind it must fit better by so much of
the rest.
"""
_BREATHED = 0.75
"""A shorter one may, where nothing else says where a text ends."""
_REMAINDER_MS = 200
"""So little speech after the text before is what was left of that, by an estimate."""
_HOLE_MS = 650
"""Where no audio came, it counts as a pause of this length, if it is longer."""
_CUT_OUT = 0.15
"""Where that began and ended in mid-speech, a text that lacks so much of its length goes on."""
_MIN_REST_MS = 400
"""So little speech that a text leaves of a stretch is no text of its own, but the rest of it."""
_QUEUE_REACH, _LATE_REACH = 1.3, 2.0
"""A text in a queue has not run further ahead than so much of its length."""
_UNREACHED_MS = 2_000
"""A text must fit better by so much to end before speech that something in it was said in."""
_GOES_ON_MS = 1_000
"""So much better to end in speech that still goes on, although engines end a text in a pause."""
_MAX_STRETCHES = 16
"""Looked at: what is answered is the oldest of them."""


class Estimate(NamedTuple):
    """When a text was said, as far as can be told."""

    span: Span
    split_ms: int | None = None
    """Where a hole begins on whose other side, or on both, it may have been said all the same."""


class Division(NamedTuple):
    """How speech may be divided between two texts, and what speaks against that."""

    cost: float
    second_ms: int
    """Where the second begins."""


class _Fit(NamedTuple):
    """With which stretch a text may begin, with which end, and what speaks against that."""

    cost: float
    first: int
    last: int


def duration_of(text: str) -> int:
    """Estimate how long a text takes to say, in milliseconds."""
    return sum(_WIDE_LETTER_MS if letter > "\u2e80" else _LETTER_MS for letter in text)


def estimate(
    expected_ms: int,
    spans: Iterable[Span],
    *,
    from_ms: int,
    until_ms: int,
    lag_ms: int,
    queue_ms: int = 0,
    slack_ms: int = 0,
    holes: Sequence[Span] = (),
    cut_ms: int = -1,
    reached_ms: int = 0,
    is_whole: bool = False,
    is_late: bool = False,
) -> Estimate:
    """Estimate when a text was said that takes about `expected_ms` to say.

    `spans` is the speech between the end of the text before (`from_ms`) and what had been sent
    when the result came (`until_ms`). `slack_ms` is how far `expected_ms` may be off, `lag_ms` how
    far the result may be behind, or more if it `is_late`, and `queue_ms` how much of that is
    because much was sent at once. In `holes` nobody knows whether he paused; what was before
    `cut_ms` nobody heard. The last of it was said after `reached_ms`, as it seems. If it
    `is_whole`, a pause came behind it.
    """
    stretches = _stretches(spans, from_ms, until_ms, holes, cut_ms)
    if not stretches:
        return Estimate(Span(max(min(from_ms, until_ms), until_ms - expected_ms), until_ms))
    bias = _LATER_IS_LIKELIER if lag_ms <= LAG_MS and not (queue_ms or is_late) else 0.0
    lateness = _lateness(stretches, until_ms, holes, reached_ms, bias=bias, is_whole=is_whole)
    pairs = pairwise(stretches)
    pauses = [_pause_cost(pair, holes, expected_ms, is_live=bool(bias)) for pair in pairs]
    lengths_ms = Span(expected_ms - slack_ms, expected_ms + slack_ms)
    fits = _fits(stretches, pauses, lateness, lengths_ms)
    first, last, split = _choose(list(fits), stretches, holes, expected_ms)
    start_ms, end_ms = stretches[first].start_ms, stretches[last].end_ms
    if lag_ms > LAG_MS or until_ms - end_ms > LAG_MS:
        longest_ms = _longest_ms(expected_ms, slack_ms, is_queued=queue_ms > 0)
        end_ms = said_by(stretches[first : last + 1], longest_ms)
    split_ms = None if split is None else min(stretches[split].end_ms, max(start_ms, end_ms))
    return Estimate(Span(start_ms, max(start_ms, end_ms)), split_ms)


def _longest_ms(expected_ms: int, slack_ms: int, *, is_queued: bool) -> int:
    """Return how far a text reaches at most that ends in no pause."""
    reach = _QUEUE_REACH if is_queued else _LATE_REACH
    return round(max(expected_ms * reach, expected_ms + 2 * slack_ms))


def divide(
    first_ms: Span,
    second_ms: Span,
    spans: Iterable[Span],
    *,
    from_ms: int,
    until_ms: int,
    holes: Sequence[Span],
) -> Division | None:
    """Divide speech between two texts that take so long to say, at least and at most.

    None if there is only one stretch of it.
    """
    stretches = _stretches(spans, from_ms, until_ms, holes)
    expected_ms = sum((*first_ms, *second_ms)) // 4
    pauses = [_pause_cost(pair, holes, expected_ms, is_live=False) for pair in pairwise(stretches)]
    divisions = (
        Division(
            _least_cost(stretches[:nth], pauses[: nth - 1], first_ms, is_all=True)
            + _least_cost(stretches[nth:], pauses[nth:], second_ms),
            stretches[nth].start_ms,
        )
        for nth in range(1, len(stretches))
    )
    return min(divisions, default=None)


def _least_cost(
    stretches: Sequence[Span], pauses: Sequence[float], lengths_ms: Span, *, is_all: bool = False
) -> float:
    """Return what speaks against a text where it fits best; if it `is_all`, none is behind it."""
    fits = _fits(stretches, pauses, [0.0] * len(stretches), lengths_ms)
    return min(
        fit.cost + is_all * sum(span.end_ms - span.start_ms for span in stretches[fit.last + 1 :])
        for fit in fits
    )


def _stretches(
    spans: Iterable[Span], from_ms: int, until_ms: int, holes: Sequence[Span], cut_ms: int = -1
) -> list[Span]:
    """Return the speech that a text may be of, without what is too little to begin or end one."""
    stretches = list(islice(spans, _MAX_STRETCHES))
    if len(stretches) > 1 and _is_no_word(stretches[0], from_ms, holes, cut_ms):
        del stretches[0]
    if len(stretches) > 1 and _is_no_end(stretches[-1], until_ms, holes):
        del stretches[-1]
    return stretches


def _lateness(
    stretches: Sequence[Span],
    until_ms: int,
    holes: Sequence[Span],
    reached_ms: int,
    *,
    bias: float,
    is_whole: bool,
) -> list[float]:
    """Return what it costs a text to end with each stretch, by when its result came."""
    costs = [
        _waited_ms(stretch.end_ms, until_ms, holes) * bias
        + _UNREACHED_MS * (stretch.end_ms <= reached_ms)
        for stretch in stretches
    ]
    if is_whole and until_ms - stretches[-1].end_ms < WINDOW_MS:
        costs[-1] += _GOES_ON_MS
    return costs


def _waited_ms(end_ms: int, until_ms: int, holes: Sequence[Span]) -> int:
    """Return how long an engine had to answer: what it was not sent is no time it had."""
    cuts = (min(hole.end_ms, until_ms) - max(hole.start_ms, end_ms) for hole in holes)
    return until_ms - end_ms - sum(cut_ms for cut_ms in cuts if cut_ms > 0)


def _fits(
    stretches: Sequence[Span],
    pauses: Sequence[float],
    lateness: Sequence[float],
    lengths_ms: Span,
) -> Iterator[_Fit]:
    """Yield with which stretch a text may begin, and with which it may end.

    `pauses` is what it costs to go on behind each stretch. What is before the text's beginning was
    said as well, and is no more likely to have been passed over than a text is to be so much longer
    than it seems.
    """
    skipped_ms, usual_ms = 0, max(1, sum(lengths_ms) // 2)
    for first, begin in enumerate(stretches):
        said_ms, paused_ms = 0, 0.0
        for last in range(first, len(stretches)):
            stretch = stretches[last]
            if last > first:
                paused_ms += pauses[last - 1]
            said_ms += stretch.end_ms - stretch.start_ms
            misfit_ms = max(0, lengths_ms.start_ms - said_ms, said_ms - lengths_ms.end_ms)
            unusual_ms = usual_ms * log(max(said_ms, 1) / usual_ms) ** 2
            yield _Fit(
                unusual_ms * _UNUSUAL + misfit_ms + paused_ms + skipped_ms + lateness[last],
                first,
                last,
            )
        skipped_ms += begin.end_ms - begin.start_ms


def _choose(
    fits: Sequence[_Fit], stretches: Sequence[Span], holes: Sequence[Span], expected_ms: int
) -> tuple[int, int, int | None]:
    """Return with which stretch a text most likely begins, and with which it ends.

    And behind which of them a hole is that leaves that open. Where a text was said before it or
    behind it, its length may not tell, if somebody spoke when it began and when it was over. Then
    it begins with the earlier one.
    """
    best = min(fits, key=lambda fit: fit.cost)
    first, split = best.first, None
    for cost, begin, end in fits:
        if cost > best.cost + expected_ms * _CUT_OUT:
            continue
        for nth in (*_between(begin, best.first), *_between(end, best.last)):
            if _is_cut_out((stretches[nth], stretches[nth + 1]), holes):
                first, split = min(first, begin), nth
    return first, best.last, split


def _between(one: int, other: int) -> range:
    """Return behind which stretches one has to go on from either to the other."""
    return range(min(one, other), max(one, other))


def _pause_cost(
    pair: tuple[Span, Span], holes: Sequence[Span], expected_ms: int, *, is_live: bool
) -> float:
    """Return how much better a text must fit that goes on behind a pause.

    Of a live engine it is known where a text ends, by when its result comes; else a short pause
    says so as well, where it is known that there was one.
    """
    pause_ms, is_sure = _silent_ms(pair, holes), not _is_hole(pair, holes)
    short = min(pause_ms, _WITHIN_MS) * _BREATHED if is_sure and not is_live else 0.0
    cost = short + max(0, pause_ms - _WITHIN_MS) * _PAUSED
    return min(cost, expected_ms * _CUT_OUT) if _is_cut_out(pair, holes) else cost


def _silent_ms(pair: tuple[Span, Span], holes: Sequence[Span]) -> int:
    """Return how long nobody spoke between two stretches, as far as is known."""
    unknown = (min(0, _HOLE_MS - cut_ms) for cut_ms in _holes_between(pair, holes))
    return pair[1].start_ms - pair[0].end_ms + sum(unknown)


def _is_cut_out(pair: tuple[Span, Span], holes: Sequence[Span]) -> bool:
    """Say whether a hole begins and ends in mid-speech."""
    before_ms, after_ms = pair[0].end_ms, pair[1].start_ms
    return any(
        abs(hole.start_ms - before_ms) <= WINDOW_MS and abs(hole.end_ms - after_ms) <= WINDOW_MS
        for hole in holes
    )


def _is_hole(pair: tuple[Span, Span], holes: Sequence[Span]) -> bool:
    """Say whether most of what is between two stretches never came."""
    return 2 * sum(_holes_between(pair, holes)) > pair[1].start_ms - pair[0].end_ms


def _holes_between(pair: tuple[Span, Span], holes: Sequence[Span]) -> Iterator[int]:
    """Yield how long the holes between two stretches are."""
    start_ms, end_ms = pair[0].end_ms, pair[1].start_ms
    cuts = (min(hole.end_ms, end_ms) - max(hole.start_ms, start_ms) for hole in holes)
    return (cut_ms for cut_ms in cuts if cut_ms > 0)


def _is_no_word(stretch: Span, from_ms: int, holes: Sequence[Span], cut_ms: int) -> bool:
    """Say whether it is too little to begin a text: a rest, or what a hole left of a word.

    The first of what was heard at all, behind `cut_ms`, is no rest of the text before.
    """
    is_cut = any(abs(hole.start_ms - stretch.end_ms) <= WINDOW_MS for hole in holes)
    is_rest = stretch.start_ms <= from_ms and stretch.start_ms != cut_ms
    return (is_rest or is_cut) and stretch.end_ms - stretch.start_ms < _REMAINDER_MS


def _is_no_end(stretch: Span, until_ms: int, holes: Sequence[Span]) -> bool:
    """Say whether it is too little to end a text: speech that begins behind a hole, and goes on."""
    is_cut = any(abs(hole.end_ms - stretch.start_ms) <= WINDOW_MS for hole in holes)
    goes_on = until_ms - stretch.end_ms < WINDOW_MS
    return is_cut and goes_on and stretch.end_ms - stretch.start_ms < _REMAINDER_MS


def said_by(stretches: Sequence[Span], speech_ms: int) -> int:
    """Return when this much of the speech is over; its end if the rest is next to nothing."""
    reach_ms = reach_of(stretches, speech_ms)
    end_ms = stretches[-1].end_ms
    return end_ms if end_ms - reach_ms < _MIN_REST_MS else reach_ms


def reach_of(stretches: Sequence[Span], speech_ms: int) -> int:
    """Return when this much of the speech is over."""
    for stretch in stretches:
        length_ms = stretch.end_ms - stretch.start_ms
        if length_ms >= speech_ms:
            return stretch.start_ms + speech_ms
        speech_ms -= length_ms
    return stretches[-1].end_ms
