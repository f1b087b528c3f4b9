"""NATS as transport: one subject for all workers of a database; what nobody hears is gone.

The client connects once and is thrown away when that breaks. Its own reconnecting would keep what
is sent meanwhile, and bring old news.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import uuid4

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from service.bus.transports import Heard
from service.errors import BusUnavailableError

MAX_BYTES: Final = 64 * 1024
"""Far below what a server takes unless it is told otherwise (1 MiB)."""
MAX_WAITING_BYTES: Final = 8 << 20
"""Of payloads that came and were not acted on yet; what comes beyond is dropped."""
CONNECT_TIMEOUT_S: Final = 5
OPEN_TIMEOUT_S: Final = 12.0
"""For both attempts to connect, and the first answer."""
BEAT_S: Final = 5
"""How often the server is asked whether it is still there; after two without answer, it is not."""
ANSWER_TIMEOUT_S: Final = 2
_ERRORS: Final = (nats.errors.Error, OSError, ValueError)
"""All that the client raises; `TimeoutError` is an `OSError`."""


class NatsTransport:
    """A `Transport`; its methods are documented there. The URL may hold a password."""

    max_bytes = MAX_BYTES

    def __init__(self, url: str, installation: Callable[[], Awaitable[str]]) -> None:
        self._url = url
        self._installation = installation
        self._subject = ""
        self._client: Client | None = None

    async def send(self, payloads: Sequence[bytes]) -> None:
        """See `Transport.send`."""
        if self._client is None:
            raise BusUnavailableError("there is no connection to NATS")
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                for payload in payloads:
                    await self._client.publish(self._subject, payload)
        except _ERRORS as error:
            raise _unavailable(error) from error

    async def listen(self, heard: Heard, connected: Callable[[], None]) -> None:
        """See `Transport.listen`."""
        self._subject = self._subject or f"callscribe.{await self._installation()}"
        lost = asyncio.Event()
        client = Client()
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await self._open(client, heard, lost)
            self._client = client
            connected()
            await lost.wait()
        except _ERRORS as error:
            raise _unavailable(error) from error
        finally:
            self._client = None
            await client.close()
        raise BusUnavailableError("the connection to NATS was closed")

    async def close(self) -> None:
        """See `Transport.close`."""

    async def _open(self, client: Client, heard: Heard, lost: asyncio.Event) -> None:
        async def hear(message: Msg) -> None:
            heard(message.data)

        await _connect(client, self._url, lost)
        await client.subscribe(self._subject, cb=hear, pending_bytes_limit=MAX_WAITING_BYTES)
        await _subscribed(client, f"{self._subject}.{uuid4().hex}")


async def _connect(client: Client, url: str, lost: asyncio.Event) -> None:
    faults: list[Exception] = []

    async def keep(error: Exception) -> None:  # what matters is raised, or ends the connection
        faults[:] = [error]

    async def note_lost() -> None:
        lost.set()

    try:
        await client.connect(
            url,
            name="callscribe",
            allow_reconnect=False,
            max_reconnect_attempts=1,  # none at all would be without end
            reconnect_time_wait=0,
            connect_timeout=CONNECT_TIMEOUT_S,
            ping_interval=BEAT_S,
            error_cb=keep,
            closed_cb=note_lost,
            disconnected_cb=note_lost,
        )
    except nats.errors.NoServersError as error:
        raise (faults or [error])[0] from error


async def _subscribed(client: Client, own_subject: str) -> None:
    """Return once the server has taken the subscriptions so far, by hearing itself behind them.

    The client's `flush` may return before: it writes its PING past what waits to be written.
    """
    echo = await client.subscribe(own_subject, max_msgs=1)
    await client.publish(own_subject)
    await echo.next_msg(ANSWER_TIMEOUT_S)
    await echo.unsubscribe()


def _unavailable(error: Exception) -> BusUnavailableError:
    # only the server's own words are sure not to repeat the URL
    told = str(error) if type(error) is nats.errors.Error else type(error).__name__
    return BusUnavailableError(f"NATS does not answer: {told}")
