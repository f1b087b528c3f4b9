"""The recorder: one folder, one thread, one file for each call."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from service.calls.inputs import Input, RecordingWritten
from service.errors import JournalUnavailableError
from service.ids import CallId
from service.ports import RecordingIndex, StreamStart
from service.recording.writer import Chunk, FileTape, TapeFile, Written
from service.wire.audio import decodable

EVERY_S: Final = 1.0
"""How often what was heard goes to the disk: what a crash of the machine may cost."""
_CLOSE_S: Final = 5.0
_INDEX_S: Final = 5.0

log = structlog.get_logger()


def file_name(call_id: CallId) -> str:
    """Return the name of a call's recording: call ids are a stranger's, and not for file names."""
    return hashlib.sha256(call_id.encode()).hexdigest()[:40] + ".wav"


@dataclass(eq=False, slots=True)
class _Reel:
    """A tape with its file and whoever is to be told."""

    call_id: CallId
    stream: StreamStart
    offset_ms: int
    tape: FileTape
    delete_at: float | None
    tell: Callable[[Input], None]
    file: TapeFile | None = None
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    """What one tape has for the thread. `closed`: it will have no more."""

    reel: _Reel
    chunks: Sequence[Chunk]
    closed: bool


class FolderRecorder:
    """A `Recorder`. Made by `open_recorder`."""

    def __init__(
        self,
        folder: Path,
        index: RecordingIndex,
        *,
        tasks: asyncio.TaskGroup,
        clock: Callable[[], float],
        key: bytes | None = None,
    ) -> None:
        self._folder = folder
        self._key = key
        self._index = index
        self._tasks = tasks
        self._clock = clock
        self._reels: list[_Reel] = []
        self._kicked = asyncio.Event()
        self._closing = self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")

    @property
    def taping(self) -> int:
        """How many streams are being recorded."""
        return len(self._reels)

    def open(
        self,
        call_id: CallId,
        stream: StreamStart,
        *,
        offset_ms: int,
        delete_at: float | None,
        tell: Callable[[Input], None],
    ) -> FileTape | None:
        """See `Recorder.open`."""
        if not decodable(stream.encoding, stream.sample_rate_hz):
            log.warning("recording_refused", call_id=call_id, encoding=stream.encoding)
            return None
        tape = FileTape(stream, self._kicked.set)
        reel = _Reel(call_id, stream, offset_ms, tape, delete_at, tell)
        self._reels.append(reel)
        self._index_soon(reel)
        return tape

    def forget(self, call_id: CallId) -> None:
        """See `Recorder.forget`."""
        gone = [reel for reel in self._reels if reel.call_id == call_id]
        self._reels = [reel for reel in self._reels if reel.call_id != call_id]
        for reel in gone:
            reel.tape.closed = reel.forgotten = True
        if self._closed:
            self._remove(call_id, gone)  # the thread is gone, and what it had open with it
        else:
            self._thread.submit(self._remove, call_id, gone)

    async def run(self) -> None:
        """Bring what is queued to the disk, again and again, until `close`."""
        while not self._closing:
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._kicked.wait()
            except TimeoutError:
                pass
            self._kicked.clear()
            await self.flush()

    async def flush(self) -> None:
        """Bring what is queued to the disk now."""
        loop = asyncio.get_running_loop()
        jobs = [_Job(reel, reel.tape.empty(), reel.tape.closed) for reel in self._reels]
        for job in jobs:
            if job.chunks or job.closed:
                self._take_note(job, await loop.run_in_executor(self._thread, self._work, job))

    async def close(self, running: asyncio.Task[None]) -> None:
        """Finish every file that is open, but not for ever; `running` is the task of `run`."""
        self._closing = True
        for reel in self._reels:
            reel.tape.closed = True
        self._kicked.set()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await running
                await self.flush()
                # what was handed to the thread before has been done when this comes back
                await asyncio.get_running_loop().run_in_executor(self._thread, _nothing)
        except TimeoutError:
            log.warning("recordings_not_finished", recordings=len(self._reels))
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _take_note(self, job: _Job, done: Written | OSError | None) -> None:
        if not job.closed and done is None:
            return
        reel = job.reel
        if reel in self._reels:
            self._reels.remove(reel)
        reel.tape.closed = True
        if isinstance(done, OSError):
            log.error("recording_failed", call_id=reel.call_id, error=done.strerror or str(done))
        if reel.tape.dropped_frames:
            frames = reel.tape.dropped_frames
            log.warning("recording_incomplete", call_id=reel.call_id, frames=frames)
        if isinstance(done, Written):
            written = RecordingWritten(
                leg_id=reel.stream.leg_id,
                stream_id=reel.stream.stream_id,
                at=self._clock(),
                duration_ms=done.duration_ms,
                size_bytes=done.size_bytes,
            )
            self._index_soon(reel)  # the journal may have been away when the tape was opened
            reel.tell(written)

    def _index_soon(self, reel: _Reel) -> None:
        name = f"index recording {reel.call_id}"
        self._tasks.create_task(self._keep(reel.call_id, reel.delete_at), name=name)

    def _work(self, job: _Job) -> Written | OSError | None:
        """Runs in the thread. What goes wrong is a result: the call goes on without a recording."""
        reel = job.reel
        if reel.forgotten:
            return None
        try:
            if reel.file is None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path = self._folder / file_name(reel.call_id)
                reel.file = TapeFile(path, reel.stream, reel.offset_ms, key=self._key)
            reel.file.write(job.chunks)
            return reel.file.finish() if job.closed else None
        except OSError as error:
            if reel.file is not None:
                reel.file.abandon()
            return error

    def _remove(self, call_id: CallId, reels: Sequence[_Reel]) -> None:
        for reel in reels:
            if reel.file is not None:
                reel.file.abandon()
        (self._folder / file_name(call_id)).unlink(missing_ok=True)

    async def _keep(self, call_id: CallId, delete_at: float | None) -> None:
        try:
            async with asyncio.timeout(_INDEX_S):
                await self._index.keep_recording(
                    call_id, file_name(call_id), started_at=self._clock(), delete_at=delete_at
                )
        except (JournalUnavailableError, TimeoutError):
            log.warning("recording_not_indexed", call_id=call_id)


def _nothing() -> None:
    """Let the thread come round."""


@asynccontextmanager
async def open_recorder(
    folder: Path,
    index: RecordingIndex,
    *,
    clock: Callable[[], float],
    key: bytes | None = None,
) -> AsyncIterator[FolderRecorder]:
    """Record into this folder (made with the first call, mode 0700) until the end of the block.

    With a `key`, of 32 bytes, the files are encrypted; see `service.recording.encrypted`.
    """
    async with asyncio.TaskGroup() as tasks:
        recorder = FolderRecorder(folder, index, tasks=tasks, clock=clock, key=key)
        writing = tasks.create_task(recorder.run(), name="write recordings")
        try:
            yield recorder
        finally:
            await recorder.close(writing)
