"""An archive in a folder, its disk, and what a power cut leaves of both."""

import asyncio
import json
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.delivery.archive_disk import is_torn
from service.delivery.object_store import MAX_THREADS, Objects, StoreError, try_objects
from service.errors import DeliveryError, HostUnavailableError
from tests.delivery.archives import (
    CALL,
    FOLDER,
    MadeAudio,
    MadeCalls,
    archive,
    held,
    report,
    target_in,
    tombstone,
)
from tests.loop_disk import loop_disk
from tests.waiting import until

WAVE = b"RIFF" + bytes(range(1, 256)) * 800
BODY = bytes(range(1, 252)) * 20


def tear(root: Path, name: str, left: str) -> None:
    """Leave so much of a file. Zeros of the same length come with a manifest that is empty."""
    path = root / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if left == "cut off" else b"")
    if left == "nothing":
        path.unlink()
    elif left == "zeros" and path.suffix != ".wav":
        (path.parent / "manifest.json").write_bytes(b"")
        path.write_bytes(bytes(len(whole)))


async def test_a_call_that_was_kept_survives_a_power_cut(tmp_path: Path) -> None:
    """All of it, before its lane is acked; an erased one does not come back."""
    with loop_disk(tmp_path) as disk:
        if disk is None:
            pytest.skip("no disk can be mounted here")
        place = disk.place / "new" / "archive"
        async with archive(place, MadeCalls(MadeAudio(WAVE))) as sink:
            await sink.deliver(report())
            there = {f"new/archive/{name}": body for name, body in held(place).items()}
            assert disk.after_a_cut() == there
            assert len(there) == 4

            await sink.deliver(report(2, "Late."))
            assert not any("/1/" in name for name in disk.after_a_cut())
            await sink.deliver(tombstone())
            assert disk.after_a_cut() == {}


@pytest.mark.parametrize("name", ["manifest.json", "call.json", "transcript.txt", ".wav"])
@pytest.mark.parametrize("left", ["empty", "cut off", "zeros", "nothing"])
async def test_what_a_power_cut_left_is_written_anew(tmp_path: Path, name: str, left: str) -> None:
    """By a replay: of a service that did not sync, or of an attempt that was not acked."""
    calls = MadeCalls(MadeAudio(WAVE))
    async with archive(tmp_path, calls) as sink:
        await sink.deliver(report())
        kept = held(tmp_path)
        tear(tmp_path, next(one for one in kept if one.endswith(name)), left)
        await sink.deliver(report())

        assert held(tmp_path) == kept
        assert [answer.revision for _, answer in calls.told] == [1, 1]


async def test_an_empty_revision_is_not_the_newest(tmp_path: Path) -> None:
    """An earlier one that is replayed takes its place until it is written anew."""
    async with archive(tmp_path) as sink:
        await sink.deliver(report(2))
        (tmp_path / FOLDER / "2" / "manifest.json").write_bytes(b"")
        await sink.deliver(report(1))
        assert {name.split("/")[1] for name in held(tmp_path)} == {"1"}
        await sink.deliver(report(2))
        assert {name.split("/")[1] for name in held(tmp_path)} == {"2"}


async def test_what_a_kill_left_half_written_goes_with_the_call(tmp_path: Path) -> None:
    """The library names it so, and never lists it."""
    async with archive(tmp_path, MadeCalls(MadeAudio(WAVE))) as sink:
        await sink.deliver(report())
        (tmp_path / FOLDER / "audio-0.wav#1").write_bytes(WAVE)
        await sink.deliver(tombstone())

        assert held(tmp_path) == {}
        assert not (tmp_path / FOLDER).exists()


def test_blocks_of_a_file_are_told_from_another_file() -> None:
    """A block is whole, or nothing."""
    holes = bytes(512) + BODY[512:1024] + bytes(1024)
    for found in (b"", b"\0", BODY[:700], holes, bytes(9_000)):
        assert is_torn(found, BODY)
    for found in (b"x", BODY + b"x", BODY[:511] + b"x", bytes(512) + BODY[511:1024]):
        assert not is_torn(found, BODY)


async def test_an_archive_whose_disk_is_away_is_named_and_tried_again(tmp_path: Path) -> None:
    """It ends no start: its lane waits, and goes on once the disk is there."""
    (tmp_path / "mnt").write_bytes(b"no folder")
    place = tmp_path / "mnt" / "archive"
    calls = MadeCalls()
    with capture_logs() as lines:
        async with archive(place, calls) as sink:
            await until(lambda: bool(lines))
            assert [(one["event"], one["endpoint"]) for one in lines] == [
                ("archive_not_there", "cold")
            ]
            assert str(tmp_path) not in json.dumps(lines)
            with pytest.raises(HostUnavailableError, match="unreachable"):
                await sink.deliver(report())
            with pytest.raises(StoreError, match="unreachable"):
                await try_objects(target_in(place))

            (tmp_path / "mnt").unlink()
            await sink.deliver(report())
            assert len(held(place)) == 3
            assert {call_id for call_id, _ in calls.told} == {CALL}


async def test_an_erasure_waits_for_a_disk_that_is_away(tmp_path: Path) -> None:
    """Nothing was erased there, and who asked is told so."""
    (tmp_path / "mnt").write_bytes(b"no folder")
    calls = MadeCalls()
    async with archive(tmp_path / "mnt", calls) as sink:
        with pytest.raises(DeliveryError):
            await sink.deliver(tombstone())

    assert calls.left == [(CALL, "cold", "unreachable")]


async def test_a_disk_that_hangs_holds_up_so_many_threads_and_no_more(tmp_path: Path) -> None:
    """Each attempt would leave one behind; the lanes wait instead, and try again."""
    begun, let_go = threading.Semaphore(0), threading.Event()

    def hang() -> None:
        begun.release()
        let_go.wait()

    objects = Objects(hang, tmp_path)  # type: ignore[arg-type]  # it never gets as far as a store
    held_up = [asyncio.create_task(objects.open()) for _ in range(MAX_THREADS)]
    for _ in held_up:
        await asyncio.to_thread(begun.acquire)

    with pytest.raises(StoreError, match="unreachable"):
        await objects.open()
    let_go.set()
    await asyncio.gather(*held_up)
