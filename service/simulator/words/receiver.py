"""Takes what an application heard: its webhooks, or lines of JSON. It keeps words, and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from service.errors import BadInputError, SettingsError
from service.simulator.words.records import Completed, Final, Record, parse_records
from service.wire.webhook_secret import check_webhook_secret

MAX_BODY_BYTES = 1024 * 1024
_SHUTDOWN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLimits:
    """What an application may post; what is beyond it is refused."""

    posts: int = 1_000_000
    kept_bytes: int = 64 * 1024 * 1024
    """Of the bodies whose words are kept."""
    body_s: float = 10.0
    """How long a body may take to come."""


class WordReceiver:
    """What came so far. Made by `open_word_receiver`, which serves it."""

    def __init__(self, webhook: Webhook | None, limits: WordLimits) -> None:
        self.url = ""
        self.records: list[Record] = []
        self.posts = 0
        self.forged = 0
        """Posts whose signature was not valid."""
        self.unreadable = 0
        self.repeated = 0
        """Finals that came again with the same `seq`: delivery is at least once."""
        self.refused = 0
        """Posts that were too large, too slow, broken off or too many."""
        self._webhook = webhook
        self._limits = limits
        self._kept_bytes = 0
        self._finals: set[tuple[str | None, int, str]] = set()
        self._came = asyncio.Event()

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one post: 204, or 400, 401, 408, 413 or 503."""
        self.posts += 1
        if self.posts > self._limits.posts:
            return self._refuse(503)
        body = await self._read(request)
        if isinstance(body, int):
            return self._refuse(body)
        if not self._is_signed(body, request):
            self.forged += 1
            return web.Response(status=401)
        try:
            records = parse_records(body)
        except BadInputError as error:
            self.unreadable += 1
            return web.Response(status=400, text=f"{error}\n")
        return self._keep(records, len(body))

    async def _read(self, request: web.Request) -> bytes | int:
        """Return the body, or the status that says why there is none."""
        try:
            async with asyncio.timeout(self._limits.body_s):
                return await request.read()
        except TimeoutError:
            return 408
        except web.HTTPRequestEntityTooLarge:
            return 413
        except (ConnectionError, web.RequestPayloadError):
            return 400

    async def until(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """Return once something is so, or the time has passed; say whether it is."""
        try:
            async with asyncio.timeout(timeout_s):
                while not done():
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            return False
        return True

    def _refuse(self, status: int) -> web.Response:
        self.refused += 1
        return web.Response(status=status)

    def _is_signed(self, body: bytes, request: web.Request) -> bool:
        if self._webhook is None:
            return True
        try:
            self._webhook.verify(body, dict(request.headers))
        except (WebhookVerificationError, ValueError):  # a malformed signature is a ValueError
            return False
        return True

    def _keep(self, records: list[Record], size: int) -> web.Response:
        if records and self._kept_bytes + size > self._limits.kept_bytes:
            return self._refuse(503)
        self._kept_bytes += size if records else 0
        for record in records:
            if self._is_new(record):
                self.records.append(record)
            else:
                self.repeated += 1
        if any(isinstance(record, Completed) for record in records):
            self._came.set()
        return web.Response(status=204)

    def _is_new(self, record: Record) -> bool:
        if not isinstance(record, Final) or record.seq is None:
            return True
        key = (record.call, record.seq, record.text)
        is_new = key not in self._finals
        self._finals.add(key)
        return is_new


@asynccontextmanager
async def open_word_receiver(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    secret: str | None = None,
    limits: WordLimits | None = None,
) -> AsyncIterator[WordReceiver]:
    """Serve a receiver, at any path. With a secret it takes nothing that is not signed with it.

    Raises:
        SettingsError: The secret cannot be read.
        OSError: Nobody can listen there.
    """
    receiver = WordReceiver(_verifier(secret), limits or WordLimits())
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post("/{path:.*}", receiver.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0]
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        receiver.url = f"http://{shown}:{bound[1]}/"
        yield receiver
    finally:
        await runner.cleanup()


def _verifier(secret: str | None) -> Webhook | None:
    if not secret:
        return None
    try:
        return Webhook(check_webhook_secret(secret))
    except ValueError as error:
        raise SettingsError([f"the secret of words {error}"]) from None
