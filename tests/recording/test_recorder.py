"""The recorder: files that play at once, go on after a crash, and never hold up a call."""

import wave
from pathlib import Path
from typing import cast

import av
import pytest
from structlog.testing import capture_logs

from service.calls.inputs import Input
from service.errors import JournalUnavailableError
from service.ids import CallId, Track
from service.journal.sqlite.journal import open_sqlite_journal
from service.recording.writer import MAX_QUEUED_FRAMES
from service.tasks import failures
from service.wire.audio import LINEAR16
from tests.recording.builders import CALL, FRAME, stream
from tests.recording.harness import open_recording


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
        (LINEAR16, 16000, b"\x10\x00" * 320),
    ],
)
async def test_a_recording_plays(tmp_path: Path, encoding: str, rate_hz: int, frame: bytes) -> None:
    """Whatever the fork carried, a player that nobody here wrote finds a second of it."""
    async with open_recording(tmp_path) as made:
        writer = made.open(stream(encoding, rate_hz))
        for _ in range(50):
            writer.write("inbound", frame)
            writer.write("outbound", frame)
        writer.close()
        told = await made.written()

        assert told.duration_ms == 1000
        assert told.size_bytes == made.path.stat().st_size
        assert duration_s(made.path) == 1.0
        assert made.path.stat().st_mode & 0o777 == 0o600
        kept = await made.indexed()
        assert kept is not None
        assert kept.file == made.path.name


async def test_a_recording_plays_while_people_talk(tmp_path: Path) -> None:
    """After every write the header is true."""
    async with open_recording(tmp_path) as made:
        writer = made.open(stream())
        for seconds in (1, 2, 3):
            for _ in range(50):
                writer.write("inbound", FRAME)
                writer.write("outbound", FRAME)
            await made.recorder.flush()
            assert duration_s(made.path) == seconds


async def test_a_second_stream_goes_on_in_the_same_file(tmp_path: Path) -> None:
    """At its place on the call clock, also after the process died with a torn last write."""
    async with open_recording(tmp_path) as made:
        writer = made.open(stream())
        writer.write("inbound", FRAME)
        writer.close()
        await made.written()
    with made.path.open("ab") as file:
        file.write(b"\x01")  # half a block
    async with open_recording(tmp_path) as made:
        writer = made.open(stream(), offset_ms=1000)
        writer.write("outbound", FRAME)
        writer.close()

        assert (await made.written()).duration_ms == 1020
        data = made.path.read_bytes()[58:]
        assert data[0:320:2] == FRAME
        assert data[-319::2] == FRAME
        assert set(data[320:-320]) == {0xFF}


async def test_audio_that_nobody_can_decode_is_not_recorded(tmp_path: Path) -> None:
    """It is logged, without a file."""
    async with open_recording(tmp_path) as made:
        refused = made.recorder.open(
            CALL,
            stream("OPUS", 16000),
            offset_ms=0,
            delete_at=None,
            is_judged=False,
            post=made.told.put_nowait,
        )

        assert refused is None
        assert not made.path.exists()


async def test_a_disk_that_is_slow_costs_audio_and_not_time(tmp_path: Path) -> None:
    """What is queued has a bound; what is beyond it is silence of the same length."""
    async with open_recording(tmp_path) as made:
        writer = made.open(stream())
        for _ in range(MAX_QUEUED_FRAMES + 50):
            writer.write("inbound", FRAME)
        writer.skip("inbound", 1000)
        with capture_logs() as logs:
            writer.close()
            told = await made.written()

        assert writer.dropped_frames == 50
        assert told.duration_ms == (MAX_QUEUED_FRAMES + 50) * 20 + 1000
        assert "recording_incomplete" in [line["event"] for line in logs]


async def test_a_full_disk_ends_the_recording_only(tmp_path: Path) -> None:
    """The folder cannot be made; nothing is raised to whoever brings the audio."""
    (tmp_path / "audio").write_text("in the way")
    async with open_recording(tmp_path) as made:
        writer = made.open(stream())
        writer.write("inbound", FRAME)
        with capture_logs() as logs:
            await made.recorder.flush()
        writer.write("inbound", FRAME)

        assert [line["event"] for line in logs] == ["recording_failed"]


