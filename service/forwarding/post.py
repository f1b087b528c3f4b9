"""One attempt to pass a webhook on."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal

import aiohttp

from service.forwarding.envelope import Envelope
from service.name_lookup import open_name_lookup
from service.net import guarded_connector, url_as_written
from service.patience import (
    MAX_KEPT_LOST,
    KeptConnectionError,
    post_patiently,
    used_connections,
)
from service.retry import is_retriable

Answer = Literal["taken", "refused", "again"]
MAX_AT_ONCE: Final = 32
_CONNECT_TIMEOUT_S: Final = 3.0
_OK, _NOT_OK = 200, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardTarget:
    """Where webhooks go."""

    url: str
    allow_private: bool = False
    timeout_s: float = 10.0


class Poster:
    """Sends webhooks to one address. Made by `open_poster`."""

    def __init__(self, target: ForwardTarget, session: aiohttp.ClientSession) -> None:
        self._url = url_as_written(target.url)
        self._timeout_s = target.timeout_s
        self._session = session
        self._places = asyncio.Semaphore(MAX_AT_ONCE)

    async def post(self, envelope: Envelope) -> Answer:
        """Send a webhook once, and say what became of it; never raises what the network does.

        408, 425, 429, 5xx and silence ask for it again, as of Telnyx; redirects are refused.
        """
        try:
            async with self._places, await self._send(envelope) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return "again"
        if _OK <= status < _NOT_OK:
            return "taken"
        return "again" if is_retriable(status) else "refused"

    async def _send(self, envelope: Envelope) -> aiohttp.ClientResponse:
        lost = 0
        while True:
            try:
                return await post_patiently(
                    self._session,
                    self._url,
                    self._timeout_s,
                    body=envelope.body,
                    headers=envelope.headers,
                )
            except KeptConnectionError:
                lost += 1
                if lost > MAX_KEPT_LOST:
                    raise


@asynccontextmanager
async def open_poster(
    target: ForwardTarget, nameservers: Sequence[str] | None = None
) -> AsyncIterator[Poster]:
    """Open it. Only addresses that webhook endpoints may have are dialled.

    Its name is looked up by look-ups of its own, at these name servers or the system's.
    """
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=_CONNECT_TIMEOUT_S, ceil_threshold=math.inf
    )
    async with AsyncExitStack() as stack:
        connector = guarded_connector(
            allow_private=target.allow_private,
            limit=MAX_AT_ONCE,
            keepalive_s=4.0,
            resolver=await stack.enter_async_context(open_name_lookup(nameservers)),
        )
        session = aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            trace_configs=[used_connections()],
        )
        yield Poster(target, await stack.enter_async_context(session))
