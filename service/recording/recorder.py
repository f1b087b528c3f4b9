"""The recorder: one folder, one thread, one file for each call."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from service.calls.inputs import Input, RecordingWritten
from service.errors import JournalUnavailableError
from service.ids import CallId
from service.ports import RecordingIndex, StreamStart, Verdict
from service.recording.disk import remove_recording
from service.recording.writer import Chunk, FileWriter, QueueWriter, Written
from service.tasks import Tasks, open_tasks
from service.wire.audio import is_fixed_rate

EVERY_S: Final = 1.0
"""How often queued audio goes to the disk: what a crash of the machine may cost."""
_CLOSE_S: Final = 5.0
_INDEX_S: Final = 5.0

log = structlog.get_logger()


def file_name(call_id: CallId) -> str:
    """Return the name of a call's recording: call ids are a stranger's, and not for file names."""
    return hashlib.sha256(call_id.encode()).hexdigest()[:40] + ".wav"


@dataclass(eq=False, slots=True)
class _Recording:
    """One stream's recording: the queue of its audio, its file, and who is notified of the end."""

    call_id: CallId
    stream: StreamStart
    offset_ms: int
    queue: QueueWriter
    delete_at: float | None
    is_judged: bool
    post: Callable[[Input], None]
    file: FileWriter | None = None
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    """What one recording has for the thread. `closed`: it will have no more."""

    recording: _Recording
    chunks: Sequence[Chunk | Verdict]
    closed: bool


class FolderRecorder:
    """A `Recorder`. Made by `open_recorder`.

    Each recording is written as work of its own: what nobody foresaw ends that recording, and
    no other.
    """

    def __init__(
        self,
        folder: Path,
        index: RecordingIndex,
        *,
        tasks: Tasks,
        clock: Callable[[], float],
        key: bytes | None = None,
    ) -> None:
        self._folder = folder
        self._key = key
        self._index = index
        self._tasks = tasks
        self._clock = clock
        self._recordings: list[_Recording] = []
        self._indexing: set[asyncio.Task[None]] = set()
        self._hurried = asyncio.Event()
        self._flushing = asyncio.Lock()
        self._closing = self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")

    def open(
        self,
        call_id: CallId,
        stream: StreamStart,
        *,
        offset_ms: int,
        delete_at: float | None,
        is_judged: bool,
        post: Callable[[Input], None],
    ) -> QueueWriter | None:
        """See `Recorder.open`."""
        if not is_fixed_rate(stream.encoding, stream.sample_rate_hz):
            log.warning("recording_refused", call_id=call_id, encoding=stream.encoding)
            return None
        queue = QueueWriter(stream, self._hurried.set)
        recording = _Recording(call_id, stream, offset_ms, queue, delete_at, is_judged, post)
        self._recordings.append(recording)
        self._index_soon(recording)
        return queue

    def forget(self, call_id: CallId) -> None:
        """See `Recorder.forget`."""
        gone = [one for one in self._recordings if one.call_id == call_id]
        self._recordings = [one for one in self._recordings if one.call_id != call_id]
        for recording in gone:
            recording.queue.closed = recording.forgotten = True
        if self._closed:
            self._remove(call_id, gone)  # the thread is gone, and what it had open with it
        else:
            self._thread.submit(self._remove, call_id, gone)

    async def run(self) -> None:
        """Write what is queued, again and again; once closing, until no recording is open."""
        while self._recordings or not self._closing:
            if not self._closing:
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY_S):
                        await self._hurried.wait()
            self._hurried.clear()
            await self.flush()

    async def flush(self) -> None:
        """Write what is queued now."""
        async with self._flushing:
            for recording in list(self._recordings):
                if not self._is_first(recording):
                    continue  # it goes on with the file once the one before is done with it
                closed = self._closing or recording.queue.closed
                job = _Job(recording, recording.queue.take(), closed)
                if job.chunks or job.closed:
                    # its failure is logged and counted there, and does not keep up the others
                    await asyncio.wait([self._start(job)])

    def _is_first(self, recording: _Recording) -> bool:
        calls = (one for one in self._recordings if one.call_id == recording.call_id)
        return next(calls, None) is recording

    async def close(self, running: asyncio.Task[None]) -> None:
        """Finish every file that is open, but not for ever; `running` is the task of `run`."""
        self._closing = True
        for recording in self._recordings:
            recording.queue.closed = True
        self._hurried.set()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await running
                # what was handed to the thread before has been done when this comes back
                await asyncio.get_running_loop().run_in_executor(self._thread, _nothing)
        except TimeoutError:
            log.warning("recordings_not_finished", recordings=len(self._recordings))
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._indexing:
            await asyncio.wait(self._indexing)

    def _start(self, job: _Job) -> asyncio.Task[None]:
        return self._tasks.start(self._write(job), "recording", of=job.recording.call_id)

    async def _write(self, job: _Job) -> None:
        loop = asyncio.get_running_loop()
        try:
            done = await loop.run_in_executor(self._thread, self._work, job)
        except Exception:
            self._end(job.recording)
            raise
        if job.closed or done is not None:
            self._end(job.recording)
            self._report(job.recording, done)

    def _end(self, recording: _Recording) -> None:
        recording.queue.closed = True
        if recording in self._recordings:
            self._recordings.remove(recording)

    def _report(self, recording: _Recording, done: Written | OSError | None) -> None:
        call_id, dropped_frames = recording.call_id, recording.queue.dropped_frames
        if isinstance(done, OSError):
            log.error("recording_failed", call_id=call_id, error=done.strerror or str(done))
        if dropped_frames:
            log.warning("recording_incomplete", call_id=call_id, frames=dropped_frames)
        if isinstance(done, Written):
            written = RecordingWritten(
                leg_id=recording.stream.leg_id,
                stream_id=recording.stream.stream_id,
                at=self._clock(),
                duration_ms=done.duration_ms,
                size_bytes=done.size_bytes,
                silenced_ms=done.silenced_ms,
            )
            self._index_soon(recording)  # the journal may have been away when it was opened
            recording.post(written)

    def _index_soon(self, recording: _Recording) -> None:
        work = self._add_to_index(recording.call_id, recording.delete_at)
        task = self._tasks.start(work, "recording_index", of=recording.call_id)
        self._indexing.add(task)
        task.add_done_callback(self._indexing.discard)

    def _work(self, job: _Job) -> Written | OSError | None:
        """Run in the thread. An `OSError` is a result: the call goes on without a recording."""
        recording = job.recording
        if recording.forgotten:
            return None
        try:
            if recording.file is None:
                recording.file = self._open_file(recording)
            recording.file.write(job.chunks)
            return recording.file.finish() if job.closed else None
        except Exception as error:
            if recording.file is not None:
                recording.file.abandon()
            if isinstance(error, OSError):
                return error
            raise

    def _open_file(self, recording: _Recording) -> FileWriter:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / file_name(recording.call_id)
        return FileWriter(
            path,
            recording.stream,
            recording.offset_ms,
            key=self._key,
            is_judged=recording.is_judged,
        )

    def _remove(self, call_id: CallId, recordings: Sequence[_Recording]) -> None:
        for recording in recordings:
            if recording.file is not None:
                recording.file.abandon()
        remove_recording(self._folder / file_name(call_id))

    async def _add_to_index(self, call_id: CallId, delete_at: float | None) -> None:
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
    async with open_tasks() as tasks:
        recorder = FolderRecorder(folder, index, tasks=tasks, clock=clock, key=key)
        running = tasks.keep(recorder.run, "recorder")
        try:
            yield recorder
        finally:
            await recorder.close(running)
