"""One track over all its sessions: audio in, chunks out; results in, inputs out.

Pure: no clock, no I/O, nobody is called back. Whoever holds a track sends its chunks to an engine,
gives it the engine's results, and emits the inputs that it returns, in order and at once.
"""

from collections.abc import Iterable

from service.calls.inputs import Input, WordsHeard
from service.ports import RecognitionPlan
from service.stt.clock import SessionClock
from service.stt.formats import CHUNK_MS, Converter, WireFormat
from service.stt.inputs import TrackInputs
from service.stt.ring import Chunk, Ring, Span
from service.stt.speech import Speech
from service.stt.transcript import Transcript
from service.wire.stt import SttResult

_MAX_FILL_MS = 1000
"""Silence sent for a gap in the audio, so that the engine notices the pause; never more."""


class Track:
    """The audio and the words of one track, in milliseconds of the stream.

    Audio is cut into `CHUNK_MS` pieces, converted, and kept in the ring until a final covers it;
    one session at a time is sent what is in there.
    """

    def __init__(self, plan: RecognitionPlan, audio: WireFormat, *, keep_ms: int) -> None:
        """Begin a track whose engine takes `audio`; up to `keep_ms` are kept for a replay.

        Raises:
            ValueError: Nobody here can decode the plan's encoding.
        """
        self._inputs = TrackInputs(plan)
        self._wants_partials = plan.route.interim_results
        self._audio = audio
        self._converter = Converter(plan.encoding, plan.sample_rate_hz, audio)
        self._chunk_bytes = self._converter.chunk_bytes
        self._buffer = bytearray()
        self._ring = Ring(keep_ms=keep_ms)
        self._speech = Speech(self._converter.rate_hz)
        self._transcript = Transcript(self._inputs, self._speech)
        self._clock = SessionClock(0)
        self._pushed_ms = 0
        """The time of the last whole piece."""
        self._sent_ms = 0
        """How far the sessions got that were lost."""
        self._result_ms = 0
        """How far the running session had been sent when its last result came."""
        self._failed_at_ms: int | None = None
        """From when on nobody will ever transcribe what comes: it is only counted."""
        self.ended = False
        """No more audio will come."""

    def push(self, payload: bytes) -> bool:
        """Take the next audio; say whether there is something new for `next_chunk`.

        Called for every frame of every call: a few instructions, but for every `CHUNK_MS`.
        """
        if self.ended:
            return False
        buffer = self._buffer
        buffer += payload
        return len(buffer) >= self._chunk_bytes and self._cut()

    def skip(self, duration_ms: int) -> bool:
        """Move the clock on over audio that never came; say whether `next_chunk` has something."""
        if duration_ms <= 0 or self.ended:
            return False
        self._flush()
        start_ms = self._pushed_ms
        self._pushed_ms += duration_ms
        if self._failed_at_ms is not None:
            return False
        fill_ms = min(duration_ms, _MAX_FILL_MS)
        silence = self._audio.silence(fill_ms)
        self._ring.append(Chunk(start_ms, start_ms + fill_ms, silence, loud=False))
        return True

    def end(self) -> None:
        """Take no more audio; what is left over from whole pieces is the last chunk."""
        if not self.ended:
            self._flush()
            self.ended = True

    def begin_session(self) -> list[Input]:
        """Begin a session where `lose_session` went back to, or at the oldest that is kept."""
        next_ms = self._ring.next_ms
        self._clock = SessionClock(self._pushed_ms if next_ms is None else next_ms)
        self._result_ms = self._clock.start_ms
        return [*self._wanted(self._transcript.begin(self._clock)), *self._take_lost()]

    def next_chunk(self) -> Chunk | None:
        """Return what the running session is to be sent next, or None when it was sent all."""
        chunk = self._ring.next()
        if chunk is not None:
            self._clock.sent(chunk.start_ms, chunk.end_ms)
        return chunk

    def receive(self, result: SttResult, *, lag_ms: int) -> list[Input]:
        """Take a result of the running session; it may be `lag_ms` behind the audio sent."""
        self._result_ms = self._clock.position_ms
        words = self._transcript.add(result, lag_ms=lag_ms)
        if result.is_final:
            self._ring.release(self._transcript.resume_from())
        return self._wanted(words)

    def release(self) -> list[Input]:
        """Drop the audio that no replay will want; return what fell out of the ring until now."""
        self._ring.release(self._transcript.resume_from())
        return self._take_lost()

    def lose_session(self) -> list[Input]:
        """Go back to what a new session has to be sent again; return what is lost for good."""
        self._sent_ms = max(self._sent_ms, self._clock.position_ms)
        self._ring.rewind(self._transcript.resume_from(), transcribed_ms=self._transcribed_ms)
        return self._take_lost()

    @property
    def session_ms(self) -> int:
        """How much audio the running session was sent."""
        return self._clock.sent_ms

    @property
    def waiting_ms(self) -> int:
        """How much audio the running session was not sent yet."""
        return self._pushed_ms - self._clock.position_ms

    def speech_since_result(self) -> int:
        """Return how much speech the running session was sent since its last result."""
        return self._speech.between(self._result_ms, self._clock.position_ms)

    def is_owed(self) -> bool:
        """Say whether the engine still owes words for the audio there is."""
        return self._transcript.is_owed(self._pushed_ms)

    def may_be_owed(self) -> bool:
        """Say whether it owes words, or may for all we know."""
        return self._transcript.may_be_owed(self._pushed_ms)

    def has_work(self) -> bool:
        """Say whether there is anything that a new session would be good for."""
        return self._pushed_ms > self._sent_ms or self.may_be_owed()

    def is_done(self) -> bool:
        """Say whether no new session is needed any more."""
        return self.ended and not self.has_work()

    def finalize(self) -> list[Input]:
        """Make the last partial final: no better text will come."""
        return self._wanted(self._transcript.finalize_pending())

    def give_up(self, reason: str) -> list[Input]:
        """Finalize, and drop all audio: what was not transcribed is lost for this reason."""
        inputs = [*self._take_lost(), *self.finalize()]
        self._ring.clear(transcribed_ms=self._transcribed_ms)
        return [*inputs, *self._take_lost(reason)]

    def degraded(self, reason: str, code: str = "") -> list[Input]:
        """Say that words may come late."""
        return [self._inputs.degraded(reason, code)]

    def fail(self, reason: str, code: str = "") -> list[Input]:
        """Give up for good: what comes from now on is only counted."""
        inputs = self.give_up("recognition_failed")
        self._failed_at_ms = self._pushed_ms
        return [*inputs, self._inputs.failed(reason, code)]

    def finish(self) -> list[Input]:
        """Say that this was all, after what was lost of the rest."""
        inputs = self._take_lost()
        failed_ms = self._failed_at_ms
        if failed_ms is not None and self._pushed_ms > failed_ms:
            inputs.append(self._inputs.lost(Span(failed_ms, self._pushed_ms), "recognition_failed"))
        return [*inputs, self._inputs.finished(self._pushed_ms)]

    @property
    def _transcribed_ms(self) -> int:
        return self._transcript.transcribed_ms(self._sent_ms)

    def _wanted(self, words: Iterable[WordsHeard]) -> list[Input]:
        """Leave partials out if the route does not want them."""
        return [item for item in words if item.is_final or self._wants_partials]

    def _take_lost(self, reason: str = "buffer_full") -> list[Input]:
        return [self._inputs.lost(span, reason) for span in self._ring.take_lost()]

    def _cut(self) -> bool:
        buffer, size = self._buffer, self._chunk_bytes
        while len(buffer) >= size:
            data = bytes(buffer[:size])
            del buffer[:size]
            self._append(data, CHUNK_MS)
        return self._failed_at_ms is None

    def _flush(self) -> None:
        """Make a short chunk of what is left over from whole pieces."""
        data = bytes(self._buffer)
        self._buffer.clear()
        duration_ms = len(data) * CHUNK_MS // self._chunk_bytes
        if duration_ms:
            self._append(data, duration_ms)

    def _append(self, data: bytes, duration_ms: int) -> None:
        start_ms = self._pushed_ms
        self._pushed_ms = end_ms = start_ms + duration_ms
        if self._failed_at_ms is not None:
            return
        wire, linear = self._converter.convert(data)
        loud = self._speech.push(linear, start_ms)
        self._ring.append(Chunk(start_ms, end_ms, wire, loud))
