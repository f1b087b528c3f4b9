"""Delivering webhooks as Telnyx does: signed, 2 s to answer, retried, with attempts counted."""

import asyncio
from collections.abc import Callable
from urllib.parse import urljoin

import aiohttp
import structlog
from nacl.signing import SigningKey

from service.simulator.legs.timeline import Timeline
from service.simulator.legs.webhook_queue import Happening, Letter, Outbox
from service.simulator.report import History, WebhookAttempt, WebhookFate
from service.simulator.scenario.fault_settings import WebhookSettings
from service.wire.signature import sign

log = structlog.get_logger()

USER_AGENT = "telnyx-webhooks"
MAX_REDIRECTS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
_RETRIED = {408, 429}
_SERVER_ERROR = 500


class Poster:
    """Makes single attempts. One for all calls.

    Source of the rules: Telnyx, "Receiving Webhooks" and "Webhook fundamentals".
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        key: SigningKey,
        settings: WebhookSettings,
        wall: Callable[[], float],
        history: History,
    ) -> None:
        self._http = http
        self._key = key
        self._settings = settings
        self._wall = wall
        self._history = history

    async def attempt(self, leg_id: str, letter: Letter) -> int | None:
        """POST a letter once; return the status, or None if no answer came in time."""
        url = letter.urls[0]
        underscores = self._settings.event_names == "underscores"
        body = letter.happening.body(attempt=letter.attempt, url=url, underscores=underscores)
        entry = WebhookAttempt(
            leg_id, letter.happening.event_type, letter.happening.id, letter.attempt, url, body
        )
        self._history.note(entry)
        headers = self._headers(letter, body)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                entry.status = await self._post(url, body, headers)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.debug("webhook_unanswered", error=type(error).__name__)
        return entry.status

    def _headers(self, letter: Letter, body: bytes) -> dict[str, str]:
        now = int(self._wall())
        if letter.stamp_s is None or self._settings.resign_retries:
            letter.stamp_s = now
        signature = sign(self._key, body, letter.stamp_s)
        return {"content-type": "application/json", "user-agent": USER_AGENT, **signature}

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


class Postman:
    """Delivers one call's letters, one at a time unless the settings say otherwise.

    `run` is one task's work; the other methods never wait.
    """

    def __init__(
        self, leg_id: str, outbox: Outbox, timeline: Timeline, poster: Poster, *, concurrent: bool
    ) -> None:
        self._leg_id = leg_id
        self._outbox = outbox
        self._timeline = timeline
        self._poster = poster
        self._concurrent = concurrent
        self._changed = asyncio.Event()
        self._closed = False
        self._fates: dict[Letter, WebhookFate] = {}
        self.fates: list[WebhookFate] = []
        self.tried = asyncio.Event()
        """The first attempt of the call's first webhook has been made."""

    def post(
        self, happening: Happening, urls: tuple[str, ...], retries_s: tuple[float, ...]
    ) -> None:
        """Take an event to be delivered."""
        for letter in self._outbox.post(happening, urls, retries_s, self._timeline.now_s()):
            event = letter.happening
            fate = WebhookFate(event.event_type, event.id, event.occurred_at, tuple(letter.faults))
            self.fates.append(fate)
            self._fates[letter] = fate
        self._changed.set()

    def hurry(self) -> None:
        """Look again at what is due: the call's time has moved."""
        if self._outbox:
            self._changed.set()

    def close(self) -> None:
        """Say that nothing more will be posted; `run` returns once all is delivered."""
        self._closed = True
        self._changed.set()

    async def run(self) -> None:
        """Deliver until closed and empty."""
        under_way: set[asyncio.Task[None]] = set()

        def landed(task: asyncio.Task[None]) -> None:
            under_way.discard(task)
            self._changed.set()

        async with asyncio.TaskGroup() as tasks:
            while under_way or self._outbox or not self._closed:
                self._changed.clear()
                letter = self._outbox.pop(self._timeline.now_s())
                if letter is None:
                    await self._wait()
                elif self._concurrent:
                    task = tasks.create_task(self._deliver(letter), name="webhook")
                    under_way.add(task)
                    task.add_done_callback(landed)
                else:
                    await self._deliver(letter)

    async def _wait(self) -> None:
        due_s = self._outbox.next_due_s()
        left_s = None if due_s is None else self._timeline.until_s(due_s)
        try:
            async with asyncio.timeout(left_s):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _deliver(self, letter: Letter) -> None:
        status = await self._poster.attempt(self._leg_id, letter)
        fate = self._fates[letter]
        self.tried.set()
        fate.attempts += 1
        fate.status = status
        fate.acknowledged = status is not None and status // 100 == 2  # noqa: PLR2004 - any 2xx
        if is_retried(status):
            self._outbox.retry(letter, self._timeline.now_s())
