"""An archive sink between a call's files, made up here, and a folder or bucket."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from service.calls.archive_answers import ArchiveAnswer
from service.delivery.archive import ArchiveSink, open_archive
from service.delivery.endpoints import ArchiveTarget, Endpoint
from service.errors import JournalUnavailableError
from service.ids import CallId, EndpointName
from service.ports import ArchiveRoom, AudioCopy, CallFile, Delivery
from tests.delivery.buckets import BUCKET, KEY_ID, REGION, SECRET_KEY, Bucket

CALL = CallId("428c31b6-7af4/../x")
FOLDER = "428c31b6-7af4_2F_2E_2E_2Fx"


@dataclass
class MadeAudio:
    """A recording in memory."""

    data: bytes
    fails: bool = False
    reads: int = 0
    closed: bool = False

    @property
    def size_bytes(self) -> int:
        """Of all of it."""
        return len(self.data)

    def read(self) -> Iterator[bytes]:
        """Yield all of it, or break in the middle."""
        self.reads += 1
        for at in range(0, len(self.data), 65_536):
            if self.fails:
                raise OSError("the disk")
            yield self.data[at : at + 65_536]

    def close(self) -> None:
        """Close it."""
        self.closed = True


@dataclass
class MadeCalls:
    """The files and the audio of every call, and what was told of them."""

    audio: MadeAudio | None = None
    files: list[CallFile] = field(
        default_factory=lambda: [CallFile("transcript.txt", "text/plain", b"Hello.\n")]
    )
    asked: list[tuple[CallId, int, tuple[str, ...]]] = field(default_factory=list)
    told: list[tuple[CallId, ArchiveAnswer]] = field(default_factory=list)
    left: list[tuple[CallId, EndpointName, str]] = field(default_factory=list)
    away: bool = False
    """Whether the journal is."""

    async def transcripts(
        self, call_id: CallId, *, through_seq: int, forms: Sequence[str]
    ) -> list[CallFile]:
        """See `CallFiles.transcripts`."""
        self.asked.append((call_id, through_seq, tuple(forms)))
        return self.files

    async def open(self, call_id: CallId) -> AudioCopy | None:
        """See `KeptAudio.open`."""
        del call_id
        return self.audio

    async def tell(self, call_id: CallId, answer: ArchiveAnswer) -> None:
        """See `ArchiveNews.tell`."""
        if self.away:
            raise JournalUnavailableError("away")
        self.told.append((call_id, replace(answer, at=0.0)))

    async def not_erased(self, call_id: CallId, endpoint: EndpointName, reason: str) -> None:
        """See `ArchiveNews.not_erased`."""
        self.left.append((call_id, endpoint, reason))

    @property
    def room(self) -> ArchiveRoom:
        """What an archive works with."""
        return ArchiveRoom(self, self, self)


def target_in(place: Path | Bucket, **changes: object) -> ArchiveTarget:
    """Return an archive in a folder, or in a bucket."""
    if isinstance(place, Path):
        plain: dict[str, object] = {"url": f"file://{place}"}
    else:
        plain = {
            "url": f"s3://{BUCKET}/kept",
            "region": REGION,
            "s3_endpoint": place.endpoint,
            "access_key_id": KEY_ID,
            "secret_access_key": SECRET_KEY,
        }
    return ArchiveTarget(**(plain | changes))  # type: ignore[arg-type] # a test's choice


@asynccontextmanager
async def archive(
    place: Path | Bucket, calls: MadeCalls | None = None, **changes: object
) -> AsyncIterator[ArchiveSink]:
    """Open the sink of an archive."""
    endpoint = Endpoint(
        name=EndpointName("cold"), type="archive", archive=target_in(place, **changes), report=True
    )
    async with open_archive(endpoint, (calls or MadeCalls()).room) as sink:
        yield sink


def report(revision: int = 1, text: str = "Hello.") -> Delivery:
    """Return the report of a call."""
    data = {"call_id": CALL, "revision": revision, "seq": 10 * revision, "text": text}
    body = msgspec.json.encode({"type": "call.report", "timestamp": "x", "data": data})
    return Delivery(f"rpt_{CALL}_{revision}", "call.report", body)


def tombstone() -> Delivery:
    """Return what is left of a call that was erased."""
    body = msgspec.json.encode({"type": "transcript.erased", "data": {"call_id": CALL}})
    return Delivery(f"evt_{CALL}_99", "transcript.erased", body)


def held(place: Path | Bucket) -> dict[str, bytes]:
    """Return what there is, by name within the archive."""
    if isinstance(place, Path):
        files = (path for path in sorted(place.rglob("*")) if path.is_file())
        return {str(path.relative_to(place)): path.read_bytes() for path in files}
    return {name.removeprefix("kept/"): body for name, body in sorted(place.objects.items())}
