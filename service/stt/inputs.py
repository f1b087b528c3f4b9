"""The inputs of one track, made in one place: the only one that says which track they are of."""

from service.calls.inputs import (
    AudioLost,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionFinished,
    Word,
    WordsHeard,
)
from service.ports import RecognitionPlan
from service.stt.ring import Span


class TrackInputs:
    """Makes what the call session is told of one track."""

    def __init__(self, plan: RecognitionPlan) -> None:
        self._ref = plan.ref

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
            ref=self._ref,
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
        return AudioLost(ref=self._ref, start_ms=span.start_ms, end_ms=span.end_ms, reason=reason)

    def degraded(self, reason: str, code: str = "") -> RecognitionDegraded:
        """Say that words may come late."""
        return RecognitionDegraded(ref=self._ref, reason=reason, code=code)

    def failed(self, reason: str, code: str) -> RecognitionFailed:
        """Say that no more words will come."""
        return RecognitionFailed(ref=self._ref, reason=reason, code=code)

    def finished(self, audio_ms: int) -> RecognitionFinished:
        """Say that all was said, after so much audio."""
        return RecognitionFinished(ref=self._ref, audio_ms=audio_ms)
