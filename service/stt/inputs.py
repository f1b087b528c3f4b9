"""The inputs of one track, made in one place: the only one that says which track they are of."""

from service.calls.inputs import (
    AudioLost,
    AudioSettled,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionFinished,
    RecognitionRecovered,
    Word,
    WordsHeard,
)
from service.calls.routes import Route
from service.ports import RecognitionPlan
from service.stt.ring import Span


class TrackInputs:
    """Makes what the call session is told of one track."""

    def __init__(self, plan: RecognitionPlan) -> None:
        self._ref = plan.ref
        self._by: Route | None = None

    def come_from(self, choice: Route | None) -> None:
        """Say whose words the next ones are; None for the route's own engine."""
        self._by = choice

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
            engine=self._by.engine if self._by else None,
            model=self._by.model if self._by else None,
        )

    def lost(self, span: Span, reason: str) -> AudioLost:
        """Say that nobody will transcribe this audio."""
        return AudioLost(ref=self._ref, start_ms=span.start_ms, end_ms=span.end_ms, reason=reason)

    def settled(self, until_ms: int) -> AudioSettled:
        """Say that everything before a time is accounted for."""
        return AudioSettled(ref=self._ref, until_ms=until_ms)

    def degraded(
        self, reason: str, code: str = "", *, start_ms: int | None = None
    ) -> RecognitionDegraded:
        """Say that words may come late, or not be quite right: whose, and from when, if known."""
        return RecognitionDegraded(
            ref=self._ref,
            reason=reason,
            code=code,
            engine=self._by.engine if self._by else None,
            model=self._by.model if self._by else None,
            start_ms=start_ms,
        )

    def switched(
        self,
        left: Route,
        to: Route,
        *,
        reason: str,
        code: str,
        start_ms: int,
        lost: tuple[str, ...],
    ) -> RecognitionDegraded:
        """Say that another engine takes over, from when, and which settings it will not heed."""
        return RecognitionDegraded(
            ref=self._ref,
            reason=reason,
            code=code,
            engine=left.engine,
            model=left.model,
            to_engine=to.engine,
            to_model=to.model,
            start_ms=start_ms,
            lost_capabilities=lost,
        )

    def recovered(self, choice: Route, start_ms: int) -> RecognitionRecovered:
        """Say that words come again, and from whom."""
        return RecognitionRecovered(
            ref=self._ref, engine=choice.engine, model=choice.model, start_ms=start_ms
        )

    def failed(self, reason: str, code: str) -> RecognitionFailed:
        """Say that nobody gives words."""
        return RecognitionFailed(ref=self._ref, reason=reason, code=code)

    def finished(self, audio_ms: int) -> RecognitionFinished:
        """Say that all was said, after so much audio."""
        return RecognitionFinished(ref=self._ref, audio_ms=audio_ms)
