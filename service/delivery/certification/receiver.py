"""The client of a receiver under test: it sends as the service does, or as forgers do."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
from standardwebhooks.webhooks import Webhook

from service import __version__
from service.delivery.signing import Signer
from service.net import url_as_written
from service.patience import Patience, body_of
from service.reasons import connection_fault

TIMEOUT_S: Final = 10.0
_OK, _NOT_OK, _NO_REDIRECT = 200, 300, 400
_BROKEN = 500
_RETRY_AFTER_S = (0.5, 1.0, 2.0)
_NOTICED_S: Final = 0.5
"""So long after a connection was broken off a receiver should have seen it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One request as it would be delivered."""

    id: str
    body: bytes
    headers: Mapping[str, str] | None = None
    """What goes with it beside what goes with each."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver did with a request; `status` None: it did not answer in time, or at all."""

    status: int | None
    took_s: float
    why: str = ""
    """Why there is none."""

    @property
    def taken(self) -> bool:
        """Whether it took the event."""
        return self.status is not None and _OK <= self.status < _NOT_OK

    @property
    def is_redirect(self) -> bool:
        """Whether it said that the event is to go elsewhere."""
        return self.status is not None and _NOT_OK <= self.status < _NO_REDIRECT

    def __str__(self) -> str:
        """Say it in words."""
        return f"did not answer {self.why}" if self.status is None else f"answered {self.status}"


class Receiver:
    """A receiver under test."""

    def __init__(self, url: str, secret: str, session: aiohttp.ClientSession) -> None:
        self._url = url_as_written(url)
        self.signer = Webhook(secret)
        self.has_answered = False
        """Whether it ever did."""
        self.slowest_s = 0.0
        """How long it took to take an event, at most."""
        self._session = session

    async def deliver(self, message: Message) -> Answer:
        """Send a message, and again while the answer is 5xx or none, as the service does."""
        answer = await self.send(message)
        for attempt, wait_s in enumerate(_RETRY_AFTER_S, start=2):
            if answer.status is not None and answer.status < _BROKEN:
                break
            await asyncio.sleep(wait_s)
            answer = await self.send(message, headers={"x-attempt": str(attempt)})
        return answer

    async def send(
        self,
        message: Message,
        *,
        age_s: float = 0.0,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        without: str = "",
        spelt: Callable[[str], str] = str,
        halfway: "Halfway | None" = None,
    ) -> Answer:
        """Send a message once, signed so long ago; below zero, so far ahead.

        `body` is sent in place of the one that was signed, `headers` in place of its own, one of
        them is left out, and all are `spelt` in some way. The second half of the body waits for
        `halfway`.
        """
        sent = message.body if body is None else body
        told = self._headers(message, age_s) | dict(headers or {})
        told.pop(without, None)
        told = {spelt(name): value for name, value in told.items()}
        if halfway is not None:
            told["Content-Length"] = str(len(sent))
            return await self._post(_in_halves(sent, halfway), told)
        answer = await self._post(body_of(sent), told)
        if answer.taken:
            self.slowest_s = max(self.slowest_s, answer.took_s)
        return answer

    async def break_off(self, message: Message) -> None:
        """Begin to send a message, hang up in the middle of its body, and let that be noticed.

        What comes at once may be taken before the receiver knows, and show nothing of what it does
        then.
        """
        halfway = Halfway()
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self.send(message, halfway=halfway), name="broken_off")
            await halfway.reached_by(sending)
            sending.cancel()
        await asyncio.sleep(_NOTICED_S)

    def signed_by(self, signer: Signer, message: Message, age_s: float = 0.0) -> str:
        """Return a signature as it would stand in the header."""
        when = datetime.fromtimestamp(int(time.time() - age_s), UTC)
        return signer.sign(message.id, when, message.body.decode())

    def _headers(self, message: Message, age_s: float) -> dict[str, str]:
        at = int(time.time() - age_s)
        when = datetime.fromtimestamp(at, UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": f"Callscribe/{__version__}",
            "webhook-id": message.id,
            "webhook-timestamp": str(at),
            "webhook-signature": self.signer.sign(message.id, when, message.body.decode()),
            "x-attempt": "1",
            **(message.headers or {}),
        }

    async def _post(self, body: Any, headers: dict[str, str]) -> Answer:  # noqa: ANN401 - what aiohttp takes
        began, status, why = time.perf_counter(), None, ""
        try:
            async with (
                Patience(TIMEOUT_S) as patience,
                self._session.post(
                    self._url, data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                status, self.has_answered = response.status, True
        except TimeoutError:
            why = f"within {TIMEOUT_S:.0f} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = f"({connection_fault(error)})"
        return Answer(status, time.perf_counter() - began - patience.stood_still_s, why)


class Halfway:
    """The middle of a body, where whoever sends it waits until `goes_on` is set."""

    def __init__(self) -> None:
        self.reached, self.goes_on = asyncio.Event(), asyncio.Event()

    async def reached_by(self, sending: "asyncio.Task[Answer]") -> None:
        """Return once the first half is sent, or all is over before that."""
        sending.add_done_callback(lambda _: self.reached.set())
        await self.reached.wait()


async def _in_halves(body: bytes, halfway: Halfway) -> AsyncIterator[bytes]:
    middle = len(body) // 2
    yield body[:middle]
    halfway.reached.set()
    await halfway.goes_on.wait()
    yield body[middle:]
