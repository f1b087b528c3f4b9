"""What stands at the other end of the recorder."""

import asyncio
from collections.abc import Sequence

from service.ids import CallId
from service.ports import RecordingIndex, StoredRecording


class WatchedIndex:
    """A journal's index of recordings that says when it was written, after failing as told.

    Each of `failures` is raised once, in turn, instead of remembering a recording. Remembering
    one takes `delay_s`.
    """

    def __init__(
        self, index: RecordingIndex, failures: Sequence[Exception] = (), delay_s: float = 0.0
    ) -> None:
        self.indexed = asyncio.Event()
        self._index = index
        self._failures = list(failures)
        self._delay_s = delay_s

    async def keep_recording(
        self, call_id: CallId, file: str, *, started_at: float, delete_at: float | None
    ) -> None:
        """See `RecordingIndex.keep_recording`."""
        if self._failures:
            raise self._failures.pop(0)
        await asyncio.sleep(self._delay_s)
        await self._index.keep_recording(call_id, file, started_at=started_at, delete_at=delete_at)
        self.indexed.set()

    async def recording(self, call_id: CallId) -> StoredRecording | None:
        """See `RecordingIndex.recording`."""
        return await self._index.recording(call_id)

    async def recordings_due(self, now: float, *, limit: int) -> list[StoredRecording]:
        """See `RecordingIndex.recordings_due`."""
        return await self._index.recordings_due(now, limit=limit)

    async def forget_recording(self, call_id: CallId) -> None:
        """See `RecordingIndex.forget_recording`."""
        await self._index.forget_recording(call_id)
