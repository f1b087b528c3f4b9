"""What an archive keeps of a call, where that is from, and who is told what became of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.calls.archive_answers import ArchiveAnswer
from service.ids import CallId, EndpointName


@dataclass(frozen=True, slots=True)
class CallFile:
    """A small file of a call, whole."""

    name: str
    content_type: str
    body: bytes


class CallFiles(Protocol):
    """Makes a call's transcript in the formats that people open."""

    async def transcripts(
        self, call_id: CallId, *, through_seq: int, forms: Sequence[str]
    ) -> list[CallFile]:
        """Return them, made of the events up to there: each time the same.

        None are returned once the call was erased.

        Raises:
            JournalUnavailableError: The journal does not answer.
        """


class AudioCopy(Protocol):
    """A call's recording as the WAV that it is to whoever plays it. For one thread at a time."""

    @property
    def size_bytes(self) -> int:
        """Of all of it."""

    def read(self) -> Iterator[bytes]:
        """Yield all of it, from the start, in pieces of at most 64 KiB.

        Raises:
            OSError: The disk does not give it, or it was changed.
        """

    def close(self) -> None:
        """Close the file."""


class KeptAudio(Protocol):
    """Opens recordings."""

    async def open(self, call_id: CallId) -> AudioCopy | None:
        """Return the recording of a call; None if it has none.

        Raises:
            JournalUnavailableError: The journal does not answer.
            OSError: It is there, and cannot be read.
        """


class ArchiveNews(Protocol):
    """Is told what became of copies."""

    async def tell(self, call_id: CallId, answer: ArchiveAnswer) -> None:
        """Return once the call knows.

        Raises:
            JournalError: It does not.
        """

    async def not_erased(self, call_id: CallId, endpoint: EndpointName, reason: str) -> None:
        """Tell, as an event of no call, that a copy outlives its erased call for now.

        Raises:
            JournalError: It is not told.
        """


@dataclass(frozen=True, slots=True)
class ArchiveRoom:
    """What archives work with."""

    files: CallFiles
    audio: KeptAudio
    news: ArchiveNews
