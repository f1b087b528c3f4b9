"""The words of what was decoded, and when each was said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from service.recogniser.audio.samples import Samples
from service.recogniser.models.alignment import loud_part
from service.recogniser.models.hypothesis import Hypothesis, TimedWord


@dataclass(frozen=True, slots=True)
class _SpannedWord:
    """A word, from the first of its frames to the last (not included)."""

    text: str
    start: int
    end: int
    confidence: float


def timed_words(
    hypothesis: Hypothesis, samples: Samples, rate_hz: int, begins_s: float
) -> tuple[TimedWord, ...]:
    """Return the words of what was said in `samples`; none if their times were not asked for.

    Their times count from where the samples begin at `begins_s`.
    """
    times = hypothesis.times
    if times is None:
        return ()
    length_s = len(samples) / rate_hz
    found = []
    for word in _joined(hypothesis, times.spans):
        span_s = min(word.start * times.frame_s, length_s), min(word.end * times.frame_s, length_s)
        start_s, end_s = loud_part(samples, rate_hz, *span_s)
        found.append(TimedWord(word.text, begins_s + start_s, begins_s + end_s, word.confidence))
    return tuple(found)


def _joined(hypothesis: Hypothesis, spans: Sequence[tuple[int, int]]) -> Iterator[_SpannedWord]:
    """Put tokens together to words, as the text has them; what only marks is no word."""
    words: list[_SpannedWord] = []
    for token, (start, end) in zip(hypothesis.tokens, spans, strict=False):
        if words and not token.text.startswith(" "):
            last = words[-1]
            confidence = min(last.confidence, token.probability)
            words[-1] = _SpannedWord(last.text + token.text, last.start, end, confidence)
        else:
            words.append(_SpannedWord(token.text.strip(), start, end, token.probability))
    written = hypothesis.text.split()
    if len(written) == len(words):
        words = [replace(word, text=text) for word, text in zip(words, written, strict=True)]
    yield from (word for word in words if any(sign.isalnum() for sign in word.text))
