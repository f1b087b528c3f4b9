"""The archive sink: a complete call as files in a folder or bucket, and no more once it is erased.

A call's folder is named after its id, so that who erases the call finds it. In it is a folder for
the newest revision, with `call.json`, the transcript, and `manifest.json`, which is written last
and says what there is: a revision without one is not whole. Audio lies beside it, under its own
hash.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote

import msgspec
import structlog

from service.calls.archive_answers import ArchiveRefused, ArchiveWritten
from service.calls.events import TranscriptErased
from service.delivery.archive_disk import is_torn
from service.delivery.endpoints import ArchiveTarget, Endpoint
from service.delivery.object_store import Objects, StoreError, open_objects
from service.errors import (
    DeliveryError,
    HostUnavailableError,
    JournalError,
    PermanentDeliveryError,
    SettingsError,
    TemporaryDeliveryError,
)
from service.ids import CallId, EndpointName
from service.ports import ArchiveRoom, AudioCopy, CallFile, Delivery
from service.tasks import Tasks, open_tasks

_MAX_AT_ONCE: Final = 4
"""So many calls are written at once: each may have some parts of its audio in memory."""
_MAX_FOLDER_LETTERS: Final = 200
_AUDIO_TYPE: Final = "audio/wav"
_JSON: Final = "application/json"
_OF_THE_HOST: Final = frozenset({"timed_out", "unreachable", "not_permitted", "not_found"})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as the manifest lists it; its name is relative to the call's folder."""

    name: str
    size_bytes: int
    sha256: str
    content_type: str


class _Document(msgspec.Struct):
    call_id: CallId
    revision: int
    seq: int


class _Body(msgspec.Struct):
    data: msgspec.Raw


class _Manifest(msgspec.Struct):
    files: list[Listed]


class _Subject(msgspec.Struct):
    call_id: CallId


_read_body = msgspec.json.Decoder(_Body).decode
_read_document = msgspec.json.Decoder(_Document).decode
_read_manifest = msgspec.json.Decoder(_Manifest).decode
_read_subject = msgspec.json.Decoder(_Subject).decode


