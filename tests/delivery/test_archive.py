"""Archives: a complete call as files in a folder or a bucket, and erased with it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.calls.archive_answers import ArchiveRefused, ArchiveWritten
from service.delivery.archive import folder_of, open_archive
from service.delivery.endpoints import ArchiveTarget, Endpoint
from service.delivery.object_store import StoreError, open_objects, try_objects
from service.errors import (
    HostUnavailableError,
    PermanentDeliveryError,
    SettingsError,
    TemporaryDeliveryError,
)
from service.ids import CallId, EndpointName
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
from tests.delivery.buckets import SECRET_KEY, Bucket, open_bucket
from tests.waiting import until

WAVE = b"RIFF" + bytes(200_000)


@asynccontextmanager
async def open_place(kind: str, folder: Path) -> AsyncIterator[Path | Bucket]:
    """Open a folder that is not there yet, or a bucket."""
    if kind == "folder":
        yield folder / "cold storage"
        return
    async with open_bucket() as bucket:
        yield bucket


every_place = pytest.mark.parametrize("kind", ["folder", "bucket"])


@every_place
async def test_a_call_is_kept_as_files_with_a_manifest(tmp_path: Path, kind: str) -> None:
    """The document, the transcript and the audio, and what each of them must be."""
    calls = MadeCalls(MadeAudio(WAVE))
    async with open_place(kind, tmp_path) as place, archive(place, calls) as sink:
        await sink.deliver(report())
        kept = held(place)

    audio = f"audio-{sha256(WAVE).hexdigest()[:32]}.wav"
    assert set(kept) == {
        f"{FOLDER}/1/call.json",
        f"{FOLDER}/1/transcript.txt",
        f"{FOLDER}/1/manifest.json",
        f"{FOLDER}/{audio}",
    }
    assert json.loads(kept[f"{FOLDER}/1/call.json"])["text"] == "Hello."
    manifest = json.loads(kept[f"{FOLDER}/1/manifest.json"])
    assert (manifest["call_id"], manifest["revision"], manifest["seq"]) == (CALL, 1, 10)
    assert [one["name"] for one in manifest["files"]] == ["1/call.json", "1/transcript.txt", audio]
    for one in manifest["files"]:
        body = kept[f"{FOLDER}/{one['name']}"]
        assert (one["size_bytes"], one["sha256"]) == (len(body), sha256(body).hexdigest())
    assert calls.asked == [(CALL, 10, ("txt",))]
    assert calls.audio is not None
    assert calls.audio.closed
    size = sum(one["size_bytes"] for one in manifest["files"])
    answer = ArchiveWritten(
        endpoint=EndpointName("cold"), at=0.0, revision=1, files=4, size_bytes=size
    )
    assert calls.told == [(CALL, answer)]


async def test_a_bucket_knows_what_each_object_is() -> None:
    """Whoever opens one there sees it as what it is."""
    async with open_bucket() as bucket, archive(bucket) as sink:
        await sink.deliver(report())

        assert bucket.kind(f"kept/{FOLDER}/1/call.json") == "application/json"
        assert bucket.kind(f"kept/{FOLDER}/1/transcript.txt") == "text/plain"


@every_place
async def test_a_repeat_changes_nothing(tmp_path: Path, kind: str) -> None:
    """After an answer that was lost, or a kill between two files."""
    calls = MadeCalls(MadeAudio(WAVE))
    async with open_place(kind, tmp_path) as place, archive(place, calls) as sink:
        await sink.deliver(report())
        kept = held(place)
        if isinstance(place, Path):
            (place / FOLDER / "1" / "manifest.json").unlink()
            await sink.deliver(report())
        await sink.deliver(report())

        assert held(place) == kept
        assert {answer.revision for _, answer in calls.told} == {1}


@every_place
async def test_a_later_revision_takes_the_place_of_the_one_before(
    tmp_path: Path, kind: str
) -> None:
    """What was hidden late stood there in clear. Of the audio, which is the same, nothing is sent.

    A repeat of the later one has the one before go, too, should that be there again.
    """
    calls = MadeCalls(MadeAudio(WAVE))
    async with open_place(kind, tmp_path) as place, archive(place, calls) as sink:
        await sink.deliver(report(1))
        await sink.deliver(report(2, "Late."))
        kept = held(place)
        await sink.deliver(report(1))
        await sink.deliver(report(2, "Late."))
        assert held(place) == kept

    assert len(kept) == 4
    assert json.loads(kept[f"{FOLDER}/2/call.json"])["text"] == "Late."


@every_place
async def test_an_earlier_revision_never_takes_the_place_of_a_later_one(
    tmp_path: Path, kind: str
) -> None:
    """Whoever replays a call has the newest all the while; one that is not whole does not count."""
    calls = MadeCalls(MadeAudio(WAVE))
    async with open_place(kind, tmp_path) as place, archive(place, calls) as sink:
        await sink.deliver(report(12, "Late."))
        kept = held(place)
        await sink.deliver(report(3))
        assert held(place) == kept
        assert [answer.revision for _, answer in calls.told] == [12]

        if isinstance(place, Path):
            (place / FOLDER / "12" / "manifest.json").unlink()
            await sink.deliver(report(3))
            assert f"{FOLDER}/3/manifest.json" in held(place)


@every_place
async def test_audio_that_was_silenced_takes_the_place_of_the_one_before(
    tmp_path: Path, kind: str
) -> None:
    """Nothing of what was hidden is left."""
    calls = MadeCalls(MadeAudio(WAVE))
    async with open_place(kind, tmp_path) as place, archive(place, calls) as sink:
        await sink.deliver(report(1))
        calls.audio = MadeAudio(WAVE[:1_000] + bytes(1_000) + WAVE[2_000:])
        calls.audio.data = b"R" + calls.audio.data[1:-1] + b"x"
        await sink.deliver(report(2))
        kept = held(place)

    (audio,) = [body for name, body in kept.items() if name.endswith(".wav")]
    assert audio == calls.audio.data


@every_place
async def test_long_audio_goes_in_parts(tmp_path: Path, kind: str) -> None:
    """Byte for byte."""
    audio = bytes(range(256)) * 90_000
    async with open_place(kind, tmp_path) as place:
        async with archive(place, MadeCalls(MadeAudio(audio))) as sink:
            await sink.deliver(report())
        (found,) = [body for name, body in held(place).items() if name.endswith(".wav")]

    assert found == audio


@every_place
async def test_an_erased_call_is_erased_there(tmp_path: Path, kind: str) -> None:
    """All its revisions, and nobody else's call; again is harmless."""
    async with open_place(kind, tmp_path) as place:
        async with archive(place, MadeCalls(MadeAudio(WAVE))) as sink:
            await sink.deliver(report(1))
            await sink.deliver(report(2))
            other = report()
            await sink.deliver(
                type(other)(other.id, other.type, other.body.replace(b"../x", b"../xy"))
            )
            await sink.deliver(tombstone())
            await sink.deliver(tombstone())

        assert {name.partition("/")[0] for name in held(place)} == {f"{FOLDER}y"}


