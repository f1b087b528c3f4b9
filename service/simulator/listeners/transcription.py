"""In-call transcription: `call.transcription` webhooks from a script or from a recogniser."""

from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Protocol

from service.ids import Track
from service.simulator.dice import Dice
from service.simulator.legs.leg import Leg
from service.simulator.rules.engines import BARE_CONFIDENCE, gives_interims
from service.simulator.scenario.knobs import InCallKnobs
from service.simulator.speech.script import Ear
from service.simulator.stt.recogniser import Recogniser, RelayedEar
from service.wire.stt import SttResult

Config = Mapping[str, object]
Spawn = Callable[[Coroutine[None, None, None], str], object]
"""Starts work that goes on beside the call, by a name."""


class Hearing(Protocol):
    """How the words of one track are come by."""

    async def hear(self, start_ms: int, end_ms: int) -> None:
        """Take the talk from `start_ms` to `end_ms`."""

    async def finish(self) -> None:
        """Say what is left to say."""

    def stop(self) -> None:
        """Say nothing more."""


class Teller:
    """Writes `call.transcription`, with everything in it that a knob may change."""

    def __init__(self, leg: Leg, engine: str, knobs: InCallKnobs) -> None:
        self._leg = leg
        self._engine = engine
        self._knobs = knobs
        self._waiting: deque[tuple[dict[str, object], float]] = deque()
        self.silent = False

    def tell(self, track: Track, text: str, *, is_final: bool, confidence: float | None) -> None:
        """Report words; the last few wait until the hang-up where the knob says so."""
        if self.silent or not text.strip():
            return
        facts: dict[str, object] = {"transcript": text, "is_final": is_final}
        facts |= self._confidence(is_final=is_final, confidence=confidence)
        shown = self._knobs.transcription_track
        if shown == "always" or (shown == "telnyx" and self._engine == "Telnyx"):
            facts["transcription_track"] = track
        self._waiting.append((facts, self._leg.timeline.stamp()))
        while len(self._waiting) > self._knobs.after_hangup:
            self._emit()

    def tell_late(self) -> None:
        """Report what waited for the hang-up."""
        while self._waiting:
            self._emit()

    def _emit(self) -> None:
        facts, at = self._waiting.popleft()
        self._leg.emit("call.transcription", {"transcription_data": facts}, at=at)

    def _confidence(self, *, is_final: bool, confidence: float | None) -> dict[str, object]:
        how = self._knobs.final_confidence if is_final else self._knobs.interim_confidence
        how = BARE_CONFIDENCE.get(self._engine, how)
        if how == "absent":
            return {}
        values = {"null": None, "zero": 0.0, "given": confidence}
        return {"confidence": values[how]}


class ScriptedHearing:
    """Knows the script, and reports its words as the talk passes them."""

    def __init__(
        self, track: Track, ear: Ear, teller: Teller, dice: Dice, *, interims: bool
    ) -> None:
        self._track = track
        self._ear = ear
        self._teller = teller
        self._dice = dice
        self._interims = interims

    async def hear(self, start_ms: int, end_ms: int) -> None:
        """Report the words whose middle is in here."""
        for heard in self._ear.hear(start_ms, end_ms):
            if heard.is_final:
                confidence = round(self._dice.between(0.9, 0.995), 6)
                self._teller.tell(self._track, heard.text, is_final=True, confidence=confidence)
            elif self._interims:
                self._teller.tell(self._track, heard.text, is_final=False, confidence=0.0)

    async def finish(self) -> None:
        """Make the open utterance final."""
        for heard in self._ear.settle():
            self._teller.tell(self._track, heard.text, is_final=True, confidence=0.9)

    def stop(self) -> None:
        """Nothing to close."""


class RelayedHearing:
    """Plays one track to a recogniser and reports what it hears."""

    def __init__(self, leg: Leg, track: Track, ear: RelayedEar) -> None:
        self._leg = leg
        self._track = track
        self._ear = ear

    async def hear(self, start_ms: int, end_ms: int) -> None:
        """Play a piece of the talk; waits while the recogniser does not keep up."""
        await self._ear.send(
            self._leg.recording.cut(self._track, self._ear.encoding, start_ms, end_ms)
        )

    async def finish(self) -> None:
        """Wait for the recogniser's last words, under a deadline."""
        await self._ear.finish()

    def stop(self) -> None:
        """Cut the recogniser off."""
        self._ear.abandon()


class Transcription:
    """A running transcription of a leg: a `Listener`."""

    def __init__(self, leg: Leg, teller: Teller, hearings: list[Hearing]) -> None:
        self._leg = leg
        self._teller = teller
        self._hearings = hearings

    async def hear(self, start_ms: int, end_ms: int) -> None:
        """Take a piece of the talk."""
        for hearing in self._hearings:
            await hearing.hear(start_ms, end_ms)

    async def finish(self) -> None:
        """Report the last words before the hang-up."""
        for hearing in self._hearings:
            await hearing.finish()

    def tell_late(self) -> None:
        """Report what the knobs keep until after the hang-up."""
        self._teller.tell_late()

    def stop(self) -> None:
        """Take effect of `transcription_stop`: webhooks cease."""
        self._teller.silent = True
        self._leg.leave(self)
        for hearing in self._hearings:
            hearing.stop()


def make_transcription(
    leg: Leg,
    knobs: InCallKnobs,
    *,
    engine: str,
    tracks: Sequence[Track],
    config: Config,
    recogniser: Recogniser | None,
    spawn: Spawn,
) -> Transcription:
    """Make a transcription of a leg; it hears nothing until the leg lets it `listen`.

    Without a `recogniser` it knows the script.
    """
    teller = Teller(leg, engine, knobs)
    asked = config.get("interim_results") is True
    interims = asked and knobs.interims.get(engine, gives_interims(engine))
    hearings: list[Hearing] = []
    for track in tracks:
        if recogniser is None:
            ear = Ear(leg.recording.spoken(track), endpointing_ms=knobs.endpointing_ms)
            dice = leg.dice.derive(f"confidence {track}")
            hearings.append(ScriptedHearing(track, ear, teller, dice, interims=interims))
        else:
            params = _params(engine, config, interims=interims)
            relayed = RelayedEar(recogniser, params, _telling(teller, track))
            spawn(relayed.run(), f"relay {track}")
            hearings.append(RelayedHearing(leg, track, relayed))
    return Transcription(leg, teller, hearings)


def _telling(teller: Teller, track: Track) -> Callable[[SttResult], None]:
    def tell(answer: SttResult) -> None:
        if answer.transcript:
            final, confidence = answer.is_final is not False, answer.confidence
            teller.tell(track, answer.transcript, is_final=final, confidence=confidence)

    return tell


def _params(engine: str, config: Config, *, interims: bool) -> dict[str, str]:
    params = {"transcription_engine": engine, "interim_results": "true" if interims else "false"}
    model = config.get("transcription_model") or config.get("model")
    wishes = {"model": model, "language": config.get("language")}
    return params | {name: wish for name, wish in wishes.items() if isinstance(wish, str)}
