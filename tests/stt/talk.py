"""A transcript under test: a test speaks, and adds what an engine says of it."""

from service.calls.inputs import WordsHeard
from service.stt.clock import SessionClock
from service.stt.inputs import TrackInputs
from service.stt.speech import Speech
from service.stt.stint import Arrival
from service.stt.timing import LAG_MS
from service.stt.transcript import Transcript
from service.wire.stt import SttResult
from tests.stt.builders import plan, voice

PARTIAL, FINAL = {"is_final": False}, {"is_final": True}


class Talk:
    """A transcript whose audio a test speaks, and the session it is in."""

    def __init__(self) -> None:
        self.speech = Speech(8000)
        self.transcript = Transcript(TrackInputs(plan()), self.speech)
        self.position_ms = 0
        self.renew(0)

    def renew(self, start_ms: int) -> list[WordsHeard]:
        """Begin a new session there, sent all there is."""
        self.clock = SessionClock(start_ms)
        emitted = self.transcript.begin(self.clock)
        self.clock.sent(start_ms, self.position_ms)
        return emitted

    def speak(self, duration_ms: int, pause_ms: int = 400) -> None:
        """Let somebody speak, then pause; all of it is sent."""
        audio = voice(2000, duration_ms) + bytes(16 * pause_ms)
        for offset in range(0, len(audio), 1600):
            piece = audio[offset : offset + 1600]
            self.speech.push(piece, self.position_ms)
            self.clock.sent(self.position_ms, self.position_ms + len(piece) // 16)
            self.position_ms += len(piece) // 16

    def add(self, text: str | None, **result: object) -> list[tuple[str, bool]]:
        """Add a result; return the texts emitted and whether they are final."""
        emitted = self.add_whole(SttResult(transcript=text, **result))  # type: ignore[arg-type]  # its fields
        return [(item.text, item.is_final) for item in emitted]

    def add_whole(self, result: SttResult) -> list[WordsHeard]:
        """Add a result; return what is emitted of it."""
        return self.transcript.add(self.arrival(result))

    def arrival(self, result: SttResult, lag_ms: int = LAG_MS) -> Arrival:
        """Return a result as it came just now, from an engine that is so late at most."""
        sure_ms = self.position_ms - max(4000, lag_ms)
        return Arrival(result, self.position_ms, lag_ms=lag_ms, queue_ms=0, sure_ms=sure_ms)
