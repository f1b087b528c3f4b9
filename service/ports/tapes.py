"""Telnyx's own recordings: where they are fetched from, and where they are kept."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import NamedTuple, Protocol

from service.calls.commands import FetchTape
from service.ids import CallId


class KeptTape(NamedTuple):
    """How long a tape plays by itself; how long all of the recording does, and how large it is."""

    tape_ms: int
    duration_ms: int
    size_bytes: int


class TapeSource(Protocol):
    """Where the links lead that Telnyx gives."""

    def download(self, link: str) -> AsyncGenerator[bytes]:
        """Yield the file behind a link, in pieces, within bounds of size and time.

        Raises:
            TapeError: Not by this link, or not now, or never.
        """


class TapeShelf(Protocol):
    """Puts tapes into the recordings of calls."""

    async def keep(
        self, call_id: CallId, tape: FetchTape, pieces: AsyncIterator[bytes]
    ) -> KeptTape:
        """Return once a tape is in the call's recording, safely on the disk, and silenced.

        Nothing of it is left where this fails, or is cancelled.

        Raises:
            BadInputError: It is no recording that is read here.
            JournalUnavailableError: It cannot be noted that the call has one.
            OSError: It was cut off, or the disk does not take it.
            TapeError: As `pieces` raises it.
        """

    async def silence(self, call_id: CallId, tape: FetchTape) -> KeptTape:
        """Return once what a tape says is silent in the recording that is there.

        Raises:
            JournalUnavailableError: It cannot be said whether there is one.
            OSError: The disk does not give or take it, or there is none.
        """

    def forget(self, call_id: CallId) -> None:
        """Delete what there is of a call's recording, after what is being written of it."""
