"""`/webhooks/telnyx`: verify, parse, tell, answer."""

import asyncio
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

import structlog
from aiohttp import web
from nacl.signing import VerifyKey

from service.calls.inputs import LegAnswered
from service.clocks import CarrierClock
from service.errors import BadInputError, DrainingError, ForgedInputError, JournalUnavailableError
from service.ingress.counters import IngressCounters
from service.ingress.forgeries import ForgeryLimiter
from service.ingress.log_throttle import LogThrottle
from service.ingress.skew import SkewWatch
from service.ports import Calls, Tee
from service.web.answers import problem
from service.web.bodies import read_body
from service.web.connections import client_of, vouch
from service.web.forwarded import site_of
from service.wire.texml import FORM, parse_callback
from service.wire.webhooks import Ignored, parse_webhook

log = structlog.get_logger()

PATH = "/webhooks/telnyx"
MAX_BODY_BYTES = 256 * 1024
_RETRY_AFTER_S = 1
_SENT_WITHIN_S = 2.0
"""How much later than its stamp a webhook may say it occurred, and be believed."""


class WebhookRoute:
    """Takes Telnyx's webhooks, and while the service drains too: live calls still hang up.

    2xx once what must survive is committed, and for events nobody reads; 400, 401, 405 or 413 for
    what is no webhook of ours, and Telnyx does not send it again; 503 when the journal did not
    take it, and Telnyx does. Whoever keeps sending forgeries is answered 429 before anything is
    read. `keys` are the account's public keys, two while rotating; `tee` is
    given all that is genuine; `clock` gives Unix seconds, `ticks` (the loop's, unless given)
    seconds that never jump.
    """

    def __init__(
        self,
        calls: Calls,
        keys: Sequence[VerifyKey],
        *,
        counters: IngressCounters | None = None,
        clock: Callable[[], float] = time.time,
        network: CarrierClock | None = None,
        tee: Tee | None = None,
        ticks: Callable[[], float] | None = None,
    ) -> None:
        self.counters = counters or IngressCounters()
        self._calls = calls
        self._tee = tee
        self._network = network or CarrierClock(clock)
        self._signature = SkewWatch(keys, self._network)
        self._clock = clock
        self._refusals = LogThrottle()
        self._forgeries = ForgeryLimiter()
        self._ticks = ticks or _loop_time

    def add_to(self, app: web.Application) -> None:
        """Serve `POST /webhooks/telnyx`, and tell a GET that it should be a POST."""
        app.router.add_post(PATH, self._post)
        app.router.add_get(PATH, self._get)

    async def _post(self, request: web.Request) -> web.Response:
        outcome, answer = await self._take(request)
        self.counters.webhooks[outcome] += 1
        return answer

    async def _get(self, request: web.Request) -> web.Response:
        """Answer a webhook in a query string (`webhook_url_method: GET`), or a curious person."""
        self.counters.webhooks["by_get"] += 1
        if request.query_string:
            log.warning("webhook_sent_by_get")
        return problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "Telnyx's webhooks are taken here by POST: set the webhook URL method of the Telnyx "
            "application, or of the command, to POST.",
            headers={"Allow": "POST"},
        )

    async def _take(self, request: web.Request) -> tuple[str, web.Response]:
        stranger = site_of(client_of(request))
        if not self._forgeries.allows(stranger, self._ticks()):
            return "limited", problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Too many forged webhooks came from this address.",
                headers={"Retry-After": str(_RETRY_AFTER_S)},
            )
        try:
            body = await _read_body(request)
            if body is None:
                return "too_large", problem(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    f"A webhook has at most {MAX_BODY_BYTES} bytes.",
                )
            return await self._tell(request, body), web.Response()
        except ForgedInputError as error:
            self._forgeries.forged(stranger, self._ticks())
            self._log_refusal(error)
            return "forged", problem(HTTPStatus.UNAUTHORIZED, f"Not from Telnyx: {error}.")
        except BadInputError as error:
            self._log_refusal(error)
            return "bad", problem(HTTPStatus.BAD_REQUEST, f"Not a webhook: {error}.")
        except (DrainingError, JournalUnavailableError) as error:
            log.warning("webhook_not_taken", reason=str(error))
            return "unavailable", problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Nothing was stored: send it again.",
                headers={"Retry-After": str(_RETRY_AFTER_S)},
            )

    async def _tell(self, request: web.Request, body: bytes) -> str:
        stamp = self._signature.verify(request.headers, body, now=self._clock())
        vouch(request, sender=True)
        self._forgeries.genuine(site_of(client_of(request)))
        self._network.observe_second(stamp)
        if self._tee is not None:
            await self._tee.keep(body, request.headers)
        now = self._network()
        parse = parse_callback if request.content_type == FORM else parse_webhook
        webhook = parse(body, now)
        if isinstance(webhook, Ignored):
            log.debug("webhook_ignored", event_type=webhook.event_type, reason=webhook.reason)
            return webhook.reason
        if webhook.occurred_at != now and webhook.occurred_at < stamp + _SENT_WITHIN_S:
            self._network.observe(webhook.occurred_at)  # more exact: a stamp has whole seconds
            if isinstance(webhook, LegAnswered):
                self._network.observe_answer(webhook.leg_id, webhook.occurred_at)
        await self._calls.tell(webhook)
        return "accepted"

    def _log_refusal(self, error: BadInputError) -> None:
        if self._refusals.is_due(self._clock()):
            log.warning("webhook_refused", reason=str(error), hint="the metrics count the others")


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


async def _read_body(request: web.Request) -> bytes | None:
    """Return the raw body, or None once it is known to be too large.

    Raises:
        BadInputError: It broke off, or its chunks are no chunks.
    """
    try:
        return await read_body(request, MAX_BODY_BYTES)
    except (ConnectionError, web.RequestPayloadError) as error:
        raise BadInputError("the body broke off") from error
