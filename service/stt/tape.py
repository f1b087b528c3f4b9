"""The audio of one track as it comes: cut into pieces, looked at for speech, kept for a while."""

from collections.abc import Iterator

from service.ports import RecognitionPlan
from service.stt.formats import CHUNK_MS, Intake
from service.stt.ring import Chunk, Ring
from service.stt.speech import Speech


class Tape:
    """The audio of one track, in milliseconds of the stream: pieces of `CHUNK_MS`. Pure."""

    def __init__(self, plan: RecognitionPlan, *, keep_ms: int) -> None:
        """Begin a track of which up to `keep_ms` are kept.

        Raises:
            ValueError: Nobody here can decode the plan's encoding.
        """
        intake = Intake(plan.encoding, plan.sample_rate_hz)
        self._intake = intake
        self._chunk_bytes = intake.chunk_bytes
        self._buffer = bytearray()
        self.kept = intake.kept
        """The format in which it is kept."""
        self.ring = Ring(keep_ms=keep_ms)
        self.speech = Speech(intake.rate_hz)
        self.pushed_ms = 0
        """The time of the last whole piece."""
        self.ended = False
        """No more audio will come."""

    def push(self, payload: bytes) -> bool:
        """Take the next audio; say whether there is a new piece.

        Called for every frame of every call: a few instructions, but for every `CHUNK_MS`.
        """
        if self.ended:
            return False
        buffer = self._buffer
        buffer += payload
        return len(buffer) >= self._chunk_bytes and self._cut()

    def skip(self, duration_ms: int, *, fill_ms: int) -> None:
        """Move the clock on over audio that never came; some silence is kept in its place."""
        self._flush()
        start_ms = self.pushed_ms
        self.pushed_ms += duration_ms
        self.ring.append(Chunk(start_ms, start_ms + fill_ms, self.kept.silence(fill_ms)))

    def end(self) -> None:
        """Take no more audio; what is left over from whole pieces is the last one."""
        if not self.ended:
            self._flush()
            self.speech.end()
            self.ended = True

    def kept_from_ms(self) -> int:
        """Return where what is kept begins."""
        first = self.ring.at(self.ring.first)
        return self.pushed_ms if first is None else first.start_ms

    def overflow(self) -> Iterator[Chunk]:
        """Drop what there is no room for, and yield it piece by piece, oldest first."""
        while (gone := self.ring.drop_surplus()) is not None:
            yield gone

    def _cut(self) -> bool:
        buffer, size = self._buffer, self._chunk_bytes
        while len(buffer) >= size:
            data = bytes(buffer[:size])
            del buffer[:size]
            self._append(data, CHUNK_MS)
        return True

    def _flush(self) -> None:
        """Make a short piece of what is left over from whole ones."""
        data = bytes(self._buffer)
        self._buffer.clear()
        duration_ms = len(data) * CHUNK_MS // self._chunk_bytes
        if duration_ms:
            self._append(data, duration_ms)

    def _append(self, data: bytes, duration_ms: int) -> None:
        start_ms = self.pushed_ms
        self.pushed_ms = end_ms = start_ms + duration_ms
        kept, linear = self._intake.take(data)
        self.speech.push(linear, start_ms)
        self.ring.append(Chunk(start_ms, end_ms, kept))
