"""Asks Telnyx which speech-to-text providers it has."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from service.calls.engines import Offer
from service.client_connections import ClientConnector
from service.errors import BadInputError, CarrierUnavailableError
from service.ports import Providers
from service.wire.providers import PATH, parse_providers

FRESH_S = 300.0
"""How long a list is good: Telnyx is not asked more often."""
TIMEOUT_S = 10.0
MAX_BYTES = 1024 * 1024
_OK = 200


async def fetch_offers(
    session: aiohttp.ClientSession, base_url: str, api_key: str
) -> tuple[Offer, ...]:
    """Ask the API at `base_url` (which ends in `/v2`), once.

    Raises:
        CarrierUnavailableError: It could not be reached, or gave no list.
    """
    headers = {"Authorization": f"Bearer {api_key}"}
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            session.get(base_url + PATH, headers=headers, allow_redirects=False) as response,
        ):
            status, body = response.status, await response.content.read(MAX_BYTES)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        reason = type(error).__name__
        raise CarrierUnavailableError(f"Telnyx could not be reached: {reason}") from None
    if status != _OK:
        raise CarrierUnavailableError(f"Telnyx answered HTTP {status}")
    try:
        return parse_providers(body)
    except BadInputError as error:
        raise CarrierUnavailableError(f"Telnyx answered with {error}") from None


@asynccontextmanager
async def open_providers(api_key: str, base_url: str) -> AsyncIterator[Providers]:
    """Open a client that keeps the list for `FRESH_S`; who asks meanwhile waits for one answer."""
    async with aiohttp.ClientSession(connector=ClientConnector()) as session:
        yield _CachedProviders(session, api_key, base_url)


class _CachedProviders:
    def __init__(self, session: aiohttp.ClientSession, api_key: str, base_url: str) -> None:
        self._session = session
        self._api_key = api_key
        self._base_url = base_url
        self._asking = asyncio.Lock()
        self._offers: tuple[Offer, ...] = ()
        self._good_until = 0.0

    async def offers(self) -> Sequence[Offer]:
        """See `Providers.offers`."""
        loop = asyncio.get_running_loop()
        async with self._asking:
            if loop.time() >= self._good_until:
                self._offers = await fetch_offers(self._session, self._base_url, self._api_key)
                self._good_until = loop.time() + FRESH_S
            return self._offers
