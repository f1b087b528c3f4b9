"""The file of a recording: a plain WAV, whose header is kept true, or an encrypted one."""

import os
from pathlib import Path
from typing import Protocol

from service.recording.disk import open_own, write_all
from service.recording.encrypted import EncryptedFile
from service.recording.wav import HEADER_BYTES, Layout


class AudioFile(Protocol):
    """A call's recording while it is written, by one thread. Raises `OSError` as the disk does."""

    @property
    def layout(self) -> Layout:
        """How samples lie in it: as it was begun."""

    @property
    def data_bytes(self) -> int:
        """How much audio was given to it, from the start of the call."""

    def append(self, data: bytes) -> None:
        """Write whole blocks after what is there."""

    def flush(self) -> None:
        """Write what must be there for whoever opens the file now to find what was appended."""

    def sync(self) -> None:
        """See all of it safely on the disk."""

    def close(self) -> None:
        """Close it as it is."""


class PlainFile:
    """An `AudioFile` that any player opens."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Make the file in this layout, or go on with what is there, its end made even.

        Raises:
            OSError: It cannot be opened, or is no recording.
        """
        self.layout = layout
        self._file = open_own(path)
        try:
            self.data_bytes = self._held()
        except BaseException:
            self.close()
            raise

    def append(self, data: bytes) -> None:
        """See `AudioFile.append`."""
        write_all(self._file.fileno(), data)
        self.data_bytes += len(data)

    def flush(self) -> None:
        """See `AudioFile.flush`."""
        self._file.seek(0)
        write_all(self._file.fileno(), self.layout.header(self.data_bytes))
        self._file.seek(0, os.SEEK_END)

    def sync(self) -> None:
        """See `AudioFile.sync`."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """See `AudioFile.close`."""
        self._file.close()

    def _held(self) -> int:
        size = os.fstat(self._file.fileno()).st_size
        if size < HEADER_BYTES:  # new, or the process died in its first write
            self._file.truncate(0)
            write_all(self._file.fileno(), self.layout.header(0))
            return 0
        self.layout = Layout.parse(self._file.read(HEADER_BYTES))
        blocks = (size - HEADER_BYTES) // self.layout.block_bytes
        held = blocks * self.layout.block_bytes
        self._file.truncate(HEADER_BYTES + held)
        self._file.seek(0, os.SEEK_END)
        return held


def open_audio(path: Path, layout: Layout, key: bytes | None) -> AudioFile:
    """Make a recording in this layout, or go on with one in its own; with a key it is encrypted.

    Raises:
        OSError: It cannot be opened, is no recording, or is encrypted under another key.
    """
    return PlainFile(path, layout) if key is None else EncryptedFile(path, layout, key)
