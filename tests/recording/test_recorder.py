"""The recorder: files that play at once, go on after a crash, and never hold up a call."""

import asyncio
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest
from structlog.testing import capture_logs

from service.calls.inputs import Input, RecordingWritten
from service.ids import CallId, LegId, StreamId
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, Journal, StreamStart
from service.recording.recorder import FolderRecorder, file_name, open_recorder
from service.recording.writer import MOST_QUEUED, FileTape

CALL = CallId("../../etc/passwd\0")
FRAME = b"\x10" * 160


def stream(encoding: str = "PCMU", rate_hz: int = 8000) -> StreamStart:
    """Return what a stream's `start` said."""
    return StreamStart(
        leg_id=LegId("leg"),
        stream_id=StreamId("stream"),
        encoding=encoding,
        sample_rate_hz=rate_hz,
    )


class Recording:
    """A recorder on a journal that knows the call."""

    def __init__(self, recorder: FolderRecorder, journal: Journal, folder: Path) -> None:
        self.recorder = recorder
        self.journal = journal
        self.path = folder / file_name(CALL)
        self.told: asyncio.Queue[Input] = asyncio.Queue()

    def open(self, start: StreamStart, offset_ms: int = 0) -> FileTape:
        """Open a tape."""
        tape = self.recorder.open(
            CALL, start, offset_ms=offset_ms, delete_at=None, tell=self.told.put_nowait
        )
        assert tape is not None
        return tape

    async def written(self) -> RecordingWritten:
        """Return what the call is told when a tape was closed."""
        async with asyncio.timeout(5):
            item = await self.told.get()
        assert isinstance(item, RecordingWritten)
        return item


@asynccontextmanager
async def recording(folder: Path) -> AsyncIterator[Recording]:
    """Open a recorder."""
    async with open_sqlite_journal(folder / "journal.db") as journal:
        if await journal.load(CALL) is None:
            await journal.commit(Entry(call_id=CALL, version=0, epoch=0, state=b"{}"))
        async with open_recorder(folder / "audio", journal, clock=time.time) as recorder:
            yield Recording(recorder, journal, folder / "audio")


