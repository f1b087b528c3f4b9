"""Delivery of webhooks as Telnyx does it: signed, 2 s to answer, retried, attempts counted."""

import asyncio
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urljoin

import aiohttp
import structlog
from nacl.signing import SigningKey

from service.simulator.legs.timeline import Timeline
from service.simulator.legs.webhook_queue import QueuedWebhook, WebhookEvent, WebhookQueue
from service.simulator.report import DeliveryResult, History, Try, WebhookAttempt
from service.simulator.scenario.carrier_settings import WebhookSettings
from service.wire.signature import sign

log = structlog.get_logger()

USER_AGENT = "telnyx-webhooks"
FORM = "application/x-www-form-urlencoded"
ASK_TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 1024 * 1024
MAX_REDIRECTS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
_RETRIED = {408, 429}
_SERVER_ERROR = 500


class WebhookClient:
    """Makes single attempts. One for all calls.

    Source of the rules: Telnyx, "Receiving Webhooks" and "Webhook fundamentals".
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        key: SigningKey,
        settings: WebhookSettings,
        *,
        clock: Callable[[], float],
        history: History,
    ) -> None:
        self._http = http
        self._key = key
        self._settings = settings
        self._clock = clock
        self._history = history

    async def attempt(self, leg_id: str, webhook: QueuedWebhook) -> int | None:
        """POST a webhook once; return the status, or None if no answer came in time."""
        url = webhook.urls[0]
        underscores = self._settings.event_names == "underscores"
        body = webhook.event.body(attempt=webhook.attempt, url=url, underscores=underscores)
        entry = WebhookAttempt(
            leg_id, webhook.event.event_type, webhook.event.id, webhook.attempt, url, body
        )
        self._history.note(entry)
        headers = self._headers(webhook, body)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                entry.status = await self._post(url, body, headers)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.debug("webhook_unanswered", error=type(error).__name__)
        return entry.status

    async def ask(self, url: str, form: Mapping[str, str]) -> bytes | None:
        """POST a signed form and return what comes back; None if that is no 2xx answer in time."""
        body = urlencode(form).encode()
        stamp_s = int(self._clock() + self._settings.stamp_skew_s)
        headers = {"content-type": FORM, "user-agent": USER_AGENT}
        headers |= sign(self._key, body, stamp_s)
        try:
            async with (
                asyncio.timeout(ASK_TIMEOUT_S),
                self._http.post(url, data=body, headers=headers) as reply,
            ):
                found = await reply.content.read(MAX_ANSWER_BYTES)
                return found if reply.ok else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.debug("document_not_given", error=type(error).__name__)
            return None

    def now(self) -> float:
        """Return the Unix time that is written on things."""
        return self._clock() + self._settings.skew_s

    def _headers(self, webhook: QueuedWebhook, body: bytes) -> dict[str, str]:
        now = int(self._clock() + self._settings.stamp_skew_s)
        if webhook.stamp_s is None or self._settings.resign_retries:
            webhook.stamp_s = now
        signature = sign(self._key, body, webhook.stamp_s)
        return {
            "content-type": webhook.event.content_type,
            "user-agent": USER_AGENT,
            **signature,
        }

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        for hop in range(MAX_REDIRECTS + 1):
            async with self._http.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as reply:
                where = reply.headers.get("location")
                followed = self._settings.follow_redirects and hop < MAX_REDIRECTS
                if reply.status not in _REDIRECTS or not where or not followed:
                    return reply.status
                url = urljoin(url, where)
        raise AssertionError("the last hop always returns")


def is_retried(status: int | None) -> bool:
    """Say whether Telnyx tries again: no answer, 408, 429 and 5xx, but no other 4xx."""
    return status is None or status in _RETRIED or status >= _SERVER_ERROR


class WebhookSender:
    """Delivers one leg's webhooks, one at a time unless `concurrent` is set.

    `run` is one task's work; the other methods never wait.
    """

    def __init__(
        self,
        leg_id: str,
        queue: WebhookQueue,
        timeline: Timeline,
        client: WebhookClient,
        *,
        concurrent: bool,
    ) -> None:
        self._leg_id = leg_id
        self._queue = queue
        self._timeline = timeline
        self._client = client
        self._concurrent = concurrent
        self._changed = asyncio.Event()
        self._closed = False
        self._results: dict[QueuedWebhook, DeliveryResult] = {}
        self.results: list[DeliveryResult] = []
        self.tried = asyncio.Event()
        """Set once the first attempt of the leg's first webhook has been made."""

    def post(
        self, event: WebhookEvent, urls: tuple[str, ...], retries_s: tuple[float, ...]
    ) -> None:
        """Queue an event for delivery."""
        for webhook in self._queue.post(event, urls, retries_s, self._timeline.now_s()):
            sent = webhook.event
            result = DeliveryResult(
                sent.event_type, sent.id, sent.occurred_at, tuple(webhook.faults), sent.payload
            )
            result.over = "dropped" in webhook.faults
            self.results.append(result)
            self._results[webhook] = result
        self._changed.set()

    def wake(self) -> None:
        """Check again what is due: the call's time has moved."""
        if self._queue:
            self._changed.set()

    def close(self) -> None:
        """Expect no more events; `run` returns once all are delivered or given up."""
        self._closed = True
        self._changed.set()

    async def run(self) -> None:
        """Deliver until the sender is closed and its queue empty."""
        in_flight: set[asyncio.Task[None]] = set()

        def landed(task: asyncio.Task[None]) -> None:
            in_flight.discard(task)
            self._changed.set()

        async with asyncio.TaskGroup() as tasks:
            while in_flight or self._queue or not self._closed:
                self._changed.clear()
                webhook = self._queue.pop(self._timeline.now_s())
                if webhook is None:
                    await self._wait()
                elif self._concurrent:
                    task = tasks.create_task(self._deliver(webhook), name="webhook")
                    in_flight.add(task)
                    task.add_done_callback(landed)
                else:
                    await self._deliver(webhook)

    async def _wait(self) -> None:
        due_s = self._queue.next_due_s()
        left_s = None if due_s is None else self._timeline.until_s(due_s)
        try:
            async with asyncio.timeout(left_s):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _deliver(self, webhook: QueuedWebhook) -> None:
        url, began_at = webhook.urls[0], self._client.now()
        status = await self._client.attempt(self._leg_id, webhook)
        result = self._results[webhook]
        self.tried.set()
        result.tries.append(Try(url, began_at, self._client.now(), status))
        result.acknowledged = status is not None and status // 100 == 2  # noqa: PLR2004 - any 2xx
        again = is_retried(status) and self._queue.retry(webhook, self._timeline.now_s())
        result.over = not again
