"""A file from where its URL says it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from service.net import guarded_connector, url_as_written
from service.recogniser.files.bad_fields import bad_field
from service.recogniser.files.uploads import Spool

FETCH_TIMEOUT_S: Final = 15.0
"""As Telnyx documents it, for all of the download."""
MAX_REDIRECTS: Final = 3
_CHUNK_BYTES: Final = 64 * 1024
_MAX_CONNECTIONS: Final = 32
_FIELD: Final = "file_url"
_OK: Final = 200


class Fetcher:
    """Gets files for strangers, from public addresses unless told otherwise."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def fetch(self, url: str, spool: Spool) -> str:
        """Bring the file to the spool, and return its name.

        Each address is judged as it is dialled, redirects too.

        Raises:
            FileTooLargeError: The file is.
            RefusedSettingError: No such URL, an address that may not be dialled, another answer
                than 200, or not all within 15 s.
        """
        try:
            address = url_as_written(url)
            host = address.host  # decoded here, and there are names that cannot be
        except ValueError:
            raise bad_field(_FIELD, "file_url is not a URL.") from None
        if address.scheme not in {"http", "https"} or not host or address.user:
            raise bad_field(_FIELD, "file_url must be a public http or https URL.")
        try:
            async with (
                asyncio.timeout(FETCH_TIMEOUT_S),
                self._http.get(address, max_redirects=MAX_REDIRECTS) as reply,
            ):
                if reply.status != _OK:
                    raise bad_field(_FIELD, "file_url did not answer with a file.")
                name = address.name if "." in address.name else reply.url.name
                async for chunk in reply.content.iter_chunked(_CHUNK_BYTES):
                    await spool.write(chunk)
        except TimeoutError:
            raise bad_field(_FIELD, "file_url could not be downloaded within 15 s.") from None
        except (aiohttp.ClientError, OSError, ValueError):
            # The cause may quote the URL, or tell what is behind a private address.
            raise bad_field(_FIELD, "file_url could not be downloaded.") from None
        return name


@asynccontextmanager
async def open_fetcher(*, allow_private: bool) -> AsyncIterator[Fetcher]:
    """Open a client that keeps no connections, cookies or compressed surprises."""
    connector = guarded_connector(
        allow_private=allow_private, limit=_MAX_CONNECTIONS, keepalive_s=1.0
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"accept-encoding": "identity"},
        auto_decompress=False,
    ) as http:
        yield Fetcher(http)
