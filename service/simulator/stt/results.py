"""The messages that the STT WebSocket sends: as documented, or as the settings vary them. Pure."""

import msgspec

from service.simulator.rng import Rng
from service.simulator.rules.engines import BARE_CONFIDENCE, STREAMING_PARTIALS
from service.simulator.rules.query import SttProblem, SttQuery
from service.simulator.scenario.stt_settings import SttBehaviour, SttSettings
from service.simulator.speech.script import Word
from service.simulator.stt.faults import Outgoing
from service.simulator.stt.reference_audio import TimedResult

_encode = msgspec.json.Encoder().encode
_TIMES = ("words", "start_time", "duration")
_FINALITY = {"is_final", "speech_final"}


class ResultWriter:
    """Writes the results of one session."""

    def __init__(
        self, settings: SttSettings, behaviour: SttBehaviour, query: SttQuery, rng: Rng
    ) -> None:
        self._typed = settings.type_field
        self._behaviour = behaviour
        self._engine = query.engine
        self._rng = rng
        gives = behaviour.partials and behaviour.is_final and query.engine in STREAMING_PARTIALS
        self._partials = query.interim_results and gives
        self.finals = 0
        """How many finals were written."""

    def write(self, timed: TimedResult) -> list[Outgoing]:
        """Write a scripted result: no message, one, or one and an `utterance_end`."""
        result = timed.result
        if not result.is_final and not self._partials:
            return []
        message: dict[str, object] = {"transcript": result.text, "is_final": result.is_final}
        if self._engine == "Deepgram":
            message["speech_final"] = result.is_final
        message |= self._confidence(timed)
        if self._behaviour.times == "always":
            message |= _times(timed)
        self.finals += result.is_final
        written = [self._dump(message)]
        if result.is_final and self._behaviour.utterance_end:
            end = {"transcript": "", "is_final": True, "utterance_end": True}
            written.append(self._dump(end)._replace(is_final=False))
        return written

    def rewrite(self, text: str | bytes) -> Outgoing | None:
        """Apply the settings to a recogniser's message; None if it is not to be passed on.

        Errors, and what cannot be read, are passed on unchanged: the application shall see them.
        """
        try:
            message = msgspec.json.decode(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or "transcript" not in message:
            return Outgoing(text if isinstance(text, str) else text.decode("utf-8", "replace"))
        behaviour = self._behaviour
        wanted = behaviour.partials and behaviour.is_final
        if message.get("is_final") is False and not wanted:
            return None
        self.finals += message.get("is_final") is True
        for key in ("type", *(_TIMES if behaviour.times == "never" else ())):
            message.pop(key, None)
        return self._dump(message)

    def _confidence(self, timed: TimedResult) -> dict[str, object]:
        how = BARE_CONFIDENCE.get(self._engine)
        if how == "absent":
            return {}
        if how == "null":
            return {"confidence": None}
        if not timed.result.is_final:
            return {"confidence": 0.0}
        said = timed.result.utterance
        rng = self._rng.derive(f"{said.track} {said.start_ms}")
        return {"confidence": round(rng.between(0.9, 0.995), 6)}

    def _dump(self, message: dict[str, object]) -> Outgoing:
        is_final = message.get("is_final") is True
        if not self._behaviour.is_final:
            message = {key: value for key, value in message.items() if key not in _FINALITY}
        typed = {"type": "transcript", **message} if self._typed else message
        return Outgoing(_encode(typed).decode(), is_final)


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


def _times(timed: TimedResult) -> dict[str, object]:
    def word(one: Word) -> dict[str, object]:
        return {"word": one.text, "start": one.start_ms / 1000, "end": one.end_ms / 1000}

    words = timed.words
    start_ms, end_ms = words[0].start_ms, words[-1].end_ms
    return {
        "words": [word(one) for one in words],
        "start_time": start_ms / 1000,
        "duration": (end_ms - start_ms) / 1000,
    }
