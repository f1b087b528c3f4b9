"""Whole recordings, transcribed by an engine for files."""

from typing import NamedTuple, Protocol


class HeardStretch(NamedTuple):
    """A stretch of speech of a file. Without times the engine gave none: it is all of the file."""

    text: str
    start_ms: int | None
    end_ms: int | None


class FileHearing(Protocol):
    """Has files transcribed."""

    async def hear(
        self, wav: bytes, *, engine: str, model: str | None, language: str | None
    ) -> tuple[list[HeardStretch], str | None]:
        """Return what is said in a WAV, in its order, and the language, if the engine says.

        Raises:
            RecognitionRefusedError: The engine does not take it.
            RecognitionLostError: No answer worth having, after some tries.
        """
