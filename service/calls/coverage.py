"""Where the time of a track went: transcribed, silence, paused or lost; they sum to its length."""

from service.calls.events import Coverage
from service.calls.state import Ledger, Span


def count_transcribed(ledger: Ledger, span: Span) -> None:
    """Book a span as transcribed; what was booked before is not booked twice."""
    ledger.transcribed_ms += _advance(ledger, span)


def count_lost(ledger: Ledger, span: Span, reason: str) -> None:
    """Book a span as lost; what was booked before is not booked twice."""
    lost_ms = _advance(ledger, span)
    ledger.lost_ms += lost_ms
    ledger.lost_reasons[reason] = ledger.lost_reasons.get(reason, 0) + lost_ms


def count_settled(ledger: Ledger, until_ms: int) -> None:
    """Book what is left before a time as silence: it is surely in no final any more."""
    ledger.until_ms = max(ledger.until_ms, until_ms)


def balance(ledger: Ledger, length_ms: int, paused_ms: int) -> Coverage:
    """Close the books over `length_ms` of the track: what nobody booked was silence.

    Words may reach beyond the hang-up, by the audio's clock: what is too much is left out.
    """
    paused_ms = min(paused_ms, length_ms)
    transcribed_ms = min(ledger.transcribed_ms, length_ms - paused_ms)
    lost_ms = min(ledger.lost_ms, length_ms - paused_ms - transcribed_ms)
    reasons = {reason: ms for reason, ms in ledger.lost_reasons.items() if ms}
    if excess_ms := sum(reasons.values()) - lost_ms:
        largest = max(reasons, key=lambda reason: reasons[reason])
        reasons[largest] -= excess_ms
    return Coverage(
        transcribed_ms=transcribed_ms,
        silence_ms=length_ms - paused_ms - transcribed_ms - lost_ms,
        paused_ms=paused_ms,
        lost_ms=lost_ms,
        lost_reasons=reasons,
    )


def _advance(ledger: Ledger, span: Span) -> int:
    start_ms = max(span.start_ms, ledger.until_ms)
    ledger.until_ms = max(ledger.until_ms, span.end_ms)
    return max(0, span.end_ms - start_ms)
