"""A place for objects: a folder, or a bucket of S3 or of whatever speaks its protocol.

Failures are told as a `reason` that is safe to log: what the library says has addresses and paths.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

from service.delivery.archive_disk import make_folder, reason_of, sync_erasure, sync_files
from service.delivery.endpoints import ArchiveTarget
from service.errors import SettingsError
from service.tasks import DaemonThreads

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PART_BYTES: Final = 8 * 1024 * 1024
"""Of an upload in parts; two of each upload are on their way at once."""
_CONNECT_TIMEOUT: Final = timedelta(seconds=5)
_REQUEST_TIMEOUT: Final = timedelta(seconds=60)
_RETRIES: Final = 3
_TRY_S: Final = 8.0
_READ_BYTES: Final = 64 * 1024
MAX_THREADS: Final = 64
"""Of one archive: a disk that hangs holds one up for each attempt, for ever."""
MISSING: Final = "an archive needs obstore: pip install '.[archive]'"

_Result = TypeVar("_Result")


class StoreError(Exception):
    """It did not work now. `reason` is a slug; `for_good`: it never will."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        self.reason = reason
        self.for_good = for_good
        super().__init__(reason)


class Objects:
    """The objects of an archive. Every method may raise `StoreError`.

    What is in a folder is on its disk for good once `settle` or `erase` return.
    """

    def __init__(self, open_store: "Callable[[], ObjectStore]", folder: Path | None) -> None:
        self._open_store = open_store
        self._folder = folder
        self._opened: ObjectStore | None = None
        self._threads = DaemonThreads("archive", most=MAX_THREADS)

    async def open(self) -> "ObjectStore":
        """Return what the objects are in; it is opened at first, and as often as that fails."""
        if self._opened is None:
            try:
                self._opened = await self._in_thread(self._open_store)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - the library's own have no common base
                raise _failure(error) from None
        return self._opened

    async def settle(self, paths: Collection[str]) -> None:
        """Return once these objects would survive a power cut. A bucket has them do so itself."""
        if self._folder is not None:
            await self._in_thread(partial(sync_files, self._folder, paths))

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except OSError as error:
            raise StoreError(reason_of(error)) from None

    async def create(self, path: str, body: bytes, content_type: str) -> bool:
        """Write an object that was not there; False if it was: nothing is changed then."""
        store = await self.open()
        try:
            await store.put_async(
                path, body, mode="create", attributes=self._attributes(content_type)
            )
        except Exception as error:  # noqa: BLE001 - as above
            failure = _failure(error)
            if failure.reason == "exists":
                return False
            raise failure from None
        return True

    async def sizes(self, folder: str) -> dict[str, int]:
        """Return what is in a folder, by whole paths, and of how many bytes each is."""
        store = await self.open()
        try:
            return {one["path"]: one["size"] async for page in store.list(folder) for one in page}
        except Exception as error:  # noqa: BLE001 - as above
            raise _failure(error) from None

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        """Return an object, or its beginning if it is larger. One may be empty."""
        store, held = await self.open(), bytearray()
        try:
            async for piece in (await store.get_async(path)).stream(_READ_BYTES):
                held += piece
                if len(held) >= max_bytes:
                    break
        except Exception as error:  # noqa: BLE001 - as above
            raise _failure(error) from None
        return bytes(held[:max_bytes])

    async def upload(self, path: str, pieces: Iterator[bytes] | bytes, content_type: str) -> None:
        """Write an object over what may be there, in parts; nothing is there before the last."""
        store = await self.open()
        try:
            await store.put_async(
                path,
                pieces,
                attributes=self._attributes(content_type),
                chunk_size=_PART_BYTES,
                max_concurrency=2,
            )
        except Exception as error:  # noqa: BLE001 - as above
            raise _failure(error) from None

    async def delete(self, path: str) -> None:
        """Delete an object; there may be none."""
        store = await self.open()
        try:
            await store.delete_async([path])
        except Exception as error:  # noqa: BLE001 - as above
            raise _failure(error) from None

    async def erase(self, folder: str, *, keep: Collection[str] = ()) -> None:
        """Delete everything in a folder but this; there may be nothing."""
        store = await self.open()
        try:
            while found := await self._found(folder, keep):
                await store.delete_async(found)
                if set(found) <= set(await self._found(folder, keep)):
                    break
        except Exception as error:  # noqa: BLE001 - as above
            raise _failure(error) from None
        if found:
            raise StoreError("not_erased")
        if self._folder is not None:
            await self._in_thread(partial(sync_erasure, self._folder, folder))

    async def _found(self, folder: str, keep: Collection[str]) -> list[str]:
        """Return some of what is in a folder, but this: none is left if there are none."""
        async for page in (await self.open()).list(folder):
            if found := [one["path"] for one in page if one["path"] not in keep]:
                return found
        return []

    def _attributes(self, content_type: str) -> dict[str, str] | None:
        """Return what is said of an object; folders keep nothing of the kind."""
        return {"Content-Type": content_type} if self._folder is None else None


