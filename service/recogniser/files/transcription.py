"""Transcribes a whole file: read, cut into segments of speech, and these decoded one by one."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import IO, Final

from service.errors import BadInputError
from service.recogniser.audio.file_reader import open_file_reader
from service.recogniser.models.hypothesis import Hypothesis, TimedWord
from service.recogniser.models.words import timed_words
from service.recogniser.scheduling.priority import Priority
from service.recogniser.scheduling.workers import Workers
from service.recogniser.speech.front_end import Capture, FrontEnd, SpeechSegment
from service.recogniser.text.boosting import Boost
from service.recogniser.text.key_terms import KeyTerm
from service.words import join_pieces

MAX_AUDIO_S: Final = 4 * 3600.0
"""A hundred megabytes of packed silence can be a week long."""
MAX_CHANNELS: Final = 8
"""That are told apart: each costs what a file of one channel does."""
ENDPOINTING_S: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptSegment:
    """What is said in a segment of speech; times in seconds of the file."""

    text: str
    start_s: float
    end_s: float
    confidence: float
    decoded_from_s: float
    """Where the audio begins that was given to the engine: a little before the voice."""
    tokens: tuple[int, ...] = ()
    """The engine's own numbers of them."""
    channel: int | None = None
    """None: all channels were mixed to one."""
    words: tuple[TimedWord, ...] = ()
    """Empty unless they were asked for."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that is said in a file."""

    duration_s: float
    segments: tuple[TranscriptSegment, ...]
    notes: tuple[str, ...] = ()
    """What of the file was not heard as it is: what is missing, damaged or left out."""

    @property
    def text(self) -> str:
        """The segments in one line."""
        return join_pieces(segment.text for segment in self.segments)


class ClientGoneError(Exception):
    """Nobody waits for the transcript any more."""


async def transcribe_file(
    file: IO[bytes],
    workers: Workers,
    *,
    name: str = "",
    words: bool = False,
    multichannel: bool = False,
    key_terms: Sequence[KeyTerm] = (),
    is_gone: Callable[[], bool],
    max_audio_s: float = MAX_AUDIO_S,
) -> Transcript:
    """Return what is said in a file, from where it stands to its end.

    Takes one core at a time, and only while no session needs it; memory for 16 s of audio. A file
    without a header is known by its `name`. With `multichannel` each channel is transcribed by
    itself, and the segments of all come in the order in which they begin; else all are mixed.

    Raises:
        BadInputError: No audio can be read from it, it has more than 8 channels to be told
            apart, or they are together longer than `max_audio_s`.
        ClientGoneError: `is_gone` said so.
    """
    begins, channels = os.lseek(file.fileno(), 0, os.SEEK_CUR), 1
    segments: list[TranscriptSegment] = []
    heard_s: list[float] = []
    notes: dict[str, None] = {}
    while len(heard_s) < channels:
        os.lseek(file.fileno(), begins, os.SEEK_SET)  # the child before has read it to its end
        nth = len(heard_s) if multichannel else None
        channel = _Channel(workers, nth, key_terms, words=words)
        async with aclosing(channel.captures(file, name)) as captures:  # the child ends with us
            async for capture in captures:
                if sum(heard_s) + capture.heard_s > max_audio_s:
                    raise BadInputError(f"The audio is longer than {max_audio_s / 3600:g} hours.")
                segments += await channel.transcribe(capture, is_gone)
        heard_s.append(channel.heard_s)
        channels = channel.count
        notes.update(dict.fromkeys(channel.notes))
    segments.sort(key=lambda segment: segment.start_s)
    return Transcript(max(heard_s), tuple(segments), tuple(notes))


class _Channel:
    """One way through a file: for one of its channels, or with `number` None for all at once."""

    def __init__(
        self,
        workers: Workers,
        number: int | None,
        key_terms: Sequence[KeyTerm],
        *,
        words: bool,
    ) -> None:
        self._workers = workers
        self._number = number
        self._key_terms = key_terms
        self._with_words = words
        self._boost: Boost | None = None
        self.count = 1
        """How many there are to be transcribed; known when this one has been."""
        self.heard_s = 0.0
        self.notes: list[str] = []
        """What of the file is not in the audio as it was; known as well."""

    async def captures(self, file: IO[bytes], name: str) -> AsyncGenerator[Capture, None]:
        """Give what comes to an end, piece by piece."""
        workers = self._workers
        async with open_file_reader(file, name=name, channel=self._number) as reader:
            front_end = FrontEnd(reader.decoder, workers.networks.detector, ENDPOINTING_S)
            async for piece in reader.pieces():
                if reader.channels > MAX_CHANNELS:
                    raise BadInputError(f"The audio has more than {MAX_CHANNELS} channels.")
                yield await workers.run_front_end(partial(front_end.feed, piece), batch=True)
            self.count = reader.channels if self._number is not None else 1
            self.notes = reader.notes
        capture = await workers.run_front_end(front_end.close, batch=True)
        self.heard_s = capture.heard_s
        yield capture

    async def transcribe(
        self, capture: Capture, is_gone: Callable[[], bool]
    ) -> list[TranscriptSegment]:
        """Return what is said in the segments that ended; without words in it there is none.

        Raises:
            ClientGoneError: `is_gone` said so.
        """
        found = []
        for item in capture.ended:
            if is_gone():
                raise ClientGoneError
            if isinstance(item, SpeechSegment):
                async with self._workers.cpu.claim(Priority.BATCH) as claim:
                    await claim.granted
                    hypothesis, words = await claim.run(partial(self._decode, item))
                if hypothesis.text:
                    found.append(self._segment(item, hypothesis, words))
        return found

    def _segment(
        self, speech: SpeechSegment, hypothesis: Hypothesis, words: tuple[TimedWord, ...]
    ) -> TranscriptSegment:
        start_s, end_s = speech.extent_s(words)
        return TranscriptSegment(
            text=hypothesis.text,
            start_s=start_s,
            end_s=end_s,
            confidence=hypothesis.confidence,
            decoded_from_s=speech.begins_s,
            tokens=hypothesis.numbers,
            channel=self._number,
            words=words,
        )

    def _decode(self, speech: SpeechSegment) -> tuple[Hypothesis, tuple[TimedWord, ...]]:
        """Decode, on a thread; one at a time."""
        networks, samples = self._workers.networks, speech.samples
        if self._boost is None:
            self._boost = networks.engine.boost(self._key_terms)
        hypothesis = networks.engine.decode(
            samples,
            speech.rate_hz,
            self._boost,
            words=self._with_words,
            voiced_s=speech.voiced_s,
        )
        return hypothesis, timed_words(hypothesis, samples, speech.rate_hz, speech.begins_s)
