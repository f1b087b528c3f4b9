"""Fetches Telnyx's recordings by the links that it gives: from known hosts, within bounds."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from service.client_connections import ClientConnector
from service.errors import TapeError
from service.ports import TapeSource
from service.retry import is_retriable

_TELNYX: Final = ("telnyx.com", "*.telnyx.com", "*.telnyxcloudstorage.com")
_S3: Final = ("s3.amazonaws.com", "s3.*.amazonaws.com", "s3-*.amazonaws.com")
_BUCKET: Final = "telephony-recorder-"
"""How the names of Telnyx's own buckets begin (TELNYX.md §7)."""
_PIECE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeLimits:
    """What one file may be, and how long it may take."""

    max_bytes: int = 2 * 1024**3
    """Twelve hours of two channels in 16 bits take two thirds of it."""
    stall_s: float = 30.0
    """How long nothing may come."""
    timeout_s: float = 1_800.0


class KnownHosts:
    """Says where recordings may be fetched from.

    `api_url` is where Telnyx is asked; `others` are hosts, which may have a star in place of some
    of their letters, or whole origins, as in `http://127.0.0.1:9000`.
    """

    def __init__(self, api_url: str, others: Sequence[str]) -> None:
        self._origins = {URL(one).origin() for one in (api_url, *others) if "://" in one}
        self._hosts = (*_TELNYX, *(one.lower() for one in others if "://" not in one))

    def has(self, url: URL) -> bool:
        """Say whether a link leads to one of them."""
        if url.user or url.password or not url.host:
            return False
        if url.origin() in self._origins:
            return True
        if url.scheme != "https" or url.explicit_port not in (None, 443):
            return False
        host = url.host.lower()
        return _fits(host, self._hosts) or _is_bucket(host, url.path)


def _is_bucket(host: str, path: str) -> bool:
    """Say whether this is a bucket of Telnyx's, in either way of writing that."""
    if _fits(host, _S3):
        return path.startswith("/" + _BUCKET)
    bucket, _, rest = host.partition(".")
    return bucket.startswith(_BUCKET) and _fits(rest, _S3)


def _fits(host: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(host, pattern) for pattern in patterns)


class LinkedTapes:
    """A `TapeSource`. Its links open the files they lead to: they are never logged."""

    def __init__(
        self, session: aiohttp.ClientSession, hosts: KnownHosts, limits: TapeLimits
    ) -> None:
        self._session = session
        self._hosts = hosts
        self._limits = limits

    async def download(self, link: str) -> AsyncGenerator[bytes]:
        """See `TapeSource.download`. No redirect is followed; no key of ours is shown."""
        url = self._known(link)
        try:
            async with (
                asyncio.timeout(self._limits.timeout_s),
                self._session.get(url, allow_redirects=False) as response,
            ):
                self._check(response)
                count = 0
                async for piece in response.content.iter_chunked(_PIECE_BYTES):
                    count += len(piece)
                    if count > self._limits.max_bytes:
                        raise TapeError("too_large", for_good=True)
                    yield piece
        except TimeoutError:
            raise TapeError("timed_out") from None
        except (aiohttp.ClientError, OSError):
            raise TapeError("unreachable") from None

    def _known(self, link: str) -> URL:
        """Return a link as it was signed, if it leads where it may.

        Raises:
            TapeError: It does not.
        """
        try:
            url = URL(link, encoded=True)
            is_known = self._hosts.has(url)
        except ValueError:
            is_known = False
        if not is_known:
            raise TapeError("unknown_host", for_good=True)
        return url

    def _check(self, response: aiohttp.ClientResponse) -> None:
        """Judge an answer before its body.

        Raises:
            TapeError: It brings no file.
        """
        status = response.status
        if status == HTTPStatus.OK:
            if (response.content_length or 0) > self._limits.max_bytes:
                raise TapeError("too_large", for_good=True)
            return
        if is_retriable(status):
            raise TapeError("unreachable")
        has_moved = status < HTTPStatus.BAD_REQUEST
        raise TapeError("redirected" if has_moved else "link_refused", has_expired=True)


@asynccontextmanager
async def open_tapes(
    api_url: str, hosts: Sequence[str], *, limits: TapeLimits | None = None
) -> AsyncIterator[TapeSource]:
    """Open a client that fetches from Telnyx, from where it is asked, and from `hosts`."""
    limits = limits or TapeLimits()
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=limits.stall_s)
    async with aiohttp.ClientSession(
        connector=ClientConnector(),
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    ) as session:
        yield LinkedTapes(session, KnownHosts(api_url, hosts), limits)
