"""Transcribes one live stream: audio in, partials and finals out, in the order they were spoken."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from service.recogniser.live.parameters import SessionSettings
from service.recogniser.live.results import encode_empty_final, encode_final, encode_partial
from service.recogniser.models.engine import Engine
from service.recogniser.models.hypothesis import Hypothesis, TimedWord
from service.recogniser.models.words import timed_words
from service.recogniser.scheduling.cpu_scheduler import CpuClaim
from service.recogniser.scheduling.priority import Priority
from service.recogniser.scheduling.workers import Workers
from service.recogniser.speech.front_end import Capture, FrontEnd, SpeechSegment
from service.recogniser.speech.segmenter import Ending, UtteranceEnd
from service.recogniser.text.boosting import Boost
from service.recogniser.text.redaction import redact
from service.wire.stt import encode_utterance_end

FIRST_PARTIAL_S: Final = 0.5
PARTIAL_EVERY_S: Final = 1.0
"""Of speech; longer when the machine is busy: twice the time that the last partial took."""
MAX_PENDING: Final = 4
"""Results that may wait before no more audio is taken; one message may still add its own."""

Send = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class EmptyFinal:
    """The result of a `Finalize` while nobody was speaking."""

    at_s: float


PendingResult = SpeechSegment | UtteranceEnd | EmptyFinal


@dataclass(frozen=True, slots=True)
class _Decoded:
    engine: str
    speech: SpeechSegment
    hypothesis: Hypothesis
    words: tuple[TimedWord, ...]


class LiveTranscriber:
    """Transcribes one stream. `feed`, `finalize` and `finish` are called one at a time.

    Results come in the order of the audio. While a final is pending there are no partials; a
    partial that is still waiting for a core makes way for it. Audio that comes faster than
    it can be decoded is not lost: `feed` waits.
    """

    def __init__(self, settings: SessionSettings, workers: Workers, send: Send) -> None:
        endpointing_ms = settings.endpointing_ms
        self._settings = settings
        self._workers = workers
        self._send = send
        self._boosts: dict[str, Boost | None] = {}
        """By the engine that they are made ready for."""
        self._front_end = FrontEnd(
            settings.decoder(),
            workers.networks.detector,
            None if endpointing_ms is None else endpointing_ms / 1000,
        )
        self._pending: deque[PendingResult] = deque()
        self._growing: SpeechSegment | None = None
        self._finished = False
        self._heard_s = 0.0
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._claim: CpuClaim | None = None
        self._decoded: _Decoded | None = None
        self._partial = ""
        self._partial_every_s = PARTIAL_EVERY_S

    @property
    def heard_s(self) -> float:
        """Seconds of audio so far."""
        return self._heard_s

    async def feed(self, audio: bytes) -> None:
        """Take the next bytes, cut anywhere.

        Raises:
            BadInputError: They are not the format that was announced.
        """
        await self._take(await self._workers.run_front_end(lambda: self._front_end.feed(audio)))

    async def finalize(self) -> None:
        """Finalise what has been said so far; the result is always a final, if an empty one."""
        capture = await self._workers.run_front_end(self._front_end.end_segment)
        if not capture.ended:
            self._pending.append(EmptyFinal(capture.heard_s))
        await self._take(capture)

    async def finish(self) -> None:
        """Take no more audio: `send_results` returns once the rest is sent."""
        capture = await self._workers.run_front_end(self._front_end.close)
        self._finished = True
        await self._take(capture)

    async def send_results(self) -> None:
        """Send results until `finish` was called and none is pending any more."""
        while self._pending or not self._finished:
            if self._pending:
                await self._send_pending(self._pending[0])
                self._pending.popleft()
                self._has_room.set()
            elif self._growing is not None and self._is_due(self._growing):
                await self._send_partial(self._growing)
            else:
                self._changed.clear()
                await self._changed.wait()

    async def _take(self, capture: Capture) -> None:
        self._pending.extend(capture.ended)
        self._growing = capture.growing
        self._heard_s = capture.heard_s
        if self._pending and self._claim is not None:
            self._claim.hurry()
        self._changed.set()
        while len(self._pending) > MAX_PENDING:
            self._has_room.clear()
            await self._has_room.wait()

    async def _send_pending(self, item: PendingResult) -> None:
        match item:
            case UtteranceEnd():
                await self._send(encode_utterance_end())
            case EmptyFinal(at_s):
                await self._send(encode_empty_final(at_s))
            case SpeechSegment():
                await self._send_final(item)

    async def _send_final(self, speech: SpeechSegment) -> None:
        """Send a final, unless there is no word in it that anybody waits for."""
        decoded = self._decoded
        if decoded is None or not self._is_final(decoded, speech):
            decoded = await self._decode(speech, Priority.FINAL)
        hypothesis = decoded.hypothesis
        if hypothesis.text or self._partial or speech.segment.ending is Ending.REQUEST:
            text = redact(hypothesis.text, self._settings.redact)
            await self._send(encode_final(speech, text, hypothesis.confidence, decoded.words))
        self._partial = ""

    def _is_final(self, decoded: _Decoded, speech: SpeechSegment) -> bool:
        """Whether what was decoded while a segment grew is all of it, by the engine for finals."""
        engine = self._workers.networks.engine.name
        whole = decoded.engine == engine and _is_over(decoded.speech)
        return whole and decoded.speech.is_same_audio(speech)

    def _is_due(self, speech: SpeechSegment) -> bool:
        """Whether to decode speech that is going on."""
        decoded = self._decoded.speech if self._decoded else None
        if decoded is not None and decoded.is_same_audio(speech):
            return False
        if speech.segment.paused:
            # If the pause turns out to be the end, this will have been the final.
            return self._settings.interim_results or self._workers.cpu.idle
        if not self._settings.interim_results:
            return False
        if decoded is not None and decoded.segment.start == speech.segment.start:
            return speech.end_s - decoded.end_s >= self._partial_every_s
        return speech.end_s - speech.start_s >= FIRST_PARTIAL_S

    async def _send_partial(self, speech: SpeechSegment) -> None:
        """Decode speech that is going on, and send what is new of it if that is wanted."""
        clock = asyncio.get_running_loop().time
        began = clock()
        decoded = await self._decode(speech, Priority.PARTIAL)
        self._partial_every_s = max(PARTIAL_EVERY_S, 2 * (clock() - began))
        if self._pending or not self._settings.interim_results:
            return
        speech, text = decoded.speech, decoded.hypothesis.text
        if not speech.segment.paused:
            text = text.rpartition(" ")[0]  # the last word may be half a word
        text = redact(text, self._settings.redact, growing=True)
        if text and text != self._partial:
            self._partial = text
            await self._send(encode_partial(speech, text, decoded.hypothesis.confidence))

    async def _decode(self, speech: SpeechSegment, priority: Priority) -> _Decoded:
        """Decode what matters most by the time a core is free: a pending final, or the newest."""
        async with self._workers.cpu.claim(priority) as self._claim:
            idle = self._claim.granted.done()
            await self._claim.granted
            if self._pending and isinstance(self._pending[0], SpeechSegment):
                speech = self._pending[0]
            elif self._growing is not None:
                speech = self._growing
            engine = self._engine_for(speech, idle=idle)
            self._decoded = await self._claim.run(lambda: self._run_engine(engine, speech))
        return self._decoded

    def _engine_for(self, speech: SpeechSegment, *, idle: bool) -> Engine:
        """Return the quick engine, if there is one, for a partial that had to wait for a core."""
        networks = self._workers.networks
        if idle or _is_over(speech) or networks.quick_engine is None:
            return networks.engine
        return networks.quick_engine

    def _run_engine(self, engine: Engine, speech: SpeechSegment) -> _Decoded:
        """Decode, on a thread; one at a time."""
        before = self._decoded
        if engine.name not in self._boosts:
            self._boosts[engine.name] = engine.boost(self._settings.key_terms)
        goes_on = before is not None and before.speech.segment.start == speech.segment.start
        samples, is_over = speech.samples, _is_over(speech)
        hypothesis = engine.decode(
            samples,
            speech.rate_hz,
            self._boosts[engine.name],
            draft=before.hypothesis.numbers if before is not None and goes_on else (),
            words=self._settings.words and is_over,  # no partial has them
            voiced_s=speech.voiced_s if is_over else None,
        )
        words = timed_words(hypothesis, samples, speech.rate_hz, speech.begins_s)
        return _Decoded(engine.name, speech, hypothesis, words)


def _is_over(speech: SpeechSegment) -> bool:
    """Whether this is a final, or will have been one if the pause goes on."""
    return speech.segment.ending is not Ending.OPEN or speech.segment.paused
