"""Recordings as who takes a copy of one reads them."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from service.ids import CallId
from service.ports import StoredRecording
from service.recording.encrypted import encrypt_file
from service.recording.reading import RecordingShelf
from service.recording.wav import Layout

CALL = CallId("c1")
KEY = bytes(range(32))


class Index:
    """Knows of one recording, or of none."""

    def __init__(self, file: str | None) -> None:
        self._file = file

    async def recording(self, call_id: CallId) -> StoredRecording | None:
        """See `RecordingIndex.recording`."""
        if self._file is None:
            return None
        return StoredRecording(call_id, self._file, 0.0, None)


def shelf(folder: Path, file: str | None = "c1.wav", key: bytes | None = KEY) -> RecordingShelf:
    """Return the recordings of a folder."""
    return RecordingShelf(Index(file), folder, key=key)  # type: ignore[arg-type] # of one method


def made(folder: Path) -> tuple[Path, bytes]:
    """Make a plain recording."""
    audio = os.urandom(200_000)
    body = Layout("PCMU", 8000).header(len(audio)) + audio
    path = folder / "c1.wav"
    path.write_bytes(body)
    return path, body


@pytest.mark.parametrize("prepare", [lambda _: None, lambda path: encrypt_file(path, KEY)])
async def test_a_copy_is_the_whole_wav(tmp_path: Path, prepare: Callable[[Path], object]) -> None:
    """Plain or encrypted, and twice the same."""
    path, body = made(tmp_path)
    prepare(path)
    copy = await shelf(tmp_path).open(CALL)

    assert copy is not None
    with closing(copy):
        assert copy.size_bytes == len(body)
        assert b"".join(copy.read()) == b"".join(copy.read()) == body


async def test_a_call_without_a_recording_has_no_copy(tmp_path: Path) -> None:
    """One whose file is gone cannot be read, nor one whose key is."""
    assert await shelf(tmp_path, None).open(CALL) is None
    with pytest.raises(FileNotFoundError):
        await shelf(tmp_path).open(CALL)
    path, _ = made(tmp_path)
    encrypt_file(path, KEY)
    with pytest.raises(OSError, match="no database_key"):
        await shelf(tmp_path, key=None).open(CALL)


async def test_what_becomes_shorter_is_not_taken_for_whole(tmp_path: Path) -> None:
    """It is read to where it ended when it was opened."""
    path, body = made(tmp_path)
    copy = await shelf(tmp_path).open(CALL)
    assert copy is not None
    with closing(copy):
        os.truncate(path, 1_000)
        with pytest.raises(OSError, match="shorter"):
            b"".join(copy.read())
    assert len(body) > 1_000