async def try_objects(target: ArchiveTarget) -> None:
    """Write something to an archive and delete it.

    Raises:
        SettingsError: Its address cannot be used, or the library is missing.
        StoreError: It did not work.
    """
    objects, name = open_objects(target), f"callscribe-test-{token_hex(8)}"
    try:
        async with asyncio.timeout(_TRY_S):
            await objects.create(f"{name}/test.txt", b"test\n", "text/plain")
            await objects.settle([f"{name}/test.txt"])
            await objects.erase(name)
    except TimeoutError:
        raise StoreError("timed_out") from None


def open_objects(target: ArchiveTarget) -> Objects:
    """Return the objects of an archive. Nothing is asked of it yet: its disk may be away.

    Raises:
        SettingsError: Its address cannot be used, or the library is missing.
    """
    try:
        from obstore.store import LocalStore, S3Store  # noqa: PLC0415 - an extra of archives
    except ImportError:
        raise SettingsError([MISSING]) from None
    parts = urlsplit(target.url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))

        def open_folder() -> LocalStore:
            make_folder(folder)
            return LocalStore(folder, automatic_cleanup=True)

        return Objects(open_folder, folder)
    bucket, prefix = parts.netloc, parts.path.strip("/") or None
    try:
        store = S3Store(bucket, prefix=prefix, **_s3(target))
    except Exception:  # noqa: BLE001 - its text may hold what is secret
        raise SettingsError(["url: this archive cannot be opened"]) from None
    return Objects(lambda: store, None)


def _s3(target: ArchiveTarget) -> dict[str, Any]:
    given = {
        "region": target.region,
        "endpoint": target.s3_endpoint,
        "access_key_id": target.access_key_id,
        "secret_access_key": target.secret_access_key,
    }
    plain = bool(target.s3_endpoint and target.s3_endpoint.startswith("http://"))
    return {
        "client_options": {
            "allow_http": plain,
            "connect_timeout": _CONNECT_TIMEOUT,
            "timeout": _REQUEST_TIMEOUT,
        },
        "retry_config": {"max_retries": _RETRIES, "retry_timeout": _REQUEST_TIMEOUT},
        **{key: value for key, value in given.items() if value is not None},
    }


def _failure(error: Exception) -> StoreError:
    from obstore import exceptions  # noqa: PLC0415 - as above

    reasons: tuple[tuple[type[Exception], str], ...] = (
        (exceptions.AlreadyExistsError, "exists"),
        (FileNotFoundError, "not_found"),
        (exceptions.NotFoundError, "not_found"),
        (exceptions.PermissionDeniedError, "not_permitted"),
        (exceptions.UnauthenticatedError, "not_permitted"),
        (exceptions.InvalidPathError, "refused"),
        (exceptions.NotSupportedError, "refused"),
        (TimeoutError, "timed_out"),
        (OSError, "unreadable"),
    )
    reason = next((slug for kind, slug in reasons if isinstance(error, kind)), "unreachable")
    if isinstance(error, exceptions.GenericError) and "404 Not Found" in str(error):
        reason = "not_found"  # of a listing the library knows no other way to say it
    return StoreError(reason, for_good=reason == "refused")