async def test_a_forgotten_recording_is_gone(tmp_path: Path) -> None:
    """Also while it is being made: what comes after that goes nowhere."""
    async with open_recording(tmp_path) as made:
        writer = made.open(stream())
        writer.write("inbound", FRAME)
        await made.recorder.flush()
        assert made.path.exists()
        made.recorder.forget(CALL)
        writer.write("inbound", FRAME)
    assert not made.path.exists()
    assert made.told.empty()


async def test_the_end_of_the_service_finishes_what_is_open(tmp_path: Path) -> None:
    """Its header tells the whole length, as Python's own reader sees it."""
    async with open_recording(tmp_path) as made:
        writer = made.open(stream("L16", 8000))
        writer.write("inbound", b"\x00\x10" * 160)
    with wave.open(str(made.path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 160)


async def test_a_recording_is_forgotten_while_the_service_closes_as_well(tmp_path: Path) -> None:
    """The writer's thread is gone by then; the file goes all the same."""
    async with open_recording(tmp_path) as made:
        made.open(stream()).write("inbound", FRAME)
    assert made.path.exists()
    made.recorder.forget(CALL)

    assert not made.path.exists()


async def test_a_recording_is_indexed_although_the_journal_was_away_at_its_start(
    tmp_path: Path,
) -> None:
    """Otherwise nobody would find it, to play it or to erase it."""
    async with open_recording(tmp_path, [JournalUnavailableError("away")]) as made:
        await made.record(stream())
        assert await made.indexed() is not None


async def test_the_end_of_the_service_waits_for_the_index(tmp_path: Path) -> None:
    """What is finished at the last moment is found later."""
    away = [JournalUnavailableError("away")]
    async with open_recording(tmp_path, away, index_delay_s=0.1) as made:
        made.open(stream()).write("inbound", FRAME)
    async with open_sqlite_journal(tmp_path / "journal.db") as journal:
        assert await journal.recording(CALL) is not None


async def test_what_nobody_foresaw_ends_one_recording_only(tmp_path: Path) -> None:
    """It is logged once and counted; the recording behind it is written in the same round."""
    failed = failures["recording"]
    async with open_recording(tmp_path) as made:
        poisonous = made.open(stream(), call_id=CallId("another"))
        poisonous.write(cast(Track, "third"), FRAME)
        sound = made.open(stream())
        sound.write("inbound", FRAME)
        with capture_logs() as logs:
            sound.close()
            told = await made.written()

    assert [(line["event"], line["kind"]) for line in logs] == [("task_failed", "recording")]
    assert failures["recording"] == failed + 1
    assert poisonous.closed
    assert told.duration_ms == 20


async def test_a_call_that_fails_to_hear_of_its_recording_hurts_no_other(tmp_path: Path) -> None:
    """Its file is whole, and the recorder goes on."""

    def stumble(_: Input) -> None:
        raise RuntimeError("nobody foresaw this")

    async with open_recording(tmp_path) as made:
        writer = made.open(stream(), post=stumble)
        writer.write("inbound", FRAME)
        writer.close()
        with capture_logs() as logs:
            await made.recorder.flush()
        assert (await made.record(stream())).duration_ms == 40

    assert [(line["event"], line["kind"]) for line in logs] == [("task_failed", "recording")]


async def test_an_index_that_fails_unforeseen_is_asked_again(tmp_path: Path) -> None:
    """It is logged once and counted; the recording goes on and is found."""
    failed = failures["recording_index"]
    with capture_logs() as logs:
        async with open_recording(tmp_path, [RuntimeError("nobody foresaw this")]) as made:
            await made.record(stream())
            assert await made.indexed() is not None

    assert [(line["event"], line["kind"]) for line in logs] == [("task_failed", "recording_index")]
    assert failures["recording_index"] == failed + 1