async def test_who_erases_a_call_waits_for_what_is_being_written(tmp_path: Path) -> None:
    """An attempt that was broken off goes on to its end first: nothing is left behind."""
    gate = asyncio.Event()

    class Slow(MadeCalls):
        async def open(self, call_id: CallId) -> None:
            await super().open(call_id)
            await gate.wait()

    calls = Slow()
    async with archive(tmp_path, calls) as sink:
        attempt = asyncio.create_task(sink.deliver(report()))
        await until(lambda: any(name.endswith("transcript.txt") for name in held(tmp_path)))
        attempt.cancel()
        await asyncio.wait([attempt])
        erasing = asyncio.create_task(sink.deliver(tombstone()))
        await asyncio.sleep(0)
        gate.set()
        await erasing

        assert [answer.revision for _, answer in calls.told] == [1]
        assert held(tmp_path) == {}


async def test_an_archive_that_is_away_is_tried_again_and_told_of() -> None:
    """Its host is at fault, not this call; no text of an error has an address or a key."""
    calls = MadeCalls()
    async with open_bucket() as bucket, archive(bucket, calls) as sink:
        await asyncio.to_thread(bucket.server.stop)
        with capture_logs() as lines, pytest.raises(HostUnavailableError) as failure:
            await sink.deliver(report())
        await asyncio.to_thread(bucket.server.start)

    assert str(failure.value) == "the archive failed: unreachable"
    assert failure.value.__cause__ is None
    assert SECRET_KEY not in str(lines)
    refused = ArchiveRefused(
        endpoint=EndpointName("cold"), at=0.0, revision=1, reason="unreachable"
    )
    assert calls.told == [(CALL, refused)]


async def test_a_bucket_that_is_not_there_is_the_hosts_fault() -> None:
    """It may be made, and what waits goes on then."""
    async with open_bucket() as bucket, archive(bucket, url="s3://nobodys") as sink:
        with pytest.raises(HostUnavailableError, match="not_found"):
            await sink.deliver(report())


async def test_what_takes_too_long_is_tried_again(tmp_path: Path) -> None:
    """One attempt has only so much time."""

    class Stuck(MadeCalls):
        async def open(self, call_id: CallId) -> None:
            del call_id
            await asyncio.Event().wait()

    async with archive(tmp_path, Stuck(), timeout_s=0.2) as sink:
        with pytest.raises(HostUnavailableError, match="timed_out"):
            await sink.deliver(report())


