"""Where log lines go: into a bounded queue, and from there by a thread that alone may wait.

Whoever logs never waits and never fails, whatever becomes of the stream: a reader that stalls, a
full disk, a pipe that was closed. What could not be written is counted in `lost`, and told in the
log itself once lines are taken again. A `kept` line is never lost while the process lives: it is
written as soon as that is possible, and whoever handed it in can wait for that.
"""

import errno
import io
import os
import select
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Final, TextIO

import structlog

MAX_WAITING_BYTES: Final = 4 * 1024 * 1024
"""Lines that wait for the stream, the kept ones apart; what is more is lost."""
RETRY_S: Final = 1.0
"""How long kept lines rest before they are tried again on a stream that failed."""
CLOSE_S: Final = 2.0
"""How long the end of the process waits for the stream to take what is left."""
_BATCH_BYTES: Final = 64 * 1024

lost: Counter[str] = Counter()
"""Log lines of this process that nobody can read, by why."""

Write = Callable[[bytes], int]
"""Writes some of it and returns how much that was.

Raises:
    OSError, ValueError: The stream does not take it.
"""


class Line:
    """One line on its way. `written` is there for a kept one, and done once it is written."""

    __slots__ = ("data", "written")

    def __init__(self, data: bytes, written: "Future[None] | None") -> None:
        self.data = data
        self.written = written

    @property
    def is_wanted(self) -> bool:
        """Whether it is still to be written: whoever waited for it may have left."""
        written = self.written
        return written is None or written.running() or written.set_running_or_notify_cancel()


class LogOutput:
    """A queue of lines and the thread that writes them. Any thread may use it."""

    def __init__(
        self,
        stream: TextIO,
        *,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
        retry_s: float = RETRY_S,
    ) -> None:
        self._write_some = _writer(stream)
        self._max_waiting_bytes = max_waiting_bytes
        self._retry_s = retry_s
        self._changed = threading.Condition()
        self._waiting: deque[Line] = deque()
        self._waiting_bytes = 0
        self._untold = 0
        """Lines that were lost and that no line of the log tells of yet."""
        self._is_torn = False
        """Whether the stream ends in the middle of a line."""
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="log-output", daemon=True)
        self._thread.start()

    def put(self, text: str, *, kept: bool = False) -> Line | None:
        """Queue a line (without its end) and return at once; None if it is lost."""
        data = text.encode(errors="backslashreplace") + b"\n"
        line = Line(data, Future() if kept else None)
        with self._changed:
            if not self._has_room_for(line):
                self._lose("full")
                return None
            self._waiting.append(line)
            self._waiting_bytes += 0 if kept else len(data)
            self._changed.notify()
        return line

    def write(self, text: str) -> int:
        """Queue what a handler of the standard library writes: a line with its end."""
        self.put(text.removesuffix("\n"))
        return len(text)

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Write what waits, but not for ever. Lines that come later are lost."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _has_room_for(self, line: Line) -> bool:
        fits = self._waiting_bytes + len(line.data) <= self._max_waiting_bytes
        return not self._closing and (fits or line.written is not None)

    def _lose(self, why: str, lines: int = 1) -> None:
        lost[why] += lines
        self._untold += lines

    def _run(self) -> None:
        while batch := self._next_batch():
            left = self._write_out(batch)
            if left is None:
                self._tell_of_lost()
            elif not self._rest(left):
                return

    def _next_batch(self) -> list[Line]:
        """Wait for lines; none once the output is closing and all is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            batch, size = list[Line](), 0
            while self._waiting and size < _BATCH_BYTES:
                line = self._waiting.popleft()
                size += len(line.data)
                self._waiting_bytes -= 0 if line.written else len(line.data)
                batch.append(line)
        return batch

    def _write_out(self, batch: Sequence[Line]) -> list[Line] | None:
        """Write lines; where the stream failed, return those that are to be tried again."""
        lines = [line for line in batch if line.is_wanted]
        start = b"\n" if self._is_torn else b""
        done = -len(start)
        data = memoryview(start + b"".join(line.data for line in lines))
        try:
            while data:
                size = self._write_some(data.tobytes())
                done, data = done + size, data[size:]
        except (OSError, ValueError):
            return self._unwritten(lines, done)
        self._is_torn = False
        for line in lines:
            if line.written:
                line.written.set_result(None)
        return None

    def _unwritten(self, lines: Sequence[Line], done: int) -> list[Line]:
        """Count and return what the stream did not take whole: it took `done` bytes."""
        left: list[Line] = []
        if done >= 0:
            self._is_torn = False
        for line in lines:
            size = len(line.data)
            if done >= size:
                if line.written:
                    line.written.set_result(None)
            else:
                self._is_torn = self._is_torn or done > 0
                left.append(line)
            done -= size
        with self._changed:
            self._lose("unwritable", sum(line.written is None for line in left))
        return [line for line in left if line.written]

    def _rest(self, left: Sequence[Line]) -> bool:
        """Put lines back, and wait before they are tried again; False if the output closes."""
        with self._changed:
            if self._closing:
                return False
            self._waiting.extendleft(reversed(left))
            if left:
                self._changed.wait_for(lambda: self._closing, self._retry_s)
        return True

    def _tell_of_lost(self) -> None:
        with self._changed:
            lines, self._untold = self._untold, 0
        if lines:
            structlog.get_logger().warning("log_lines_lost", lines=lines)


class OutputLogger:
    """The innermost logger of structlog: hands rendered lines to an output."""

    def __init__(self, output: LogOutput) -> None:
        self.msg = output.put

    log = debug = info = warning = error = critical = exception = property(lambda self: self.msg)


def _writer(stream: TextIO) -> Write:
    """Return how to write to a stream: past its buffer and its lock where it has a descriptor.

    The lock would be held while a write waits, and Python needs it to end the process.
    """
    with suppress(OSError, ValueError):
        stream.flush()
    try:
        number = os.dup(stream.fileno())  # ours, however the stream ends
    except (io.UnsupportedOperation, OSError, ValueError):
        return lambda data: _write_text(stream, data)
    return lambda data: _write_bytes(number, data)


def _write_text(stream: TextIO, data: bytes) -> int:
    stream.write(data.decode())
    stream.flush()
    return len(data)


def _write_bytes(number: int, data: bytes) -> int:
    try:
        return os.write(number, data)
    except OSError as error:
        if error.errno != errno.EAGAIN:
            raise
    select.select([], [number], [], RETRY_S)  # somebody made it one that never waits
    return 0
