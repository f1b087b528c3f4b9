"""In-call transcription: `call.transcription` webhooks, from the script or by a recogniser."""

from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Protocol

from service.ids import Track
from service.simulator.legs.leg import Leg
from service.simulator.report import extend
from service.simulator.rng import Rng
from service.simulator.rules.engines import BARE_CONFIDENCE, gives_interims
from service.simulator.scenario.carrier_settings import InCallSettings
from service.simulator.speech.scripted_asr import ScriptedAsr
from service.simulator.stt.upstream import RelayedAsr, UpstreamRecogniser
from service.wire.stt import SttResult

Config = Mapping[str, object]
Start = Callable[[Leg, Coroutine[None, None, None], str], object]
"""Starts a part of a leg's call; the last argument is a slug for its kind."""


class TrackTranscriber(Protocol):
    """Transcribes one track."""

    async def push(self, start_ms: int, end_ms: int) -> None:
        """Take the audio from `start_ms` to `end_ms` of the talk."""

    async def finish(self) -> None:
        """Emit the last results."""

    def stop(self) -> None:
        """Emit nothing more."""


class TranscriptEmitter:
    """Emits `call.transcription` events, as the settings vary them."""

    def __init__(
        self, leg: Leg, engine: str, settings: InCallSettings, *, silent: bool = False
    ) -> None:
        self._leg = leg
        self._engine = engine
        self._settings = settings
        self._held: deque[tuple[dict[str, object], float]] = deque()
        self.silent = silent

    def emit(self, track: Track, text: str, *, is_final: bool, confidence: float | None) -> None:
        """Emit a result; the last `after_hangup` of them are held until after the hang-up."""
        since_ms = self._settings.silent_after_ms
        if since_ms is not None and self._leg.timeline.position_ms >= since_ms:
            return
        if self.silent or not text.strip():
            return
        data: dict[str, object] = {"transcript": text, "is_final": is_final}
        data |= self._confidence(is_final=is_final, confidence=confidence)
        shown = self._settings.transcription_track
        if shown == "always" or (shown == "telnyx" and self._engine == "Telnyx"):
            data["transcription_track"] = track
        self._held.append((data, self._leg.timeline.stamp()))
        while len(self._held) > self._settings.after_hangup:
            self._emit_oldest()

    def emit_held(self) -> None:
        """Emit what was held until after the hang-up."""
        while self._held:
            self._emit_oldest()

    def _emit_oldest(self) -> None:
        data, at = self._held.popleft()
        self._leg.emit("call.transcription", {"transcription_data": data}, at=at)

    def _confidence(self, *, is_final: bool, confidence: float | None) -> dict[str, object]:
        how = self._settings.final_confidence if is_final else self._settings.interim_confidence
        how = BARE_CONFIDENCE.get(self._engine, how)
        if how == "absent":
            return {}
        values = {"null": None, "zero": 0.0, "given": confidence}
        return {"confidence": values[how]}


class ScriptedTranscriber:
    """Transcribes one track from the script."""

    def __init__(
        self,
        track: Track,
        asr: ScriptedAsr,
        emitter: TranscriptEmitter,
        rng: Rng,
        *,
        interims: bool,
    ) -> None:
        self._track = track
        self._asr = asr
        self._emitter = emitter
        self._rng = rng
        self._interims = interims

    async def push(self, start_ms: int, end_ms: int) -> None:
        """Emit the words whose middle is in this audio."""
        for result in self._asr.push(start_ms, end_ms):
            if result.is_final:
                confidence = round(self._rng.between(0.9, 0.995), 6)
                self._emitter.emit(self._track, result.text, is_final=True, confidence=confidence)
            elif self._interims:
                self._emitter.emit(self._track, result.text, is_final=False, confidence=0.0)

    async def finish(self) -> None:
        """Make the open utterance final."""
        for result in self._asr.finalize():
            self._emitter.emit(self._track, result.text, is_final=True, confidence=0.9)

    def stop(self) -> None:
        """Nothing to close."""


class RelayedTranscriber:
    """Has one track transcribed by a recogniser."""

    def __init__(self, leg: Leg, track: Track, asr: RelayedAsr) -> None:
        self._leg = leg
        self._track = track
        self._asr = asr

    async def push(self, start_ms: int, end_ms: int) -> None:
        """Send audio; waits while the recogniser does not keep up."""
        await self._asr.push(
            self._leg.audio.slice(self._track, self._asr.encoding, start_ms, end_ms)
        )

    async def finish(self) -> None:
        """Wait for the recogniser's last results, under a deadline."""
        await self._asr.finish()

    def stop(self) -> None:
        """Abandon the session."""
        self._asr.abandon()


class Transcription:
    """A running transcription of a leg: an `AudioConsumer`."""

    def __init__(
        self, leg: Leg, emitter: TranscriptEmitter, transcribers: list[TrackTranscriber]
    ) -> None:
        self._leg = leg
        self._emitter = emitter
        self._transcribers = transcribers

    async def push(self, start_ms: int, end_ms: int) -> None:
        """Transcribe audio of each track."""
        extend(self._leg.report.transcribed, start_ms, end_ms)
        for transcriber in self._transcribers:
            await transcriber.push(start_ms, end_ms)

    async def finish(self) -> None:
        """Emit the last results before the hang-up."""
        for transcriber in self._transcribers:
            await transcriber.finish()

    def emit_held(self) -> None:
        """Emit what the settings hold until after the hang-up."""
        self._emitter.emit_held()

    def stop(self) -> None:
        """End the transcription at once: no event follows."""
        self._emitter.silent = True
        self._leg.detach(self)
        for transcriber in self._transcribers:
            transcriber.stop()


def make_transcription(
    leg: Leg,
    settings: InCallSettings,
    *,
    engine: str,
    tracks: Sequence[Track],
    config: Config,
    recogniser: UpstreamRecogniser | None,
    start: Start,
    silent: bool = False,
) -> Transcription:
    """Make a transcription of a leg, to be attached to it.

    Without a `recogniser` it follows the script. A `silent` one gives no word.
    """
    emitter = TranscriptEmitter(leg, engine, settings, silent=silent)
    asked = config.get("interim_results") is True
    interims = asked and settings.interims.get(engine, gives_interims(engine))
    transcribers: list[TrackTranscriber] = []
    for track in tracks:
        if recogniser is None:
            asr = ScriptedAsr(leg.audio.utterances(track), endpointing_ms=settings.endpointing_ms)
            rng = leg.rng.derive(f"confidence {track}")
            transcribers.append(ScriptedTranscriber(track, asr, emitter, rng, interims=interims))
        else:
            params = _params(engine, config, interims=interims)
            relayed = RelayedAsr(recogniser, params, _emitting(emitter, track))
            start(leg, relayed.run(), "relayed_transcription")
            transcribers.append(RelayedTranscriber(leg, track, relayed))
    return Transcription(leg, emitter, transcribers)


def _emitting(emitter: TranscriptEmitter, track: Track) -> Callable[[SttResult], None]:
    def emit(answer: SttResult) -> None:
        if answer.transcript:
            final, confidence = answer.is_final is not False, answer.confidence
            emitter.emit(track, answer.transcript, is_final=final, confidence=confidence)

    return emit


def _params(engine: str, config: Config, *, interims: bool) -> dict[str, str]:
    params = {"transcription_engine": engine, "interim_results": "true" if interims else "false"}
    model = config.get("transcription_model") or config.get("model")
    wanted = {"model": model, "language": config.get("language")}
    return params | {name: value for name, value in wanted.items() if isinstance(value, str)}
