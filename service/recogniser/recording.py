"""A whole file: unpacked, cut into stretches of speech, and these understood one by one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import IO, Final

import numpy as np

from service.errors import BadInputError
from service.recogniser.aligner import Word
from service.recogniser.engine import Heard
from service.recogniser.listening import Listener, Report, Speech
from service.recogniser.unpacker import UnpackedDecoder, open_unpacker
from service.recogniser.workers import Workers

MAX_AUDIO_S: Final = 4 * 3600.0
"""A hundred megabytes of packed silence can be a week long."""
ENDPOINTING_S: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSegment:
    """A stretch of speech; times in seconds of the file."""

    text: str
    start_s: float
    end_s: float
    confidence: float
    words: tuple[Word, ...] = ()
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
    is_gone: Callable[[], bool],
    max_audio_s: float = MAX_AUDIO_S,
) -> Transcript:
    """Return what is said in a file, from where it stands to its end.

    Takes one core at a time, and only while no session needs it; memory for 12 s of audio.

    Raises:
        BadInputError: No audio can be read from it, or it is longer than `max_audio_s`.
        ClientGoneError: `is_gone` said so.
    """
    segments: list[HeardSegment] = []
    heard_s = 0.0
    async with aclosing(_listen(file, workers)) as reports:  # the child ends with us
        async for report in reports:
            heard_s = report.heard_s
            if heard_s > max_audio_s:
                raise BadInputError(f"The audio is longer than {max_audio_s / 3600:g} hours.")
            for item in report.ended:
                if is_gone():
                    raise ClientGoneError
                if isinstance(item, Speech) and (
                    segment := await _understand(item, workers, words=words)
                ):
                    segments.append(segment)
    return Transcript(duration_s=heard_s, segments=tuple(segments))


async def _listen(file: IO[bytes], workers: Workers) -> AsyncGenerator[Report, None]:
    listener = Listener(UnpackedDecoder(), workers.networks.detector, ENDPOINTING_S)
    async with open_unpacker(file=file) as unpacker:
        async for piece in unpacker.pieces():
            yield await workers.listen(lambda piece=piece: listener.feed(piece))  # type: ignore[misc]
    yield await workers.listen(listener.close)


async def _understand(speech: Speech, workers: Workers, *, words: bool) -> HeardSegment | None:
    networks = workers.networks

    def understand() -> tuple[Heard, tuple[Word, ...]]:
        samples = np.concatenate(speech.frames)
        heard = networks.engine.decode(samples, speech.rate_hz)
        if not words:
            return heard, ()
        return heard, networks.aligner.words(heard, samples, speech.rate_hz, speech.begins_s)

    async with workers.turns.spare_turn() as turn:
        await turn.granted
        heard, found = await turn.run(understand)
    if not heard.text:
        return None
    return HeardSegment(
        text=heard.text,
        start_s=speech.start_s,
        end_s=round(speech.start_s + speech.duration_s, 3),
        confidence=heard.confidence,
        words=found,
    )
