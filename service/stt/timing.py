"""An estimate of when a text was said, where the engine does not tell.

A text ends in one of the pauses before its result came. Which one, its length says: people speak
some fifteen letters a second, each at a pace of their own.
"""

from collections.abc import Iterable, Sequence

from service.stt.ring import Span

LAG_MS = 2500
"""How long after its last word a live engine's result may come, unless it proves slower."""

_LETTER_MS = 65
_WIDE_LETTER_MS = 200
"""One Han or Kana character is a syllable."""
_LATER_IS_LIKELIER = 0.1
"""An earlier pause must fit better by so much of what it is earlier: a text seldom waits in line.
Not where the engine is known to be late, or works off a replay: it says what was said first.
"""
_APART_MS = 3000
"""What is said after such a pause is another text."""
_REMAINDER_MS = 200
"""So little speech after the text before is what was left of that, by an estimate."""
_QUEUE_REACH, _LATE_REACH = 1.3, 2.0
"""A text in a queue has not run further ahead than so much of its length."""


def duration_of(text: str) -> int:
    """Estimate how long a text takes to say, in milliseconds."""
    return sum(_WIDE_LETTER_MS if letter > "\u2e80" else _LETTER_MS for letter in text)


def estimate_span(
    expected_ms: int,
    spans: Iterable[Span],
    *,
    from_ms: int,
    until_ms: int,
    lag_ms: int,
    queue_ms: int = 0,
) -> Span:
    """Estimate when a text was said that takes about `expected_ms` to say.

    `spans` is the speech between the end of the text before (`from_ms`) and what had been sent
    when the result came (`until_ms`); `lag_ms` is how far the result may be behind that, and
    `queue_ms` how much of it is because much was sent at once.
    """
    stretches = list(spans)
    if len(stretches) > 1 and _is_remainder(stretches[0], from_ms):
        del stretches[0]
    if not stretches:
        return Span(max(min(from_ms, until_ms), until_ms - expected_ms), until_ms)
    bias = _LATER_IS_LIKELIER if not queue_ms and lag_ms <= LAG_MS else 0.0
    last, best = len(stretches) - 1, None
    said_ms = 0
    for number, stretch in enumerate(stretches):
        said_ms += stretch.end_ms - stretch.start_ms
        misfit = abs(said_ms - expected_ms) + (until_ms - stretch.end_ms) * bias
        if stretch.end_ms >= until_ms - lag_ms and (best is None or misfit <= best):
            best, last = misfit, number
    first = _first(stretches[: last + 1], expected_ms)
    end_ms = stretches[last].end_ms
    if lag_ms > LAG_MS:
        reach = _QUEUE_REACH if queue_ms else _LATE_REACH
        end_ms = min(end_ms, _reach(stretches[first:], round(expected_ms * reach)))
    return Span(stretches[first].start_ms, max(stretches[first].start_ms, end_ms))


def _is_remainder(stretch: Span, from_ms: int) -> bool:
    return stretch.start_ms <= from_ms and stretch.end_ms - stretch.start_ms < _REMAINDER_MS


def _first(stretches: Sequence[Span], expected_ms: int) -> int:
    """Return which stretch a text begins with: not one long before it that it has no need of."""
    lengths = [stretch.end_ms - stretch.start_ms for stretch in stretches]
    first, said_ms = 0, sum(lengths)
    for number in range(1, len(stretches)):
        apart_ms = stretches[number].start_ms - stretches[number - 1].end_ms
        rest_ms = sum(lengths[number:])
        if apart_ms >= _APART_MS and abs(rest_ms - expected_ms) < abs(said_ms - expected_ms):
            first, said_ms = number, rest_ms
    return first


def _reach(stretches: Sequence[Span], speech_ms: int) -> int:
    """Return when this much of the speech is over."""
    for stretch in stretches:
        length_ms = stretch.end_ms - stretch.start_ms
        if length_ms >= speech_ms:
            return stretch.start_ms + speech_ms
        speech_ms -= length_ms
    return stretches[-1].end_ms
