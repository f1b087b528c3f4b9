"""The inputs of one track, made in one place: the only one that says which track they are of."""

from typing import TypedDict

from service.calls.inputs import (
    AudioLost,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionFinished,
    Word,
    WordsHeard,
)
from service.ids import LegId, StreamId, Track
from service.ports import RecognitionPlan
from service.stt.ring import Span


class _Source(TypedDict):
    leg_id: LegId
    stream_id: StreamId
    track: Track


class TrackInputs:
    """Makes what the call session is told of one track."""

    def __init__(self, plan: RecognitionPlan) -> None:
        self._source: _Source = {
            "leg_id": plan.leg_id,
            "stream_id": plan.stream_id,
            "track": plan.track,
        }

    def words(
        self,
        text: str,
        span: Span,
        *,
        is_final: bool,
        confidence: float | None = None,
        words: tuple[Word, ...] | None = None,
        language: str | None = None,
    ) -> WordsHeard:
        """Make a partial or a final."""
        return WordsHeard(
            **self._source,
            text=text,
            is_final=is_final,
            start_ms=span.start_ms,
            end_ms=span.end_ms,
            confidence=confidence,
            words=words,
            language=language,
        )

    def lost(self, span: Span, reason: str) -> AudioLost:
        """Say that nobody will transcribe this audio."""
        return AudioLost(**self._source, start_ms=span.start_ms, end_ms=span.end_ms, reason=reason)

    def degraded(self, reason: str, code: str = "") -> RecognitionDegraded:
        """Say that words may come late."""
        return RecognitionDegraded(**self._source, reason=reason, code=code)

    def failed(self, reason: str, code: str) -> RecognitionFailed:
        """Say that no more words will come."""
        return RecognitionFailed(**self._source, reason=reason, code=code)

    def finished(self, audio_ms: int) -> RecognitionFinished:
        """Say that all was said, after so much audio."""
        return RecognitionFinished(**self._source, audio_ms=audio_ms)
