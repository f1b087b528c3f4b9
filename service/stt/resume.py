"""From where a new session is sent the audio again, when the old one gave no times.

And from where one is sent it that takes over from another.

It must be a point where we know what was said before it and after it. Best is a long silence:
every result for what came before it has arrived in it.
"""

from collections.abc import Iterable, Iterator

from service.stt.ring import Span
from service.stt.speech import PAUSE_MS, Speech

LOOKBACK_MS = 10_000
"""How far before what is surely answered to look for a silence."""
TAIL_MS = 3000
"""How much of a silence that still lasts to send again: words may be too faint for us to notice."""
_SURE_MS = 1500
"""A silence this long separates beyond doubt."""
ONSET_MS = 400
"""How much before the next speech to begin: its onset is quieter than what we call loud."""
_OVERLAP_MS = 4000
_LEAD_MS = 400
"""A session takes over in a pause, a little before its end; where there is none, both are sent
what was said last.
"""


def resume_point(
    speech: Iterable[Span],
    *,
    sure_ms: int,
    sent_ms: int,
    quiet_ms: int | None = None,
    pending_ms: int | None = None,
) -> int:
    """Return where in the stream to begin again, in milliseconds.

    `speech` is what there was from `sure_ms - LOOKBACK_MS` to `sent_ms`; all before `sure_ms` is
    surely in a final. After a silence of `quiet_ms` at the end nothing more is owed; None if that
    cannot be known. `pending_ms` is the start of a partial that no final replaced.
    """
    earliest_ms = max(0, sure_ms - LOOKBACK_MS)
    pauses = list(_pauses(speech, earliest_ms, sent_ms, sure_ms, quiet_ms))
    if not pauses:
        return earliest_ms
    sure = [pause for pause in pauses if pause.end_ms - pause.start_ms >= _SURE_MS]
    pause = sure[-1] if sure else max(pauses, key=lambda span: span.end_ms - span.start_ms)
    if pause.end_ms >= sent_ms:
        point_ms = max(pause.start_ms, sent_ms - TAIL_MS)
    else:
        point_ms = max((pause.start_ms + pause.end_ms) // 2, pause.end_ms - ONSET_MS)
    if pending_ms is not None:
        point_ms = min(point_ms, pending_ms - ONSET_MS)
    return max(0, point_ms)


def _pauses(
    speech: Iterable[Span], from_ms: int, sent_ms: int, sure_ms: int, quiet_ms: int | None
) -> Iterator[Span]:
    """Yield the pauses that begin before `sure_ms`, and one at the end that is long enough."""
    quiet_since_ms = from_ms
    for span in speech:
        if quiet_since_ms <= max(sure_ms, from_ms) and span.start_ms > quiet_since_ms:
            yield Span(quiet_since_ms, span.start_ms)
        quiet_since_ms = span.end_ms
    if quiet_ms is not None and sent_ms - quiet_since_ms > quiet_ms:
        yield Span(quiet_since_ms, sent_ms)


def take_over_point(speech: Speech, now_ms: int) -> tuple[int, bool]:
    """Return where a session begins that takes over now, and whether that is in mid-speech.

    Where somebody speaks, both get the last of it.
    """
    spoken = list(speech.spans(now_ms - _OVERLAP_MS, now_ms))
    since_ms = spoken[-1].end_ms if spoken else now_ms - _OVERLAP_MS
    pause_ms = now_ms - since_ms
    if pause_ms < PAUSE_MS:
        return now_ms - _OVERLAP_MS, True
    return max(now_ms - pause_ms // 2, now_ms - _LEAD_MS), False
