"""What is known of one engine after it listened to everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.demo.wer import Score
from tests.bench.hearing.followed import Delays
from tests.bench.hearing.recordings import Recording
from tests.bench.hearing.scoring import errors, total
from tests.bench.hearing.work import Done


@dataclass(frozen=True, slots=True)
class Result:
    """An engine's row. None: not measured, or not to its end; `problem` says why."""

    title: str
    rates: Mapping[str, float | None]
    """Word error rates: `clean`, `phone` and `noise` of people, and `phone` of each kind."""
    cpu_per_s: float | None
    peak_bytes: int
    delays: Delays | None
    problem: str = ""


def error_rates(
    recordings: Sequence[tuple[str, Recording, str]], done: Mapping[str, Done]
) -> dict[str, float | None]:
    """Return the rate of each condition and kind; None if one of its recordings is missing."""
    groups: dict[str, list[Score | None]] = {}
    for key, recording, condition in recordings:
        scored = errors(recording.text, _text(done[key])) if key in done else None
        if recording.kind != "synthetic":
            groups.setdefault(condition, []).append(scored)
        if condition == "phone":
            groups.setdefault(recording.kind, []).append(scored)
    return {name: _rate(scores) for name, scores in groups.items()}


def cpu_per_s(keys: Sequence[str], done: Mapping[str, Done]) -> float | None:
    """Return the CPU seconds that a second of these recordings takes; None if one is missing."""
    if any(key not in done for key in keys):
        return None
    return sum(done[key].cpu_s for key in keys) / sum(done[key].audio_s for key in keys)


def _text(done: Done) -> str:
    return " ".join(text.text for text in done.texts if text.is_final)


def _rate(scores: Sequence[Score | None]) -> float | None:
    whole = [score for score in scores if score is not None]
    return total(whole).rate if len(whole) == len(scores) else None
