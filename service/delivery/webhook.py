"""The webhook sink: one signed POST for each delivery, by the Standard Webhooks specification."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver

from service import __version__
from service.delivery.endpoints import Endpoint
from service.delivery.signing import Secrets
from service.delivery.url_policy import url_problem
from service.descriptors import are_all_taken, is_out_of_descriptors
from service.errors import (
    DeliveryError,
    EndpointGoneError,
    HostUnavailableError,
    KeptConnectionLostError,
    NoDescriptorError,
    PermanentDeliveryError,
    SettingsError,
    TemporaryDeliveryError,
)
from service.name_lookup import open_name_lookup
from service.net import guarded_connector, url_as_written
from service.patience import KeptConnectionError, post_patiently, used_connections
from service.ports import Delivery
from service.reasons import connection_fault
from service.retry import is_retriable, parse_retry_after

_CONNECT_TIMEOUT_S = 3.0
_DISCARD_TIMEOUT_S = 1.0
_DISCARD_BYTES = 16 * 1024
_KEPT_BYTES = 1024
_KEEPALIVE_S = 4.0
"""Below the 5 s after which common servers hang up: a POST must not race with their close."""
_OK, _NOT_OK = 200, 300
_OF_THE_HOST = frozenset({429, 502, 503, 504})
"""What a host, or the gateway before it, answers to whatever comes."""


class WebhookSink:
    """A receiver of signed POSTs. Made by `open_webhook`."""

    def __init__(
        self,
        endpoint: Endpoint,
        secrets: Secrets,
        session: aiohttp.ClientSession,
        clock: Callable[[], float],
    ) -> None:
        self._url = url_as_written(endpoint.url or "")
        self._headers = {**endpoint.headers, "Content-Type": "application/json"}
        self._endpoint = endpoint.name
        self._as_array = endpoint.batch > 1
        self._timeout_s = endpoint.timeout_s
        self._secrets = secrets
        self._session = session
        self._clock = clock
        self._second, self._when = 0, datetime.fromtimestamp(0, UTC)

    async def deliver(self, delivery: Delivery) -> int:
        """POST the body, byte for byte, and return its status when a 2xx came back.

        An endpoint with a `batch` above 1 gets an array, of one event or more.

        `webhook-id` is the delivery's; `webhook-timestamp` and with it the signature are this
        attempt's. With `secret_previous` or `signing_key` there are several signatures. Redirects
        are not followed. Of what the receiver says beyond its status and `Retry-After`, 16 KiB at
        most are read, and 1 KiB kept if it refused.

        Raises:
            EndpointGoneError: 410.
            PermanentDeliveryError: 3xx, and 4xx other than 408, 425 and 429.
            HostUnavailableError: 429, 502, 503 and 504, no answer within the endpoint's
                `timeout_s` and no connection within 3 s (that we stood still counts for neither),
                or an address that may not be dialled (a name server may be put right).
                `retry_after_s` is at most an hour.
            KeptConnectionLostError: A connection that had been used before was lost.
            NoDescriptorError: Nothing was tried, as this process has no descriptor left.
            TemporaryDeliveryError: Any other status. `retry_after_s` as above.
        """
        body = b"[%b]" % delivery.body if self._as_array else delivery.body
        headers = self._signed(delivery, body)
        try:
            response = await post_patiently(
                self._session, self._url, self._timeout_s, body=body, headers=headers
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _no_answer(error) from None
        said = await _read_a_little(response)
        if not _OK <= response.status < _NOT_OK:
            failure = _failure(response.status, response.headers, self._clock())
            failure.answer = said.decode(errors="replace")
            raise failure
        return response.status

    def _signed(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        second = int(self._clock())
        if second != self._second:
            self._second, self._when = second, datetime.fromtimestamp(second, UTC)
        text = body.decode()
        headers = self._headers.copy()
        headers["webhook-id"] = delivery.id
        headers["webhook-timestamp"] = str(second)
        headers["x-attempt"] = str(delivery.attempt)
        headers["webhook-signature"] = " ".join(
            [
                signer.sign(delivery.id, self._when, text)
                for signer in self._secrets.signers(self._endpoint)
            ]
        )
        if delivery.gap_seqs:
            headers["x-gap-seq"] = ",".join(map(str, delivery.gap_seqs))
        return headers


@asynccontextmanager
async def open_webhook(
    endpoint: Endpoint,
    *,
    clock: Callable[[], float] = time.time,
    max_connections: int = 32,
    resolver: AbstractResolver | None = None,
    secrets: Secrets | None = None,
) -> AsyncIterator[WebhookSink]:
    """Open the sink of a webhook endpoint. `clock` returns Unix seconds.

    Names are looked up by `resolver`, or by look-ups of this sink's own: never by the system's,
    whose few threads Telnyx is reached with, too. Proxies of the environment are ignored, cookies
    are not kept. `secrets` holds the endpoint's and may change; without it, they are as they are.

    Raises:
        SettingsError: The URL may not be used, or the secret is missing or not base64.
    """
    problem = url_problem(
        endpoint.url or "", allow_private=endpoint.allow_private, ports=endpoint.ports
    )
    if problem is not None:
        raise SettingsError([f"endpoint {endpoint.name}: url {problem}"])
    if secrets is None:
        secrets = Secrets()
        secrets.replace([endpoint])
    async with AsyncExitStack() as stack:
        connector = guarded_connector(
            allow_private=endpoint.allow_private,
            limit=max_connections,
            keepalive_s=_KEEPALIVE_S,
            resolver=resolver or await stack.enter_async_context(open_name_lookup()),
        )
        session = await stack.enter_async_context(_session(connector))
        yield WebhookSink(endpoint, secrets, session, clock)


def _session(connector: aiohttp.BaseConnector) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(
        total=None,  # `post_patiently` has it
        sock_connect=_CONNECT_TIMEOUT_S,
        ceil_threshold=math.inf,  # or 10 s might become 11
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers={"User-Agent": f"Callscribe/{__version__}"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        trace_configs=[used_connections()],
    )


def _no_answer(error: Exception) -> DeliveryError:
    """Return what it means that there was none; the text and causes may quote what was sent."""
    if isinstance(error, TimeoutError):
        return HostUnavailableError("no answer in time")
    if isinstance(error, KeptConnectionError):
        return KeptConnectionLostError("no answer: the connection was lost")
    began = not isinstance(error, aiohttp.ClientConnectorError)
    if is_out_of_descriptors(error) or (not began and are_all_taken()):
        return NoDescriptorError("not tried: no file descriptor is left")
    return HostUnavailableError(f"no answer: {connection_fault(error)}")


def _failure(status: int, headers: Mapping[str, str], now: float) -> DeliveryError:
    text = f"answered {status}"
    if status == HTTPStatus.GONE:
        return EndpointGoneError(text, status=status)
    if is_retriable(status):
        retry_after_s = parse_retry_after(headers.get("Retry-After"), now)
        kind = HostUnavailableError if status in _OF_THE_HOST else TemporaryDeliveryError
        return kind(text, status=status, retry_after_s=retry_after_s)
    return PermanentDeliveryError(text, status=status)


async def _read_a_little(response: aiohttp.ClientResponse) -> bytes:
    """Read a little of the body so that the connection can be used again; never fails for it.

    The status has been said already: a receiver that dawdles over its body had the delivery.
    Returns the beginning of what it said.
    """
    left, said, content = _DISCARD_BYTES, b"", response.content
    try:
        if content.at_eof():  # nearly always
            return said
        async with asyncio.timeout(_DISCARD_TIMEOUT_S):
            while left > 0 and (chunk := await content.read(left)):
                left -= len(chunk)
                said += chunk[: _KEPT_BYTES - len(said)]
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
        pass
    finally:
        if response.connection is not None:  # what was read to its end has let go of it
            response.release()
    return said
