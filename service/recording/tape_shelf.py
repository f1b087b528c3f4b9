"""Keeps Telnyx's recordings in the folder of ours: one call's after the other, in one thread."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from service.calls.commands import FetchTape
from service.ids import CallId
from service.ports import KeptTape, RecordingIndex
from service.recording.disk import remove_recording
from service.recording.recorder import file_name
from service.recording.silencing import silence
from service.recording.tape import TapeSize, TapeWriter, measure

_BATCH_BYTES: Final = 256 * 1024

_Result = TypeVar("_Result")


class FolderShelf:
    """A `TapeShelf`. Made by `open_shelf`."""

    def __init__(
        self,
        folder: Path,
        index: RecordingIndex,
        *,
        clock: Callable[[], float],
        key: bytes | None = None,
    ) -> None:
        self._folder = folder
        self._index = index
        self._clock = clock
        self._key = key
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tapes")

    async def keep(
        self, call_id: CallId, tape: FetchTape, pieces: AsyncIterator[bytes]
    ) -> KeptTape:
        """See `TapeShelf.keep`. The index knows of it first: an erasure finds what a crash left."""
        batches = _batches(pieces)
        batch = await anext(batches)  # where nothing comes, nothing is noted
        await self._index.keep_recording(
            call_id, file_name(call_id), started_at=self._clock(), delete_at=tape.delete_at
        )
        writer = await self._run(lambda: self._begin(call_id, tape))
        try:
            while batch:
                await self._run(partial(writer.feed, batch))
                batch = await anext(batches, b"")
            size = await self._run(writer.finish)
        except BaseException:
            self._thread.submit(writer.abandon)
            raise
        return KeptTape(*size)

    async def silence(self, call_id: CallId, tape: FetchTape) -> KeptTape:
        """See `TapeShelf.silence`."""
        recording = await self._index.recording(call_id)
        if recording is None:
            raise FileNotFoundError("the call has no recording")
        path = self._folder / recording.file
        return KeptTape(*await self._run(lambda: self._silenced(path, tape)))

    def forget(self, call_id: CallId) -> None:
        """See `TapeShelf.forget`."""
        self._thread.submit(remove_recording, self._folder / file_name(call_id))

    def close(self) -> None:
        """Wait for what the thread is at, and for nothing else."""
        self._thread.shutdown(cancel_futures=False)

    def _begin(self, call_id: CallId, tape: FetchTape) -> TapeWriter:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return TapeWriter(self._folder / file_name(call_id), tape, self._key)

    def _silenced(self, path: Path, tape: FetchTape) -> TapeSize:
        silence(path, tape.silent, key=self._key)
        return measure(path, self._key)

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


async def _batches(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what comes in pieces that are worth a step of the thread."""
    held = bytearray()
    async for piece in pieces:
        held += piece
        if len(held) >= _BATCH_BYTES:
            yield bytes(held)
            held.clear()
    yield bytes(held)


@asynccontextmanager
async def open_shelf(
    folder: Path,
    index: RecordingIndex,
    *,
    clock: Callable[[], float],
    key: bytes | None = None,
) -> AsyncIterator[FolderShelf]:
    """Keep tapes in this folder until the end of the block; with a `key` they are encrypted."""
    shelf = FolderShelf(folder, index, clock=clock, key=key)
    try:
        yield shelf
    finally:
        await asyncio.to_thread(shelf.close)
