"""A recorder on a journal that knows the call, as the tests open it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from service.calls.inputs import Input, RecordingWritten
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, StoredRecording, StreamStart
from service.recording.recorder import FolderRecorder, file_name, open_recorder
from service.recording.writer import QueueWriter
from tests.recording.builders import CALL, FRAME
from tests.recording.peers import WatchedIndex
from tests.waiting import PATIENCE_S


class Recording:
    """A recorder, and what the call is told by it."""

    def __init__(self, recorder: FolderRecorder, index: WatchedIndex, folder: Path) -> None:
        self.recorder = recorder
        self.index = index
        self.path = folder / file_name(CALL)
        self.told: asyncio.Queue[Input] = asyncio.Queue()

    def open(
        self,
        start: StreamStart,
        offset_ms: int = 0,
        *,
        call_id: CallId = CALL,
        is_judged: bool = False,
        post: Callable[[Input], None] | None = None,
    ) -> QueueWriter:
        """Begin to record a stream."""
        writer = self.recorder.open(
            call_id,
            start,
            offset_ms=offset_ms,
            delete_at=None,
            is_judged=is_judged,
            post=post or self.told.put_nowait,
        )
        assert writer is not None
        return writer

    async def record(self, start: StreamStart, frame: bytes = FRAME) -> RecordingWritten:
        """Record one inbound frame of a stream; return what the call is told at its end."""
        writer = self.open(start)
        writer.write("inbound", frame)
        writer.close()
        return await self.written()

    async def written(self) -> RecordingWritten:
        """Return what the call is told when a stream's recording was finished."""
        async with asyncio.timeout(PATIENCE_S):
            item = await self.told.get()
        assert isinstance(item, RecordingWritten)
        return item

    async def indexed(self) -> StoredRecording | None:
        """Return what the journal knows of the recording, once the recorder told it."""
        async with asyncio.timeout(PATIENCE_S):
            await self.index.indexed.wait()
        return await self.index.recording(CALL)


@asynccontextmanager
async def open_recording(
    folder: Path,
    index_failures: Sequence[Exception] = (),
    *,
    index_delay_s: float = 0.0,
    key: bytes | None = None,
) -> AsyncIterator[Recording]:
    """Open a recorder whose index fails in this way first, and then takes so long."""
    async with open_sqlite_journal(folder / "journal.db") as journal:
        if await journal.load(CALL) is None:
            await journal.commit(Entry(call_id=CALL, version=0, epoch=0, state=b"{}"))
        index = WatchedIndex(journal, index_failures, index_delay_s)
        opened = open_recorder(folder / "audio", index, clock=time.time, key=key)
        async with opened as recorder:
            yield Recording(recorder, index, folder / "audio")