def duration_s(path: Path) -> float:
    """Return how long FFmpeg plays the file, both channels of it."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        assert frames[0].layout.nb_channels == 2
        return float(sum(frame.samples for frame in frames)) / frames[0].sample_rate


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "frame"),
    [
        ("PCMU", 8000, b"\x10" * 160),
        ("PCMA", 8000, b"\x10" * 160),
        ("L16", 16000, b"\x10\x00" * 320),
        ("G722", 8000, b"\x10" * 160),
    ],
)
async def test_a_recording_plays(tmp_path: Path, encoding: str, rate_hz: int, frame: bytes) -> None:
    """Whatever the fork carried, a player that nobody here wrote finds a second of it."""
    async with recording(tmp_path) as made:
        tape = made.open(stream(encoding, rate_hz))
        for _ in range(50):
            tape.write("inbound", frame)
            tape.write("outbound", frame)
        tape.close()
        told = await made.written()

        assert told.duration_ms == 1000
        assert told.size_bytes == made.path.stat().st_size
        assert duration_s(made.path) == 1.0
        assert made.path.stat().st_mode & 0o777 == 0o600
        kept = await made.journal.recording(CALL)
        assert kept is not None
        assert kept.file == made.path.name


async def test_a_recording_plays_while_people_talk(tmp_path: Path) -> None:
    """After every write the header is true."""
    async with recording(tmp_path) as made:
        tape = made.open(stream())
        for seconds in (1, 2, 3):
            for _ in range(50):
                tape.write("inbound", FRAME)
                tape.write("outbound", FRAME)
            await made.recorder.flush()
            assert duration_s(made.path) == seconds


async def test_a_second_stream_goes_on_in_the_same_file(tmp_path: Path) -> None:
    """At its place on the call clock, also after the process died with a torn last write."""
    async with recording(tmp_path) as made:
        tape = made.open(stream())
        tape.write("inbound", FRAME)
        tape.close()
        await made.written()
    with made.path.open("ab") as file:
        file.write(b"\x01")  # half a block
    async with recording(tmp_path) as made:
        tape = made.open(stream(), offset_ms=1000)
        tape.write("outbound", FRAME)
        tape.close()

        assert (await made.written()).duration_ms == 1020
        data = made.path.read_bytes()[58:]
        assert data[0:320:2] == FRAME
        assert data[-319::2] == FRAME
        assert set(data[320:-320]) == {0xFF}


async def test_a_stream_of_another_kind_is_not_mixed_in(tmp_path: Path) -> None:
    """The recording stays what it was, the log says so, and the call goes on."""
    async with recording(tmp_path) as made:
        tape = made.open(stream())
        tape.write("inbound", FRAME)
        tape.close()
        await made.written()
        before = made.path.read_bytes()
        with capture_logs() as logs:
            other = made.open(stream("L16", 16000))
            other.write("inbound", FRAME)
            await made.recorder.flush()
            other.write("inbound", FRAME)
            await made.recorder.flush()

        assert made.path.read_bytes() == before
        assert [line["event"] for line in logs] == ["recording_failed"]
        assert made.recorder.taping == 0


async def test_audio_that_nobody_can_decode_is_not_recorded(tmp_path: Path) -> None:
    """It is logged, without a file."""
    async with recording(tmp_path) as made:
        refused = made.recorder.open(
            CALL, stream("OPUS", 16000), offset_ms=0, delete_at=None, tell=made.told.put_nowait
        )

        assert refused is None
        assert not made.path.exists()


async def test_a_disk_that_is_slow_costs_audio_and_not_time(tmp_path: Path) -> None:
    """What is queued has a bound; what is beyond it is silence of the same length."""
    async with recording(tmp_path) as made:
        tape = made.open(stream())
        for _ in range(MOST_QUEUED + 50):
            tape.write("inbound", FRAME)
        tape.skip("inbound", 1000)
        with capture_logs() as logs:
            tape.close()
            told = await made.written()

        assert tape.dropped_frames == 50
        assert told.duration_ms == (MOST_QUEUED + 50) * 20 + 1000
        assert "recording_incomplete" in [line["event"] for line in logs]


async def test_a_full_disk_ends_the_recording_only(tmp_path: Path) -> None:
    """The folder cannot be made; nothing is raised to whoever brings the audio."""
    (tmp_path / "audio").write_text("in the way")
    async with recording(tmp_path) as made:
        tape = made.open(stream())
        tape.write("inbound", FRAME)
        with capture_logs() as logs:
            await made.recorder.flush()
        tape.write("inbound", FRAME)

        assert [line["event"] for line in logs] == ["recording_failed"]


async def test_a_forgotten_recording_is_gone(tmp_path: Path) -> None:
    """Also while it is being made: what comes after that goes nowhere."""
    async with recording(tmp_path) as made:
        tape = made.open(stream())
        tape.write("inbound", FRAME)
        await made.recorder.flush()
        assert made.path.exists()
        made.recorder.forget(CALL)
        tape.write("inbound", FRAME)
    assert not made.path.exists()
    assert made.told.empty()


async def test_the_end_of_the_service_finishes_what_is_open(tmp_path: Path) -> None:
    """Its header tells the whole length, as Python's own reader sees it."""
    async with recording(tmp_path) as made:
        tape = made.open(stream("L16", 8000))
        tape.write("inbound", b"\x00\x10" * 160)
    with wave.open(str(made.path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 160)


async def test_a_recording_is_forgotten_while_the_service_closes_as_well(tmp_path: Path) -> None:
    """The writer's thread is gone by then; the file goes all the same."""
    async with recording(tmp_path) as made:
        made.open(stream()).write("inbound", FRAME)
    assert made.path.exists()
    made.recorder.forget(CALL)

    assert not made.path.exists()


async def test_a_recording_is_indexed_although_the_journal_was_away_at_its_start(
    tmp_path: Path,
) -> None:
    """Otherwise nobody would find it, to play it or to erase it."""
    async with recording(tmp_path) as made:
        await made.journal.forget_recording(CALL)
        tape = made.open(stream())
        tape.write("inbound", FRAME)
        await made.recorder.flush()
        await made.journal.forget_recording(CALL)  # as if it had never been written
        tape.close()
        await made.written()
    async with open_sqlite_journal(tmp_path / "journal.db") as journal:
        assert await journal.recording(CALL) is not None
