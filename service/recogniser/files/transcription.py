"""A whole file: unpacked, cut into stretches of speech, and these understood one by one."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import IO, Final

import numpy as np

from service.errors import BadInputError
from service.recogniser.audio.container_reader import ContainerDecoder, open_container_reader
from service.recogniser.models.hypothesis import Hypothesis, TimedWord
from service.recogniser.scheduling.workers import Workers
from service.recogniser.speech.front_end import Listener, Report, Speech
from service.recogniser.text.boosting import Boost
from service.recogniser.text.key_terms import KeyTerm

MAX_AUDIO_S: Final = 4 * 3600.0
"""A hundred megabytes of packed silence can be a week long."""
MAX_CHANNELS: Final = 8
"""That are told apart: each costs what a file of one channel does."""
ENDPOINTING_S: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSegment:
    """A stretch of speech; times in seconds of the file."""

    text: str
    start_s: float
    end_s: float
    confidence: float
    decoded_from_s: float
    """Where the audio begins that was given to the engine: a little before the voice."""
    tokens: tuple[int, ...] = ()
    """The engine's own numbers of what it wrote."""
    channel: int | None = None
    """None: all channels were mixed to one."""
    words: tuple[TimedWord, ...] = ()
    """Empty unless they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """All that is said in a file."""

    duration_s: float
    segments: tuple[HeardSegment, ...]

    @property
    def text(self) -> str:
        """The segments in one line."""
        return " ".join(segment.text for segment in self.segments)


class ClientGoneError(Exception):
    """Nobody waits for the transcript any more."""


async def transcribe(
    file: IO[bytes],
    workers: Workers,
    *,
    words: bool = False,
    multichannel: bool = False,
    key_terms: Sequence[KeyTerm] = (),
    is_gone: Callable[[], bool],
    max_audio_s: float = MAX_AUDIO_S,
) -> Transcript:
    """Return what is said in a file, from where it stands to its end.

    Takes one core at a time, and only while no session needs it; memory for 12 s of audio. With
    `multichannel` each channel is heard by itself, one after the other, and the segments of all
    come in the order in which they begin; otherwise the channels are mixed to one.

    Raises:
        BadInputError: No audio can be read from it, it has more than 8 channels to be told
            apart, or they are together longer than `max_audio_s`.
        ClientGoneError: `is_gone` said so.
    """
    begins = os.lseek(file.fileno(), 0, os.SEEK_CUR)
    segments: list[HeardSegment] = []
    heard_s: list[float] = []
    channels = 1
    while len(heard_s) < channels:
        os.lseek(file.fileno(), begins, os.SEEK_SET)  # the child before has read it to its end
        channel = _Channel(workers, len(heard_s) if multichannel else None, key_terms)
        async with aclosing(channel.listen(file)) as reports:  # the child ends with us
            async for report in reports:
                if sum(heard_s) + report.heard_s > max_audio_s:
                    raise BadInputError(f"The audio is longer than {max_audio_s / 3600:g} hours.")
                for item in report.ended:
                    if is_gone():
                        raise ClientGoneError
                    if isinstance(item, Speech):
                        segments += await channel.understand(item, words=words)
        heard_s.append(channel.heard_s)
        channels = channel.count
    segments.sort(key=lambda segment: segment.start_s)
    return Transcript(duration_s=max(heard_s), segments=tuple(segments))


class _Channel:
    """One way through a file: for one of its channels, or with `number` None for all at once."""

    def __init__(self, workers: Workers, number: int | None, key_terms: Sequence[KeyTerm]) -> None:
        self._workers = workers
        self._number = number
        self._key_terms = key_terms
        self._boost: Boost | None = None
        self.count = 1
        """How many there are to be heard; known when this one has been."""
        self.heard_s = 0.0

    async def listen(self, file: IO[bytes]) -> AsyncGenerator[Report, None]:
        """Give what comes to an end, piece by piece."""
        workers = self._workers
        listener = Listener(ContainerDecoder(), workers.networks.detector, ENDPOINTING_S)
        async with open_container_reader(file=file, channel=self._number) as reader:
            async for piece in reader.pieces():
                if reader.channels > MAX_CHANNELS:
                    raise BadInputError(f"The audio has more than {MAX_CHANNELS} channels.")
                yield await workers.listen(
                    lambda piece=piece: listener.feed(piece),  # type: ignore[misc]
                    spare=True,
                )
            self.count = reader.channels
        report = await workers.listen(listener.close, spare=True)
        self.heard_s = report.heard_s
        yield report

    async def understand(self, speech: Speech, *, words: bool) -> list[HeardSegment]:
        """Return a segment, unless there are no words in it."""
        networks = self._workers.networks

        def work() -> tuple[Hypothesis, tuple[TimedWord, ...]]:
            samples = np.concatenate(speech.frames)
            if self._boost is None:
                self._boost = networks.engine.boost(self._key_terms)
            heard = networks.engine.decode(samples, speech.rate_hz, self._boost)
            if not words:
                return heard, ()
            return heard, networks.aligner.words(heard, samples, speech.rate_hz, speech.begins_s)

        async with self._workers.turns.spare_turn() as turn:
            await turn.granted
            heard, found = await turn.run(work)
        if not heard.text:
            return []
        start_s, end_s = speech.extent_s(found)
        return [
            HeardSegment(
                text=heard.text,
                start_s=start_s,
                end_s=end_s,
                confidence=heard.confidence,
                decoded_from_s=speech.begins_s,
                tokens=tuple(token.number for token in heard.trace.tokens) if heard.trace else (),
                channel=self._number,
                words=found,
            )
        ]
