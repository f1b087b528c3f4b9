"""What the STT WebSocket says: documented, or as the settings have it. Pure."""

import msgspec

from service.simulator.rng import Rng
from service.simulator.rules.engines import BARE_CONFIDENCE, STREAMING_PARTIALS
from service.simulator.rules.query import SttAsk, SttProblem
from service.simulator.scenario.fault_settings import SttSettings
from service.simulator.speech.script import Word
from service.simulator.stt.reference_audio import Placed

_encode = msgspec.json.Encoder().encode
_TIMES = ("words", "start_time", "duration")


class Answers:
    """Writes the answers of one session."""

    def __init__(self, settings: SttSettings, ask: SttAsk, rng: Rng) -> None:
        self._settings = settings
        self._engine = ask.engine
        self._rng = rng
        gives = settings.partials and ask.engine in STREAMING_PARTIALS
        self._partials = ask.interim_results and gives
        self.finals = 0
        """How many were written."""

    def write(self, placed: Placed) -> list[str]:
        """Write words of the script: nothing, an answer, or an answer and an utterance's end."""
        heard = placed.heard
        if not heard.is_final and not self._partials:
            return []
        answer: dict[str, object] = {"transcript": heard.text, "is_final": heard.is_final}
        if self._engine == "Deepgram":
            answer["speech_final"] = heard.is_final
        answer |= self._confidence(placed)
        if self._settings.times == "always":
            answer |= _times(placed)
        self.finals += heard.is_final
        written = [self._dump(answer)]
        if heard.is_final and self._settings.utterance_end:
            end = {"transcript": "", "is_final": True, "utterance_end": True}
            written.append(self._dump(end))
        return written

    def rewrite(self, text: str | bytes) -> str | None:
        """Make a recogniser's answer look as the settings want; None to hold it back.

        Errors, and what cannot be read, are passed on: whoever listens shall see them.
        """
        try:
            answer = msgspec.json.decode(text)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or "transcript" not in answer:
            return text if isinstance(text, str) else text.decode("utf-8", "replace")
        if answer.get("is_final") is False and not self._settings.partials:
            return None
        self.finals += answer.get("is_final") is True
        for key in ("type", *(_TIMES if self._settings.times == "never" else ())):
            answer.pop(key, None)
        return self._dump(answer)

    def _confidence(self, placed: Placed) -> dict[str, object]:
        how = BARE_CONFIDENCE.get(self._engine)
        if how == "absent":
            return {}
        if how == "null":
            return {"confidence": None}
        if not placed.heard.is_final:
            return {"confidence": 0.0}
        said = placed.heard.utterance
        rng = self._rng.derive(f"{said.track} {said.start_ms}")
        return {"confidence": round(rng.between(0.9, 0.995), 6)}

    def _dump(self, answer: dict[str, object]) -> str:
        typed = {"type": "transcript", **answer} if self._settings.type_field else answer
        return _encode(typed).decode()


def write_error(settings: SttSettings, problem: SttProblem) -> str:
    """Write an error, in the documented shape or the SDK's."""
    if settings.error_shape == "error":
        return _encode({"type": "error", "error": problem.detail}).decode()
    error: dict[str, object] = {
        "code": problem.code,
        "title": problem.title,
        "detail": problem.detail,
    }
    if problem.parameter:
        error["source"] = {"parameter": problem.parameter}
    return _encode({"errors": [error]}).decode()


def _times(placed: Placed) -> dict[str, object]:
    words, ahead_ms = placed.heard.words, placed.ahead_ms

    def word(one: Word) -> dict[str, object]:
        start, end = (one.start_ms + ahead_ms) / 1000, (one.end_ms + ahead_ms) / 1000
        return {"word": one.text, "start": start, "end": end}

    start_ms, end_ms = words[0].start_ms, words[-1].end_ms
    return {
        "words": [word(one) for one in words],
        "start_time": (start_ms + ahead_ms) / 1000,
        "duration": (end_ms - start_ms) / 1000,
    }