async def test_what_could_not_be_erased_is_told_once() -> None:
    """And tried again: until then the copy outlives its call."""
    calls = MadeCalls()
    async with open_bucket() as bucket, archive(bucket, calls) as sink:
        await sink.deliver(report())
        await asyncio.to_thread(bucket.server.stop)
        for _ in range(2):
            with pytest.raises(HostUnavailableError):
                await sink.deliver(tombstone())

        assert calls.left == [(CALL, "cold", "unreachable")]


async def test_something_else_under_the_name_is_never_written_over(tmp_path: Path) -> None:
    """It is parked, for somebody to look."""
    async with archive(tmp_path) as sink:
        (tmp_path / FOLDER / "1").mkdir(parents=True)
        (tmp_path / FOLDER / "1" / "call.json").write_text("somebody's")
        with pytest.raises(PermanentDeliveryError, match="something_else_is_there"):
            await sink.deliver(report())

        assert held(tmp_path) == {f"{FOLDER}/1/call.json": b"somebody's"}


async def test_a_journal_that_is_away_leaves_the_attempt_to_be_repeated(tmp_path: Path) -> None:
    """What is written is not told of before the call can know."""
    calls = MadeCalls(away=True)
    async with archive(tmp_path, calls) as sink:
        with pytest.raises(TemporaryDeliveryError):
            await sink.deliver(report())
        calls.away = False
        await sink.deliver(report())

        assert len(calls.told) == 1


@pytest.mark.parametrize(
    ("audio", "changes"),
    [
        (None, {}),
        (MadeAudio(WAVE), {"audio": False}),
        (MadeAudio(WAVE), {"max_audio_bytes": 1000}),
    ],
)
async def test_a_call_is_kept_without_its_audio(
    tmp_path: Path, audio: MadeAudio | None, changes: dict[str, object]
) -> None:
    """Where there is none, nobody wants it, or it is too large."""
    async with archive(tmp_path, MadeCalls(audio), **changes) as sink:
        await sink.deliver(report())

    assert not [name for name in held(tmp_path) if name.endswith(".wav")]
    assert len(held(tmp_path)) == 3


async def test_a_recording_that_cannot_be_read_is_tried_again(tmp_path: Path) -> None:
    """Nothing of it is there, and no manifest."""
    async with archive(tmp_path, MadeCalls(MadeAudio(WAVE, fails=True))) as sink:
        with pytest.raises(TemporaryDeliveryError, match="recording_unreadable"):
            await sink.deliver(report())

    assert [name for name in held(tmp_path) if "manifest" in name or "wav" in name] == []


@every_place
async def test_a_recording_that_changes_meanwhile_is_not_kept(tmp_path: Path, kind: str) -> None:
    """Under a hash that is not its own."""

    class Growing(MadeAudio):
        def read(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as `MadeAudio.read`
            self.data = bytes([self.reads]) + self.data[1:]
            return super().read()

    async with open_place(kind, tmp_path) as place:
        async with archive(place, MadeCalls(Growing(WAVE))) as sink:
            with pytest.raises(TemporaryDeliveryError):
                await sink.deliver(report())
        assert not [name for name in held(place) if name.endswith((".wav", "manifest.json"))]


def test_a_folder_is_named_after_its_call() -> None:
    """Whatever the id has in it; two calls never share one."""
    assert folder_of(CALL) == FOLDER
    assert folder_of(CallId("..")) == "_2E_2E"
    long = [folder_of(CallId("x" * 300 + end)) for end in "ab"]
    assert long[0] != long[1]
    assert len(long[0]) < 255


async def test_an_archive_without_a_place_is_none() -> None:
    """Settings have one always."""
    endpoint = Endpoint(name=EndpointName("cold"), type="archive")
    with pytest.raises(SettingsError, match="needs a url"):
        async with open_archive(endpoint, MadeCalls().room):
            pass
    with pytest.raises(SettingsError, match="cannot be opened") as failure:
        open_objects(ArchiveTarget(url="s3://b", access_key_id=SECRET_KEY))
    assert SECRET_KEY not in str(failure.value)


@every_place
async def test_an_archive_can_be_tried(tmp_path: Path, kind: str) -> None:
    """Something is written to it, and nothing is left."""
    async with open_place(kind, tmp_path) as place:
        await try_objects(target_in(place))
        assert held(place) == {}

    with pytest.raises(StoreError, match="unreachable"):
        await try_objects(target_in(tmp_path, url="s3://b", s3_endpoint="http://127.0.0.1:1"))
