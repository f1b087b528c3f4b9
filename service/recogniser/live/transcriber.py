"""One client's session: audio in, partials and finals out, in the order they were spoken."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from service.recogniser.live.parameters import SessionSettings
from service.recogniser.models.hypothesis import Hypothesis, TimedWord
from service.recogniser.scheduling.cpu_scheduler import Turn
from service.recogniser.scheduling.workers import Workers
from service.recogniser.speech.front_end import Listener, Report, Speech
from service.recogniser.speech.segmenter import Ending, UtteranceEnd
from service.recogniser.text.boosting import Boost
from service.recogniser.text.redaction import redact
from service.wire.stt import HeardWord, encode_transcript, encode_utterance_end

FIRST_PARTIAL_S: Final = 0.5
PARTIAL_EVERY_S: Final = 1.0
"""Of speech; longer when the machine is busy: twice the time that the last partial took."""
MAX_OWED: Final = 4
"""Answers that may wait before no more audio is taken; one message may still add its own."""

Send = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Owed for a `Finalize` when nobody was speaking."""

    at_s: float


Owed = Speech | UtteranceEnd | Nothing


class Session:
    """Hears and answers. `hear`, `finalize` and `finish` are called one at a time.

    Answers come in the order of the audio. While a final is owed there are no partials; a
    partial that is still waiting for a core makes way for it. Audio that comes faster than
    it can be decoded is not lost: `hear` waits.
    """

    def __init__(self, settings: SessionSettings, workers: Workers, send: Send) -> None:
        endpointing_ms = settings.endpointing_ms
        self._interim = settings.interim_results
        self._redact = settings.redact
        self._with_words = settings.words
        self._key_terms = settings.key_terms
        self._boost: Boost | None = None
        self._workers = workers
        self._send = send
        self._listener = Listener(
            settings.decoder(),
            workers.networks.detector,
            None if endpointing_ms is None else endpointing_ms / 1000,
        )
        self._owed: deque[Owed] = deque()
        self._open: Speech | None = None
        self._over = False
        self._heard_s = 0.0
        self._changed = asyncio.Event()
        self._eased = asyncio.Event()
        self._turn: Turn | None = None
        self._known: tuple[Speech, Hypothesis] | None = None
        self._shown = ""
        self._partial_every_s = PARTIAL_EVERY_S

    @property
    def heard_s(self) -> float:
        """Seconds of audio so far."""
        return self._heard_s

    async def hear(self, audio: bytes) -> None:
        """Take the next bytes, cut anywhere.

        Raises:
            BadInputError: They are not the format that was announced.
        """
        await self._take(await self._workers.listen(lambda: self._listener.feed(audio)))

    async def finalize(self) -> None:
        """Settle what has been said so far; always answered with a final, if an empty one."""
        report = await self._workers.listen(self._listener.pause)
        if not report.ended:
            self._owed.append(Nothing(report.heard_s))
        await self._take(report)

    async def finish(self) -> None:
        """Take no more audio: `answer` returns once the rest is sent."""
        report = await self._workers.listen(self._listener.close)
        self._over = True
        await self._take(report)

    async def answer(self) -> None:
        """Send answers until `finish` was called and nothing is owed any more."""
        while self._owed or not self._over:
            if self._owed:
                await self._settle(self._owed[0])
                self._owed.popleft()
                self._eased.set()
            elif self._open is not None and self._is_due(self._open):
                await self._revise(self._open)
            else:
                self._changed.clear()
                await self._changed.wait()

    async def _take(self, report: Report) -> None:
        self._owed.extend(report.ended)
        self._open = report.open
        self._heard_s = report.heard_s
        if self._owed and self._turn is not None:
            self._turn.hurry()
        self._changed.set()
        while len(self._owed) > MAX_OWED:
            self._eased.clear()
            await self._eased.wait()

    async def _settle(self, item: Owed) -> None:
        match item:
            case UtteranceEnd():
                await self._send(encode_utterance_end())
            case Nothing(at_s):
                await self._send(
                    encode_transcript("", is_final=True, start_time=at_s, duration=0.0)
                )
            case Speech():
                known = self._known
                if known is None or known[0].span != item.span:
                    known = await self._decode(item, urgent=True)
                heard = known[1]
                if heard.text or self._shown or item.segment.ending is Ending.REQUEST:
                    text = redact(heard.text, self._redact)
                    words = await self._words(item, heard) if self._with_words else ()
                    await self._send(
                        _answer(item, text, heard.confidence, is_final=True, words=words)
                    )
                self._shown = ""

    async def _words(self, speech: Speech, heard: Hypothesis) -> tuple[TimedWord, ...]:
        aligner = self._workers.networks.aligner
        samples = np.concatenate(speech.frames)
        async with self._workers.turns.turn(urgent=True) as turn:
            await turn.granted
            return await turn.run(
                lambda: aligner.words(heard, samples, speech.rate_hz, speech.begins_s)
            )

    def _is_due(self, speech: Speech) -> bool:
        """Whether to decode speech that is going on."""
        known = self._known[0] if self._known else None
        if known is not None and known.span == speech.span:
            return False
        if speech.segment.paused:
            # If the pause turns out to be the end, this will have been the final.
            return self._interim or self._workers.turns.idle
        if not self._interim:
            return False
        if known is not None and known.segment.start == speech.segment.start:
            return speech.end_s - known.end_s >= self._partial_every_s
        return speech.end_s - speech.start_s >= FIRST_PARTIAL_S

    async def _revise(self, speech: Speech) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        speech, heard = await self._decode(speech, urgent=False)
        self._partial_every_s = max(PARTIAL_EVERY_S, 2 * (clock() - began))
        if self._owed or not self._interim:
            return
        # The last word of speech that goes on may be half a word.
        text = heard.text if speech.segment.paused else heard.text.rpartition(" ")[0]
        text = redact(text, self._redact, growing=True)
        if text and text != self._shown:
            self._shown = text
            await self._send(_answer(speech, text, heard.confidence, is_final=False))

    async def _decode(self, speech: Speech, *, urgent: bool) -> tuple[Speech, Hypothesis]:
        """Decode what matters most by the time a core is free: the final owed, or the newest."""
        async with self._workers.turns.turn(urgent=urgent) as self._turn:
            await self._turn.granted
            if self._owed and isinstance(self._owed[0], Speech):
                speech = self._owed[0]
            elif self._open is not None:
                speech = self._open
            heard = await self._turn.run(lambda: self._understand(speech))
        self._known = (speech, heard)
        return self._known

    def _understand(self, speech: Speech) -> Hypothesis:
        """Decode, on a thread; one at a time."""
        engine = self._workers.networks.engine
        if self._boost is None:
            self._boost = engine.boost(self._key_terms)
        return engine.decode(np.concatenate(speech.frames), speech.rate_hz, self._boost)


def _answer(
    speech: Speech,
    text: str,
    confidence: float,
    *,
    is_final: bool,
    words: Sequence[TimedWord] = (),
) -> str:
    start_s, end_s = speech.extent_s(words)
    return encode_transcript(
        text,
        is_final=is_final,
        speech_final=speech.segment.ending is not Ending.LENGTH if is_final else None,
        confidence=round(confidence, 4),
        words=[_heard_word(word) for word in words] or None,
        start_time=start_s,
        duration=round(end_s - start_s, 3),
    )


def _heard_word(word: TimedWord) -> HeardWord:
    return HeardWord(
        word=word.text,
        start=round(word.start_s, 3),
        end=round(word.end_s, 3),
        confidence=round(word.confidence, 4),
    )
