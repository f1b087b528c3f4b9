"""An estimate of when a text was said, where the engine does not tell.

A text ends in one of the pauses before its result came. Which one, its length says: people speak
some fifteen letters a second.
"""

from collections.abc import Iterable

from service.stt.ring import Span

LAG_MS = 2500
"""How long after its last word a live engine's result may come."""

_LETTER_MS = 65
_WIDE_LETTER_MS = 200
"""One Han or Kana character is a syllable."""
_LATER_IS_LIKELIER = 0.5
"""An earlier pause must fit better by half of what it is earlier: a text seldom waits in line."""


def duration_of(text: str) -> int:
    """Estimate how long a text takes to say, in milliseconds."""
    return sum(_WIDE_LETTER_MS if letter > "\u2e80" else _LETTER_MS for letter in text)


def estimate_span(
    text: str, spans: Iterable[Span], *, from_ms: int, until_ms: int, lag_ms: int
) -> Span:
    """Estimate when `text` was said.

    `spans` is the speech between the end of the text before (`from_ms`) and what had been sent
    when the result came (`until_ms`); `lag_ms` is how far the result may be behind that.
    """
    expected_ms = duration_of(text)
    stretches = list(spans)
    if not stretches:
        return Span(max(min(from_ms, until_ms), until_ms - expected_ms), until_ms)
    start_ms, end_ms = stretches[0]
    said_ms, best = 0, None
    bias = _LATER_IS_LIKELIER if lag_ms <= LAG_MS else 0.0
    for stretch in stretches:
        said_ms += stretch.end_ms - stretch.start_ms
        misfit = abs(said_ms - expected_ms) + (until_ms - stretch.end_ms) * bias
        if stretch.end_ms >= until_ms - lag_ms and (best is None or misfit <= best):
            best, end_ms = misfit, stretch.end_ms
    if best is None:
        end_ms = stretches[-1].end_ms
    if lag_ms > LAG_MS:
        end_ms = min(end_ms, _reach(stretches, round(expected_ms * 1.3)))
    return Span(start_ms, max(start_ms, end_ms))


def _reach(stretches: list[Span], speech_ms: int) -> int:
    """Return when this much of the speech is over: a text in a queue has not run far ahead."""
    for stretch in stretches:
        length_ms = stretch.end_ms - stretch.start_ms
        if length_ms >= speech_ms:
            return stretch.start_ms + speech_ms
        speech_ms -= length_ms
    return stretches[-1].end_ms
