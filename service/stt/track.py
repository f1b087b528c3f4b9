"""What all sessions of one track share: its audio, its words, and whom to tell."""

import asyncio
from collections.abc import Callable

import structlog

from service.calls.engines import Engine
from service.calls.inputs import Input, WordsHeard
from service.ports import RecognitionPlan
from service.stt.clock import SessionClock
from service.stt.formats import CHUNK_MS, Converter, choose_format
from service.stt.inputs import TrackInputs
from service.stt.limits import Limits
from service.stt.query import engine_of
from service.stt.ring import Chunk, Ring, Span
from service.stt.speech import Speech
from service.stt.transcript import Transcript

log = structlog.get_logger()

_FILL_MS = 1000
"""Silence sent for a hole in the audio, so that the engine notices the pause; never more."""


class Hearing:
    """One track: audio in, words out. Nothing here waits.

    Audio is cut into `CHUNK_MS` pieces, converted, kept in the ring and passed on from there.
    """

    def __init__(
        self, plan: RecognitionPlan, tell: Callable[[Input], None], limits: Limits
    ) -> None:
        """Begin a track.

        Raises:
            ValueError: Nobody here can decode the plan's encoding.
        """
        self.plan = plan
        self.engine: Engine = engine_of(plan.route)
        self.audio = choose_format(self.engine, plan.encoding, plan.sample_rate_hz)
        self.ring = Ring(keep_ms=limits.keep_ms)
        self._converter = Converter(plan.encoding, plan.sample_rate_hz, self.audio)
        self.speech = Speech(self._converter.rate_hz)
        self._inputs = TrackInputs(plan)
        self.transcript = Transcript(self._inputs, self.speech)
        self.wake = asyncio.Event()
        self.pass_on: Callable[[], None] = self.wake.set
        """What happens with each piece once it is in the ring; a session may take it on at once."""
        self.finishing = False
        """No more audio will come."""
        self.deaf = False
        """Nobody will ever transcribe what comes: count it only."""
        self.heard_ms = 0
        """The stream's time of the last whole piece."""
        self.sent_ms = 0
        """How far any session got."""
        self._deaf_from_ms = 0
        self._tell = tell
        self._buffer = bytearray()
        self._chunk_bytes = self._converter.chunk_bytes

    def hear(self, payload: bytes) -> None:
        """Take the next audio. A few instructions, but for every `CHUNK_MS`."""
        if self.finishing:
            return
        buffer = self._buffer
        buffer += payload
        if len(buffer) >= self._chunk_bytes:
            self._cut()

    def skip(self, duration_ms: int) -> None:
        """Move the clock on over audio that never came."""
        if duration_ms <= 0 or self.finishing:
            return
        self.flush()
        end_ms = self.heard_ms + duration_ms
        fill_ms = min(duration_ms, _FILL_MS)
        if not self.deaf:
            silence = self.audio.silence(fill_ms)
            chunk = Chunk(self.heard_ms, self.heard_ms + fill_ms, silence, loud=False)
            self.ring.append(chunk)
            self.pass_on()
        self.heard_ms = end_ms

    def end(self) -> None:
        """Take no more audio; what is left over from whole pieces is the last."""
        if not self.finishing:
            self.flush()
            self.finishing = True
            self.wake.set()

    def flush(self) -> None:
        """Take what is left over from whole pieces as a short one."""
        data = bytes(self._buffer)
        self._buffer.clear()
        duration_ms = len(data) * CHUNK_MS // self._chunk_bytes
        if duration_ms:
            self._take(data, duration_ms)

    @property
    def transcribed_ms(self) -> int:
        """Until when nothing is lost, whatever becomes of the rest."""
        return self.transcript.transcribed_ms(self.sent_ms)

    def begin_session(self) -> SessionClock:
        """Begin where `lose_session` went back to, or at the oldest that is still kept."""
        next_ms = self.ring.next_ms
        position = SessionClock(self.heard_ms if next_ms is None else next_ms)
        self.words(self.transcript.begin(position))
        self.tell_lost()
        return position

    def lose_session(self, position: SessionClock) -> None:
        """Go back to what a new session has to be sent again, and say what is lost for good."""
        self.sent_ms = max(self.sent_ms, position.position_ms)
        self.ring.rewind(self.transcript.resume_from(), transcribed_ms=self.transcribed_ms)
        self.tell_lost()

    def is_done(self) -> bool:
        """Whether all there will ever be was sent and nothing is owed for it."""
        return self.finishing and not self.has_work()

    def has_work(self) -> bool:
        """Whether there is anything that a session would be good for."""
        return self.heard_ms > self.sent_ms or self.transcript.may_be_owed(self.heard_ms)

    def give_up(self, reason: str) -> None:
        """Tell what there is of a text that was never settled, and all audio nobody heard."""
        self.tell_lost()
        self.words(self.transcript.finalize_pending())
        self.ring.clear(transcribed_ms=self.transcribed_ms)
        self.tell_lost(reason)

    def words(self, heard: list[WordsHeard]) -> None:
        """Tell what was heard; partials only if the route wants them."""
        for item in heard:
            if item.is_final or self.plan.route.interim_results:
                self._say(item)

    def tell_lost(self, reason: str = "buffer_full") -> None:
        """Tell what fell out of the ring since the last time."""
        for span in self.ring.take_lost():
            self.lost(span, reason)

    def lost(self, span: Span, reason: str) -> None:
        """Tell of audio that nobody will transcribe."""
        self._say(self._inputs.lost(span, reason))

    def degraded(self, reason: str, code: str = "") -> None:
        """Tell that words may come late."""
        self._say(self._inputs.degraded(reason, code))

    def failed(self, reason: str, code: str = "") -> None:
        """Tell that no more words will come; what comes from now on is only counted."""
        self.give_up("recognition_failed")
        self.deaf = True
        self._deaf_from_ms = self.heard_ms
        self._say(self._inputs.failed(reason, code))

    def finished(self) -> None:
        """Tell that this was the last word."""
        self.tell_lost()
        if self.deaf and self.heard_ms > self._deaf_from_ms:
            self.lost(Span(self._deaf_from_ms, self.heard_ms), "recognition_failed")
        self._say(self._inputs.finished(self.heard_ms))

    def _say(self, item: Input) -> None:
        try:
            self._tell(item)
        except Exception:  # whoever listens must not end what is heard
            log.exception("recognition_not_told", kind=type(item).__name__)

    def _cut(self) -> None:
        buffer, size = self._buffer, self._chunk_bytes
        while len(buffer) >= size:
            data = bytes(buffer[:size])
            del buffer[:size]
            self._take(data, CHUNK_MS)

    def _take(self, data: bytes, duration_ms: int) -> None:
        start_ms = self.heard_ms
        self.heard_ms = end_ms = start_ms + duration_ms
        if self.deaf:
            return
        wire, linear = self._converter.convert(data)
        loud = self.speech.push(linear, start_ms)
        self.ring.append(Chunk(start_ms, end_ms, wire, loud))
        self.pass_on()
