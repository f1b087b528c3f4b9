"""A place for objects: a folder, or a bucket of S3 or of whatever speaks its protocol.

Failures are told as a `reason` that is safe to log: what the library says has addresses and paths.
"""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from service.delivery.endpoints import ArchiveTarget
from service.errors import SettingsError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PART_BYTES: Final = 8 * 1024 * 1024
"""Of an upload in parts; two of each upload are on their way at once."""
_CONNECT_TIMEOUT: Final = timedelta(seconds=5)
_REQUEST_TIMEOUT: Final = timedelta(seconds=60)
_RETRIES: Final = 3
_TRY_S: Final = 8.0
MISSING: Final = "an archive needs obstore: pip install '.[archive]'"


class StoreError(Exception):
    """It did not work now. `reason` is a slug; `for_good`: it never will."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        self.reason = reason
        self.for_good = for_good
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Held:
    """An object that is there."""

    size_bytes: int


class Objects:
    """The objects of an archive. Every method may raise `StoreError`."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    async def find(self, path: str) -> Held | None:
        """Return what is under a path; None if nothing is."""
        try:
            return Held((await self._store.head_async(path))["size"])
        except Exception as error:  # noqa: BLE001 - the library's own have no common base
            failure = _failure(error)
            if failure.reason == "not_found":
                return None
            raise failure from None

    async def create(self, path: str, body: bytes, content_type: str) -> bool:
        """Write an object that was not there; False if it was: nothing is changed then."""
        try:
            await self._store.put_async(
                path, body, mode="create", attributes=_attributes(self._store, content_type)
            )
        except Exception as error:  # noqa: BLE001 - as above
            failure = _failure(error)
            if failure.reason == "exists":
                return False
            raise failure from None
        return True

    async def names(self, folder: str) -> list[str]:
        """Return what is in a folder, by whole paths."""
        try:
            return [one["path"] async for page in self._store.list(folder) for one in page]
        except Exception as error:  # noqa: BLE001 - as above
            raise _failure(error) from None

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        """Return an object, or its beginning if it is larger."""
        try:
            held = await self._store.get_range_async(path, start=0, length=max_bytes)
        except Exception as error:  # noqa: BLE001 - as above
            raise _failure(error) from None
        return bytes(held)

    async def upload(self, path: str, pieces: Iterator[bytes], content_type: str) -> None:
        """Write a large object, in parts; there is nothing of it before the last one."""
        try:
            await self._store.put_async(
                path,
                pieces,
                attributes=_attributes(self._store, content_type),
                chunk_size=_PART_BYTES,
                max_concurrency=2,
            )
        except Exception as error:  # noqa: BLE001 - as above
            raise _failure(error) from None

    async def erase(self, folder: str, *, keep: Collection[str] = ()) -> None:
        """Delete everything in a folder but this; there may be nothing."""
        try:
            while found := await self._found(folder, keep):
                await self._store.delete_async(found)
                if set(found) <= set(await self._found(folder, keep)):
                    break
        except Exception as error:  # noqa: BLE001 - as above
            raise _failure(error) from None
        if found:
            raise StoreError("not_erased")

    async def _found(self, folder: str, keep: Collection[str]) -> list[str]:
        """Return some of what is in a folder, but this: none is left if there are none."""
        async for page in self._store.list(folder):
            if found := [one["path"] for one in page if one["path"] not in keep]:
                return found
        return []


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
            await objects.erase(name)
    except TimeoutError:
        raise StoreError("timed_out") from None


def open_objects(target: ArchiveTarget) -> Objects:
    """Return the objects of an archive. Nothing is asked of it yet.

    Raises:
        SettingsError: Its address cannot be used, or the library is missing.
    """
    try:
        from obstore.store import LocalStore, S3Store  # noqa: PLC0415 - an extra of archives
    except ImportError:
        raise SettingsError([MISSING]) from None
    parts = urlsplit(target.url)
    try:
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            return Objects(LocalStore(folder, automatic_cleanup=True, mkdir=True))
        bucket, prefix = parts.netloc, parts.path.strip("/") or None
        return Objects(S3Store(bucket, prefix=prefix, **_s3(target)))
    except Exception:  # noqa: BLE001 - its text may hold what is secret
        raise SettingsError(["url: this archive cannot be opened"]) from None


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


def _attributes(store: "ObjectStore", content_type: str) -> dict[str, str] | None:
    """Return what is said of an object; folders keep nothing of the kind."""
    from obstore.store import LocalStore  # noqa: PLC0415 - as above

    return None if isinstance(store, LocalStore) else {"Content-Type": content_type}


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