class ArchiveSink:
    """Keeps calls, each revision once, whatever is repeated. Made by `open_archive`."""

    def __init__(
        self,
        endpoint: Endpoint,
        objects: Objects,
        room: ArchiveRoom,
        tasks: Tasks,
        clock: Callable[[], float],
    ) -> None:
        self._name = endpoint.name
        self._target = endpoint.archive or ArchiveTarget(url="")
        self._objects = objects
        self._room = room
        self._tasks = tasks
        self._clock = clock
        self._places = asyncio.Semaphore(_MAX_AT_ONCE)
        self._under_way: dict[CallId, asyncio.Task[DeliveryError | None]] = {}
        self._told: set[CallId] = set()
        """Erased calls of whose copies it was told that they are still there."""

    async def deliver(self, delivery: Delivery) -> None:
        """Write the call that a report brings, or erase it where that is what happened.

        What is written is not broken off half-way: whoever erases the call waits for its end.

        Raises:
            PermanentDeliveryError: It can never be written.
            HostUnavailableError: The archive is not there, or takes too long.
            TemporaryDeliveryError: It did not work now.
        """
        data = _read_body(delivery.body).data
        call_id = _read_subject(data).call_id
        if before := self._under_way.get(call_id):
            await asyncio.wait([before])
        work = self._carry_out(delivery.type, call_id, data)
        task = self._under_way[call_id] = self._tasks.start(work, "archive")
        task.add_done_callback(lambda _: self._under_way.pop(call_id, None))
        if failure := await asyncio.shield(task):
            raise failure

    async def _carry_out(
        self, kind: str, call_id: CallId, data: msgspec.Raw
    ) -> DeliveryError | None:
        """Do it within the time that one attempt has, and tell what came of it."""
        try:
            async with self._places, asyncio.timeout(self._target.timeout_s):
                if kind == TranscriptErased.type:
                    await self._objects.erase(folder_of(call_id))
                else:
                    await self._keep(_read_document(data), bytes(data))
        except JournalError:
            return TemporaryDeliveryError("the journal does not answer")
        except TimeoutError:
            return await self._failed(kind, data, StoreError("timed_out"))
        except StoreError as error:
            return await self._failed(kind, data, error)
        self._told.discard(call_id)
        return None

    async def _keep(self, call: _Document, document: bytes) -> None:
        """Write one revision, its manifest last, and delete those before it.

        Of a revision that is there nothing is written anew, nor of one before it: whoever replays
        a call must not be without the newest meanwhile. What was hidden late stands in clear in
        the one before.
        """
        folder = folder_of(call.call_id)
        sizes = await self._objects.sizes(folder)
        if _newest(folder, sizes) > call.revision:
            return
        manifest = f"{folder}/{call.revision}/manifest.json"
        listed = await self._listed_in(manifest, folder, sizes)
        if listed is None:
            listed = await self._write(call, document, sizes)
            body = _manifest(call, listed)
            await self._create(manifest, CallFile("manifest.json", _JSON, body))
        names = {manifest, *(f"{folder}/{one.name}" for one in listed)}
        await self._objects.settle(names)
        await self._objects.erase(folder, keep=names)
        answer = ArchiveWritten(
            endpoint=self._name,
            at=self._clock(),
            revision=call.revision,
            files=len(listed) + 1,
            size_bytes=sum(one.size_bytes for one in listed),
        )
        await self._room.news.tell(call.call_id, answer)

    async def _listed_in(
        self, manifest: str, folder: str, sizes: Mapping[str, int]
    ) -> list[Listed] | None:
        """Return what a manifest lists; None unless all of it is there.

        A power cut may have left any file of a revision short, its manifest as well. One that
        lists what is not there is deleted, and the revision is written as if it never was.
        """
        if not (size_bytes := sizes.get(manifest)):
            return None
        held = await self._objects.read(manifest, max_bytes=size_bytes)
        try:
            listed = _read_manifest(held).files
        except msgspec.DecodeError:
            return None
        if all(sizes.get(f"{folder}/{one.name}") == one.size_bytes for one in listed):
            return listed
        await self._objects.delete(manifest)
        return None

    async def _write(
        self, call: _Document, document: bytes, sizes: Mapping[str, int]
    ) -> list[Listed]:
        """Write the files of a revision to the disk; what is whole of them stays as it is."""
        files = [CallFile("call.json", _JSON, document)]
        files += await self._room.files.transcripts(
            call.call_id, through_seq=call.seq, forms=self._target.formats
        )
        folder, listed = folder_of(call.call_id), list[Listed]()
        for one in files:
            name = f"{call.revision}/{one.name}"
            await self._create(f"{folder}/{name}", one)
            listed.append(_listed(name, one))
        if audio := await self._keep_audio(call.call_id, sizes):
            listed.append(audio)
        await self._objects.settle([f"{folder}/{one.name}" for one in listed])
        return listed

    async def _create(self, path: str, file: CallFile) -> None:
        """Write a small file; one of the same name is to be the same: of an earlier attempt.

        Or what a power cut left of it, which is written over.
        """
        if await self._objects.create(path, file.body, file.content_type):
            return
        found = await self._objects.read(path, max_bytes=len(file.body) + 1)
        if found == file.body:
            return
        if not is_torn(found, file.body):
            raise StoreError("something_else_is_there", for_good=True)
        await self._objects.upload(path, file.body, file.content_type)

    async def _keep_audio(self, call_id: CallId, sizes: Mapping[str, int]) -> Listed | None:
        """Write the recording, if there is one, unless an earlier revision has brought it."""
        audio = await self._open_audio(call_id) if self._target.audio else None
        if audio is None:
            return None
        with closing(audio):
            if audio.size_bytes > self._target.max_audio_bytes:
                log.warning("audio_not_archived", call_id=call_id, endpoint=self._name)
                return None
            try:
                digest = await asyncio.to_thread(_digest, audio.read())
            except OSError:
                raise StoreError("recording_unreadable") from None
            name = f"audio-{digest[:32]}.wav"
            path = f"{folder_of(call_id)}/{name}"
            if sizes.get(path) != audio.size_bytes:
                await self._objects.upload(path, _unchanged(audio, digest), _AUDIO_TYPE)
            return Listed(name, audio.size_bytes, digest, _AUDIO_TYPE)

    async def _open_audio(self, call_id: CallId) -> AudioCopy | None:
        try:
            return await self._room.audio.open(call_id)
        except FileNotFoundError:  # between its erasure and the next look
            return None
        except OSError:
            raise StoreError("recording_unreadable") from None

    async def _failed(self, kind: str, data: msgspec.Raw, error: StoreError) -> DeliveryError:
        """Tell of it, once, and return what the lane is to do."""
        try:
            await self._tell_failure(kind, data, error.reason)
        except JournalError:
            log.warning("archive_failure_not_told", endpoint=self._name, reason=error.reason)
        text = f"the archive failed: {error.reason}"
        if error.for_good:
            return PermanentDeliveryError(text)
        if error.reason in _OF_THE_HOST:
            return HostUnavailableError(text)
        return TemporaryDeliveryError(text)

    async def _tell_failure(self, kind: str, data: msgspec.Raw, reason: str) -> None:
        call_id = _read_subject(data).call_id
        if kind != TranscriptErased.type:
            revision = _read_document(data).revision
            answer = ArchiveRefused(
                endpoint=self._name, at=self._clock(), revision=revision, reason=reason
            )
            await self._room.news.tell(call_id, answer)
        elif call_id not in self._told:
            log.warning("archive_not_erased", call_id=call_id, endpoint=self._name, reason=reason)
            await self._room.news.not_erased(call_id, self._name, reason)
            self._told.add(call_id)


