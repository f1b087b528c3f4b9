"""Retention and erasure: calls go when somebody asks or their time is over, with their audio.

Erasure wins over "never lost": of what is erased nothing is delivered any more but the tombstone.
"""

import asyncio
import glob
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

import structlog

from service.errors import JournalUnavailableError
from service.ids import CallId
from service.ports import Journal, StoredRecording
from service.tasks import open_tasks

EVERY_S: Final = 60.0
"""How often the keeper looks for what is due."""
_AT_ONCE: Final = 50
_MAX_SCRUBS: Final = 20
_SCRUB_AGAIN_S: Final = 0.2

log = structlog.get_logger()


class CallEraser(Protocol):
    """Has a call itself forget everything, and leave its tombstone."""

    async def erase(self, call_id: CallId, *, reason: str) -> bool:
        """Return once that is committed; False if nothing was ever kept of it."""


class RetentionKeeper:
    """The `Eraser`, which also deletes what is due. Made by `open_retention`."""

    def __init__(
        self,
        journal: Journal,
        calls: CallEraser,
        recordings: Path,
        *,
        clock: Callable[[], float],
        keeps_house: Callable[[], bool] = lambda: True,
    ) -> None:
        self._keeps_house = keeps_house
        self._journal = journal
        self._calls = calls
        self._recordings = recordings
        self._clock = clock
        self._scrubbing = asyncio.Lock()
        self._wanted = self._scrubbed = 0

    async def erase(self, call_id: CallId, *, reason: str = "api") -> bool:
        """See `Eraser.erase`."""
        if not await self._forget(call_id, reason):
            return False
        await self.scrub()
        return True

    async def erase_number(
        self,
        number: str,
        *,
        reason: str = "api",
        only: Callable[[CallId], Awaitable[bool]] | None = None,
    ) -> int:
        """See `Eraser.erase_number`."""
        erased = 0
        for call_id in await self._journal.calls_of_number(number):
            if only is None or await only(call_id):
                erased += await self._forget(call_id, reason)
        await self.scrub()  # also of a call that no route wanted: it is gone, its bytes may not be
        return erased

    async def keep(self) -> None:
        """Delete what is due, now and every `EVERY_S`. An outage of the journal is waited for."""
        while True:
            try:
                if self._keeps_house():
                    await self.look()
            except JournalUnavailableError:
                log.warning("keeping_delayed")
            except OSError as error:
                log.warning("recording_not_deleted", error=error.strerror)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Delete what is due, in small steps, and scrub what a crash left unscrubbed.

        Raises:
            JournalUnavailableError: Not all was done; the rest is still due.
            OSError: A recording cannot be deleted.
        """
        now = self._clock()
        erased, done = 0, 1
        while done and (due := await self._journal.text_due(now, limit=_AT_ONCE)):
            done = sum([await self._forget(call_id, "retention") for call_id in due])
            erased += done
        while recordings := await self._journal.recordings_due(now, limit=_AT_ONCE):
            for recording in recordings:
                await self._delete(recording)
        parked = await self._journal.prune_parked(now)
        if erased or parked:
            log.info("kept_no_longer", calls=erased, parked=parked)
        if await self._journal.unscrubbed():
            await self.scrub()

    async def _forget(self, call_id: CallId, reason: str) -> bool:
        if not await self._calls.erase(call_id, reason=reason):
            return False
        recording = await self._journal.recording(call_id)
        if recording is not None:
            await self._delete(recording)
        return True

    async def _delete(self, recording: StoredRecording) -> None:
        """Delete the file, then the row: a crash in between leaves what is due."""
        await asyncio.to_thread(delete_recording, self._recordings, recording.file)
        await self._journal.forget_recording(recording.call_id)

    async def scrub(self) -> None:
        """Have the files scrubbed; those who ask during one scrub share the next."""
        self._wanted += 1
        mine = self._wanted
        async with self._scrubbing:
            if self._scrubbed >= mine:
                return
            covered = self._wanted
            for _ in range(_MAX_SCRUBS):
                if await self._journal.scrub():
                    self._scrubbed = covered
                    return
                await asyncio.sleep(_SCRUB_AGAIN_S)
        log.warning("scrub_delayed")  # somebody keeps reading; `look` tries again


def delete_recording(folder: Path, file: str) -> None:
    """Delete a recording of this folder, and what lies beside it while it is written anew.

    Raises:
        OSError: It is there and cannot be deleted.
    """
    path = folder / Path(file).name
    for one in (path, *folder.glob(glob.escape(path.name) + ".*")):
        one.unlink(missing_ok=True)


@asynccontextmanager
async def open_retention(
    journal: Journal,
    calls: CallEraser,
    recordings: Path,
    *,
    clock: Callable[[], float],
    keeps_house: Callable[[], bool] = lambda: True,
) -> AsyncIterator[RetentionKeeper]:
    """Keep calls no longer than their routes say, until the end of the block.

    Where several workers share a journal, only the one that `keeps_house` looks for what is due.
    What is under way then is broken off between two commits: it is due at the next start.
    """
    keeper = RetentionKeeper(journal, calls, recordings, clock=clock, keeps_house=keeps_house)
    async with open_tasks() as tasks:
        tasks.keep(keeper.keep, "retention")
        yield keeper
