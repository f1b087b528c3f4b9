"""What is on the disk of a recording that is judged, at every moment: a crash finds no more."""

from contextlib import closing
from pathlib import Path

import pytest

from service.ids import Track
from service.ports import Verdict
from service.recording.encrypted import EncryptedReader
from service.recording.wav import HEADER_BYTES
from service.recording.writer import QueueWriter
from tests.recording.builders import stream
from tests.recording.harness import open_recording

KEY = bytes(range(32))
TRACKS: tuple[Track, ...] = ("inbound", "outbound")
QUIET = 0xFF
SECOND = 50
"""Frames."""


def left_by_a_crash(path: Path, key: bytes | None) -> bytes:
    """Return the audio in a file as it is, whoever has the key."""
    if key is None:
        return path.read_bytes()[HEADER_BYTES:]
    with closing(EncryptedReader(path, key)) as reader:
        return b"".join(reader.read(HEADER_BYTES, reader.size_bytes))


def speak(writer: QueueWriter, sample: int, frames: int = SECOND) -> None:
    """Write so much of both tracks."""
    for _ in range(frames):
        for track in TRACKS:
            writer.write(track, bytes([sample]) * 160)


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
async def test_a_secret_is_never_on_the_disk(tmp_path: Path, key: bytes | None) -> None:
    """Neither before it is known, nor while it waits, nor when the file is whole."""
    async with open_recording(tmp_path, key=key) as made:
        writer = made.open(stream(), is_judged=True)
        speak(writer, 0x10)
        speak(writer, 0x20)  # a number that may be a secret, and is one
        speak(writer, 0x30)
        await made.recorder.flush()
        assert left_by_a_crash(made.path, key) == b""

        writer.judge(Verdict("inbound", 3000, open=((1000, 2000),)))
        writer.judge(Verdict("outbound", 3000, hidden=((1000, 2000),)))
        await made.recorder.flush()
        assert set(left_by_a_crash(made.path, key)) == {0x10}

        writer.judge(Verdict("inbound", 3000, earlier="hide"))
        await made.recorder.flush()
        speak(writer, 0x40)  # nobody says anything of this
        writer.close()
        told = await made.written()

        audio = left_by_a_crash(made.path, key)
        assert set(audio) == {0x10, 0x30, QUIET}
        assert audio.count(QUIET) == 2 * 2 * 8000
        assert (told.duration_ms, told.silenced_ms) == (4000, 4000)


async def test_the_end_of_the_service_keeps_what_is_known(tmp_path: Path) -> None:
    """The rest is silence: nobody is left to say anything of it."""
    async with open_recording(tmp_path) as made:
        writer = made.open(stream(), is_judged=True)
        speak(writer, 0x10, 2 * SECOND)
        for track in TRACKS:
            writer.judge(Verdict(track, 1000))
    audio = left_by_a_crash(made.path, None)

    assert set(audio[:16000]) == {0x10}
    assert set(audio[16000:]) == {QUIET}
    assert len(audio) == 32000


async def test_a_second_stream_waits_for_the_first_one(tmp_path: Path) -> None:
    """Both go into one file: one after the other, and what is said of the first comes late."""
    async with open_recording(tmp_path) as made:
        first = made.open(stream(), is_judged=True)
        second = made.open(stream(), offset_ms=1000, is_judged=True)
        speak(first, 0x10)
        speak(second, 0x20)
        for track in TRACKS:
            second.judge(Verdict(track, 1000))
        await made.recorder.flush()
        assert left_by_a_crash(made.path, None) == b""

        for track in TRACKS:
            first.judge(Verdict(track, 1000))
        first.close()
        assert (await made.written()).duration_ms == 1000
        second.close()
        assert (await made.written()).duration_ms == 2000
        audio = left_by_a_crash(made.path, None)

    assert (set(audio[:16000]), set(audio[16000:])) == ({0x10}, {0x20})


async def test_a_writer_that_is_closed_hears_no_verdict(tmp_path: Path) -> None:
    """It comes too late; and where nothing is held back it means nothing."""
    async with open_recording(tmp_path) as made:
        writer = made.open(stream())
        speak(writer, 0x10)
        writer.judge(Verdict("inbound", 1000, hidden=((0, 1000),)))
        writer.close()
        writer.judge(Verdict("inbound", 1000))
        assert (await made.written()).silenced_ms == 0

    assert set(left_by_a_crash(made.path, None)) == {0x10}
