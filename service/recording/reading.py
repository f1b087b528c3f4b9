"""Recordings as the WAVs that they are, for whoever takes a copy: plain or decrypted."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from service.ids import CallId
from service.ports import AudioCopy, RecordingIndex
from service.recording.encrypted import EncryptedReader, UnreadableError, is_encrypted

_PIECE_BYTES = 64 * 1024


class PlainCopy:
    """An `AudioCopy` of a file that any player opens: what there was of it when it was opened."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            OSError: It cannot be read.
        """
        self._file = path.open("rb", buffering=0)
        self.size_bytes = self._file.seek(0, 2)

    def read(self) -> Iterator[bytes]:
        """See `AudioCopy.read`."""
        self._file.seek(0)
        left = self.size_bytes
        while left > 0:
            piece = self._file.read(min(_PIECE_BYTES, left))
            if not piece:
                raise OSError("the recording became shorter")
            left -= len(piece)
            yield piece

    def close(self) -> None:
        """See `AudioCopy.close`."""
        self._file.close()


class DecryptedCopy:
    """An `AudioCopy` of an encrypted file."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open it.

        Raises:
            OSError: It cannot be read, with this key or at all.
        """
        self._reader = EncryptedReader(path, key)
        self.size_bytes = self._reader.size_bytes

    def read(self) -> Iterator[bytes]:
        """See `AudioCopy.read`."""
        yield from self._reader.read(0, self.size_bytes)

    def close(self) -> None:
        """See `AudioCopy.close`."""
        self._reader.close()


class RecordingShelf:
    """The `KeptAudio` of a folder, by what the index says."""

    def __init__(self, index: RecordingIndex, folder: Path, *, key: bytes | None = None) -> None:
        self._index = index
        self._folder = folder
        self._key = key

    async def open(self, call_id: CallId) -> AudioCopy | None:
        """See `KeptAudio.open`."""
        recording = await self._index.recording(call_id)
        if recording is None:
            return None
        return await asyncio.to_thread(self._open, self._folder / recording.file)

    def _open(self, path: Path) -> AudioCopy:
        if not is_encrypted(path):
            return PlainCopy(path)
        if self._key is None:
            raise UnreadableError("the recording is sealed, and there is no database_key")
        return DecryptedCopy(path, self._key)
