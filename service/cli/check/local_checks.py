"""What `callscribe check` tries on our own side: public address, endpoints, codecs."""

import asyncio
import secrets
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from service.cli.check.findings import Finding, fail, ok, warn
from service.delivery.endpoints import ArchiveTarget, Endpoint
from service.delivery.object_store import StoreError, try_objects
from service.errors import SettingsError
from service.net import AddressRefusedError, may_dial
from service.reasons import connection_fault
from service.settings import Settings
from service.wire.audio import CODED, decodable
from service.wire.payload import CODED_RATE_HZ

_TIMEOUT_S = 10.0
STANDING_IN = "x-callscribe-check"
"""A header that every answer has of who stands in for a service that does not run yet."""


def check_codecs(settings: Settings) -> list[Finding]:
    """See whether what Telnyx may fork can be decoded, where something is forked."""
    if all(route.source != "media" for route in settings.routes()):
        return []
    missing = [codec for codec in CODED if not decodable(codec, CODED_RATE_HZ)]
    if missing:
        what = f"{' and '.join(missing)} cannot be decoded; pip install '.[codecs]'"
        return [warn("codecs", what)]
    return [ok("codecs", "all that Telnyx forks but G.729 can be decoded")]


async def check_public_url(session: aiohttp.ClientSession, settings: Settings) -> list[Finding]:
    """Ask for our own health through the public address.

    Where no service runs yet, this answers on `listen` itself for as long as it takes, and
    sees by a random number whether the public address leads here.
    """
    if settings.public_url is None:
        return []
    challenge = secrets.token_hex(8)
    async with _standing_in(settings, challenge) as standing_in:
        try:
            url = settings.public_url + "/healthz"
            async with session.get(url, allow_redirects=False) as response:
                status, echo = response.status, response.headers.get(STANDING_IN)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            advice = "check DNS, firewall and the proxy in front of " + settings.listen
            return [
                fail("public address", f"cannot be reached, {connection_fault(error)}; {advice}")
            ]
    if status != 200:  # noqa: PLR2004 - HTTP's
        text = f"HTTP {status} for /healthz; lead the proxy to {settings.listen}"
        return [fail("public address", text)]
    if standing_in and echo != challenge:
        text = f"something else answers there; lead the proxy to {settings.listen}"
        return [fail("public address", text)]
    return [ok("public address", "leads here" if standing_in else "leads to a running service")]


async def check_endpoint(endpoint: Endpoint) -> list[Finding]:
    """Resolve, judge and dial a webhook's address, and shake hands; nothing is sent to it.

    To an archive something is written, and deleted.
    """
    subject = f"endpoint {endpoint.name}"
    if endpoint.archive is not None:
        return await _check_archive(subject, endpoint.archive)
    if endpoint.url is None:
        return []
    parts = urlsplit(endpoint.url)
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            address = await _resolve(host, port, allow_private=endpoint.allow_private)
            await _shake_hands(address, port, host if secure else None)
    except AddressRefusedError:
        advice = "set allow_private = true if that is meant"
        return [fail(subject, f"its address is not a public one; {advice}")]
    except (OSError, TimeoutError, UnicodeError) as error:  # a name that is none is Unicode's
        return [fail(subject, f"cannot be reached, {connection_fault(error)}; check its url")]
    return [ok(subject, "can be reached" + (" over TLS" if secure else ""))]


async def _check_archive(subject: str, target: ArchiveTarget) -> list[Finding]:
    try:
        await try_objects(target)
    except (StoreError, SettingsError) as error:
        reason = error.reason if isinstance(error, StoreError) else str(error)
        return [fail(subject, f"nothing can be kept there: {reason}; check its url and keys")]
    return [ok(subject, "can be written to and deleted from")]


@asynccontextmanager
async def _standing_in(settings: Settings, challenge: str) -> AsyncIterator[bool]:
    """Answer on `listen` unless somebody does already; say which."""

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def mark(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers[STANDING_IN] = challenge

    app = web.Application()
    app.on_response_prepare.append(mark)
    app.router.add_get("/healthz", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        listening = False
        with suppress(OSError):
            await web.TCPSite(runner, *settings.listen_address).start()
            listening = True
        yield listening
    finally:
        await runner.cleanup()


async def _resolve(host: str, port: int, *, allow_private: bool) -> str:
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(answer[4][0]) for answer in answers]
    if not all(may_dial(address, allow_private=allow_private) for address in addresses):
        raise AddressRefusedError
    return addresses[0]


async def _shake_hands(address: str, port: int, name: str | None) -> None:
    context = ssl.create_default_context() if name else None
    _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