def folder_of(call_id: CallId) -> str:
    """Return the folder of a call: its id, with what no path should have written as `_41`."""
    name = quote(call_id, safe="").replace(".", "%2E").replace("%", "_")
    if len(name) <= _MAX_FOLDER_LETTERS:
        return name
    return f"{name[:_MAX_FOLDER_LETTERS]}-{sha256(call_id.encode()).hexdigest()[:16]}"


@asynccontextmanager
async def open_archive(
    endpoint: Endpoint, room: ArchiveRoom, *, clock: Callable[[], float] = time.time
) -> AsyncIterator[ArchiveSink]:
    """Open the sink of an archive. `clock` is in Unix seconds.

    Raises:
        SettingsError: Its address cannot be used, or the library for it is missing.
    """
    target = endpoint.archive
    if target is None:
        raise SettingsError([f"endpoint {endpoint.name}: an archive needs a url"])
    try:
        objects = open_objects(target)
    except SettingsError as error:
        raise SettingsError(
            [f"endpoint {endpoint.name}: {one}" for one in error.problems]
        ) from None
    async with open_tasks() as tasks:
        tasks.start(_look(endpoint.name, objects), "archive")
        yield ArchiveSink(endpoint, objects, room, tasks, clock)


async def _look(name: EndpointName, objects: Objects) -> None:
    """Say at once that an archive is not there: its lanes find out with the end of a call."""
    try:
        await objects.open()
    except StoreError as error:
        log.warning("archive_not_there", endpoint=name, reason=error.reason)


def _newest(folder: str, sizes: Mapping[str, int]) -> int:
    """Return the newest revision that has a manifest; 0 if none has."""
    parts = [name.removeprefix(f"{folder}/").split("/") for name, size in sizes.items() if size]
    whole = [one[0] for one in parts if one[1:] == ["manifest.json"] and one[0].isdecimal()]
    return max(map(int, whole), default=0)


def _listed(name: str, file: CallFile) -> Listed:
    return Listed(name, len(file.body), sha256(file.body).hexdigest(), file.content_type)


def _manifest(call: _Document, files: Sequence[Listed]) -> bytes:
    return msgspec.json.encode(
        {
            "version": 1,
            "call_id": call.call_id,
            "revision": call.revision,
            "seq": call.seq,
            "files": files,
        }
    )


def _digest(pieces: Iterator[bytes]) -> str:
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _unchanged(audio: AudioCopy, digest: str) -> Iterator[bytes]:
    """Yield the audio once more; its end only if it is still what was looked through before.

    Raises:
        OSError: It is not.
    """
    again = sha256()
    last = b""
    for piece in audio.read():
        again.update(piece)
        yield last
        last = piece
    if again.hexdigest() != digest:
        raise OSError("the recording was changed meanwhile")
    yield last
