"""What is lost without anybody being told. Pure."""

from collections.abc import Callable, Iterable, Sequence

from service.simulator.speech.script import Word
from service.simulator.words.sent import span_of
from service.simulator.words.spans import Span, overlap, union

TOLERANCE_MS = 200
"""Of a gap's ends."""


def told_by(gaps: Iterable[Span]) -> list[Span]:
    """Return the time that gaps tell of, with what their ends may be off."""
    return union(gap.widened(TOLERANCE_MS) for gap in gaps)


def untold(
    lost: Iterable[Word], told: Sequence[Span], late_ms: Callable[[Word], int] = lambda _: 0
) -> list[Word]:
    """Return the lost words whose middle is in no gap, not even if they came so late."""

    def is_told(word: Word) -> bool:
        middle = span_of(word).middle
        return any(gap.start < middle + late_ms(word) and middle < gap.end for gap in told)

    return [word for word in lost if not is_told(word)]


def untold_ms(words: Iterable[Word], told: Sequence[Span]) -> int:
    """Return how much of untold words is in no gap."""
    return sum(span_of(word).length - overlap(span_of(word), told) for word in words)


def off_ms(start_ms: int, end_ms: int, words: Sequence[Word]) -> int:
    """Return how far the ends of a final are from those of its words, of which there are some."""
    return max(abs(start_ms - words[0].start_ms), abs(end_ms - words[-1].end_ms))
