"""Tries a receiver of webhooks with everything that may come, and says what it mishandles."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import msgspec
from standardwebhooks.webhooks import Webhook

from service.calls.events import CallAnswered, CallEnded, CallStarted, Event, TranscriptErased
from service.calls.turn import Fact
from service.errors import SettingsError
from service.ids import CallId, LegId
from service.tasks import open_tasks
from service.wire.events import delivery_id, encode

TIMEOUT_S: Final = 10.0
SLOW_S: Final = 3.0
"""An answer that takes longer comes so late that words pile up."""
OLD_S: Final = 3600.0
_DRIP_S = 0.25
_DRIPS = 8
_OK, _NOT_OK = 200, 300
_BROKEN = 500
_RETRY_AFTER_S = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Message:
    """One event as it would be delivered."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver did with a request; `status` None: it did not answer in time, or at all."""

    status: int | None
    took_s: float

    @property
    def taken(self) -> bool:
        """Whether it took the event."""
        return self.status is not None and _OK <= self.status < _NOT_OK

    def __str__(self) -> str:
        """Say it in words."""
        return "did not answer" if self.status is None else f"answered {self.status}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was done, and what is wrong, if anything."""

    check: str
    problem: str | None


class Receiver:
    """A client that talks to the receiver under test."""

    def __init__(self, url: str, secret: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self.signer = Webhook(secret)
        self._session = session

    async def send(
        self,
        message: Message,
        *,
        age_s: float = 0.0,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        drips: int = 0,
    ) -> Answer:
        """Send a signed message; `body` is sent in place of the one that was signed."""
        sent = message.body if body is None else body
        told = signed(message, self.signer, age_s) | dict(headers or {})
        data = _dripping(sent, drips) if drips else sent
        if drips:
            told["Content-Length"] = str(len(sent))
        began = time.perf_counter()
        status: int | None = None
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            posting = self._session.post(self._url, data=data, headers=told, allow_redirects=False)
            async with posting as response:
                status = response.status
        return Answer(status, time.perf_counter() - began)

    async def abort(self, message: Message) -> None:
        """Begin to send a message, and hang up in the middle of its body."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * _DRIP_S):
                await self.send(message, drips=10 * _DRIPS)


def signed(message: Message, signer: Webhook, age_s: float) -> dict[str, str]:
    """Return the headers of a delivery that was signed so long ago."""
    at = int(time.time() - age_s)
    when = datetime.fromtimestamp(at, UTC)
    return {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(at),
        "webhook-signature": signer.sign(message.id, when, message.body.decode()),
    }


async def certify(url: str, secret: str) -> list[Finding]:
    """Try a receiver with everything that may come; return a finding for each check.

    Raises:
        SettingsError: The secret cannot be used.
    """
    check_secret(secret)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        receiver = Receiver(url, secret, session)
        return [Finding(name, await check(receiver)) for name, check in _CHECKS.items()]


def check_secret(secret: str) -> None:
    """See that it is a secret.

    Raises:
        SettingsError: It is not.
    """
    try:
        Webhook(secret)
    except Exception:  # noqa: BLE001 - the package raises bare errors, and their text has the secret
        raise SettingsError(["secret should be whsec_ and base64"]) from None


async def _genuine(receiver: Receiver) -> str | None:
    for message in _call("genuine"):
        answer = await _with_retries(receiver, message)
        if not answer.taken:
            return f"it {answer}: answer any 2xx once you have the event"
        if answer.took_s > SLOW_S:
            return f"it took {answer.took_s:.1f} s: answer first, and work afterwards"
    return None


async def _retried(receiver: Receiver) -> str | None:
    message = next(_call("retried"))
    first = await _with_retries(receiver, message)
    again = await receiver.send(message)
    if not first.taken:
        return f"it {first} to the first of them"
    if not again.taken:
        return f"it {again} to an event that it had: take it again, and drop it by webhook-id"
    return None


async def _forged(receiver: Receiver) -> str | None:
    message = next(_call("forged"))
    forged = signed(message, Webhook(b"somebody else's"), 0.0)
    answer = await receiver.send(message, headers=forged)
    return _not_refused(answer, "signed with another secret")


async def _tampered(receiver: Receiver) -> str | None:
    message = next(_call("tampered"))
    answer = await receiver.send(message, body=message.body.replace(b"incoming", b"outgoing"))
    return _not_refused(answer, "changed on its way")


async def _unsigned(receiver: Receiver) -> str | None:
    answer = await receiver.send(next(_call("unsigned")), headers={"webhook-signature": ""})
    return _not_refused(answer, "not signed")


async def _old(receiver: Receiver) -> str | None:
    answer = await receiver.send(next(_call("old")), age_s=OLD_S)
    return _not_refused(answer, "an hour old: whoever saw it once may repeat it for ever")


async def _rotated(receiver: Receiver) -> str | None:
    message = next(_call("rotated"))
    signature = signed(message, receiver.signer, 0.0)["webhook-signature"]
    both = f"v1,{'A' * 43}= {signature}"
    answer = await receiver.send(message, headers={"webhook-signature": both})
    return None if answer.taken else f"it {answer}: one signature of several that fits is enough"


async def _interleaved(receiver: Receiver) -> str | None:
    one, other = list(_call("one")), list(_call("other"))
    for message in (one[0], other[0], other[1], one[1], other[2], one[2]):
        answer = await _with_retries(receiver, message)
        if not answer.taken:
            return f"it {answer}: calls are in order each, and not among each other"
    return None


async def _unknown_type(receiver: Receiver) -> str | None:
    message = next(_call("type"))
    body = message.body.replace(b"call.started", b"call.something_new")
    answer = await receiver.send(Message(message.id, body))
    return None if answer.taken else f"it {answer}: take types that you do not know, and drop them"


async def _unknown_field(receiver: Receiver) -> str | None:
    message = next(_call("field"))
    event: dict[str, Any] = msgspec.json.decode(message.body)
    event["something_new"] = {"a": [1]}
    event["data"]["something_new"] = "b"
    answer = await receiver.send(Message(message.id, msgspec.json.encode(event)))
    return None if answer.taken else f"it {answer}: fields are added; skip those you do not know"


async def _replayed(receiver: Receiver) -> str | None:
    call = list(_call("replayed"))
    for message in (*call, *call):
        answer = await _with_retries(receiver, message)
        if not answer.taken:
            return f"it {answer} to a replay of what it had: take it again, and drop it"
    return None


async def _erased(receiver: Receiver) -> str | None:
    call_id = CallId(f"certify-erased-{time.time_ns()}")
    message = _message(call_id, 1, TranscriptErased(reason="retention"))
    answer = await receiver.send(message)
    return None if answer.taken else f"it {answer} to transcript.erased, which comes by itself"


async def _slow(receiver: Receiver) -> str | None:
    slow, quick = next(_call("slow")), next(_call("quick"))
    async with open_tasks() as tasks:
        dripping = tasks.start(receiver.send(slow, drips=_DRIPS), "slow_sender")
        await asyncio.sleep(_DRIP_S)
        answer = await receiver.send(quick)
        if not answer.taken or answer.took_s > SLOW_S / 2:
            return f"it {answer} after {answer.took_s:.1f} s: a slow sender holds all others up"
        slowly = await dripping
    return None if slowly.taken else f"it {slowly} to a body that came slowly"


async def _aborted(receiver: Receiver) -> str | None:
    message = next(_call("aborted"))
    await receiver.abort(message)
    answer = await receiver.send(message)
    if answer.taken:
        return None
    return f"it {answer} to an event whose first attempt broke off: only what is whole is had"


_CHECKS: Final[dict[str, Callable[[Receiver], Awaitable[str | None]]]] = {
    "a call's events, signed": _genuine,
    "the same event twice": _retried,
    "a signature of somebody else": _forged,
    "a body that was changed": _tampered,
    "no signature": _unsigned,
    "an old time stamp": _old,
    "two signatures, as while secrets rotate": _rotated,
    "two calls at once": _interleaved,
    "a type that nobody knows yet": _unknown_type,
    "fields that nobody knows yet": _unknown_field,
    "a call that is replayed": _replayed,
    "an erasure": _erased,
    "a slow sender, beside a quick one": _slow,
    "a sender that hangs up in the middle": _aborted,
}


def _not_refused(answer: Answer, what: str) -> str | None:
    if not answer.taken and answer.status is not None:
        return None
    return f"it {answer} to a request that was {what}: answer {HTTPStatus.UNAUTHORIZED.value}"


async def _with_retries(receiver: Receiver, message: Message) -> Answer:
    """Send a message again, as the service does, while the receiver answers 5xx or nothing."""
    answer = await receiver.send(message)
    for wait_s in _RETRY_AFTER_S:
        if answer.status is not None and answer.status < _BROKEN:
            break
        await asyncio.sleep(wait_s)
        answer = await receiver.send(message)
    return answer


def _call(name: str) -> Iterator[Message]:
    """Yield a short call, as it would be delivered."""
    call_id, leg = CallId(f"certify-{name}-{time.time_ns()}"), LegId("v3:certify")
    started = CallStarted(
        leg=leg, direction="incoming", from_="+15555550100", to="+15555550199", connection_id=None
    )
    ended = CallEnded(leg=leg, cause=None, ended_by=None, sip_code=None, duration_ms=0)
    events: tuple[Event, ...] = (started, CallAnswered(leg=leg), ended)
    for seq, event in enumerate(events, start=1):
        yield _message(call_id, seq, event)


def _message(call_id: CallId, seq: int, event: Event) -> Message:
    now = time.time()
    fact = Fact(
        call_id=call_id,
        seq=seq,
        after_seq=seq - 1,
        event=event,
        occurred_at=now,
        answered_at=None,
        metadata={},
    )
    return Message(delivery_id(call_id, seq), encode(fact, now=now))


async def _dripping(body: bytes, drips: int) -> Any:  # noqa: ANN401 - what aiohttp takes
    size = max(1, len(body) // drips)
    for start in range(0, len(body), size):
        yield body[start : start + size]
        await asyncio.sleep(_DRIP_S)
