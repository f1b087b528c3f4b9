"""The receiver: what it takes, and what it refuses."""

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import urlsplit

import aiohttp
import pytest
from standardwebhooks import Webhook

from service.errors import SettingsError
from service.simulator.words.receiver import (
    MAX_BODY_BYTES,
    WordLimits,
    WordReceiver,
    open_word_receiver,
)
from tests.waiting import until

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
FINAL = {"call_id": "c", "role": "agent", "text": "a1", "seq": 1}


async def post(
    receiver: WordReceiver, body: bytes, headers: Mapping[str, str] | None = None
) -> int:
    """Post a body; return the status."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(receiver.url + "any/path", data=BytesIO(body), headers=headers) as reply,
    ):
        return reply.status


def encoded(event: object) -> bytes:
    """Return the body of an event."""
    return json.dumps(event).encode()


async def test_finals_are_kept_and_one_that_comes_again_is_not() -> None:
    """It has the same number; without a number, each is one of its own."""
    async with open_word_receiver() as receiver:
        unnumbered = {**FINAL, "seq": None}
        for event in (FINAL, FINAL, {**FINAL, "seq": 2}, unnumbered, unnumbered):
            assert await post(receiver, encoded(event)) == 204

        assert len(receiver.records) == 4
        assert (receiver.posts, receiver.repeated) == (5, 1)


async def test_only_what_is_signed_is_taken_where_there_is_a_secret() -> None:
    """With it, and now."""
    body = encoded(FINAL)
    now = datetime.now(UTC)
    headers = {"webhook-id": "x", "webhook-timestamp": str(int(now.timestamp()))}
    signed = {**headers, "webhook-signature": Webhook(SECRET).sign("x", now, body.decode())}
    async with open_word_receiver(secret=SECRET) as receiver:
        assert await post(receiver, body, signed) == 204
        assert await post(receiver, body + b" ", signed) == 401
        assert await post(receiver, body, {**signed, "webhook-signature": "v1,?"}) == 401
        assert await post(receiver, body) == 401

        assert (len(receiver.records), receiver.forged) == (1, 3)


async def test_what_cannot_be_read_is_refused_and_counted() -> None:
    """And nothing of it is kept."""
    async with open_word_receiver() as receiver:
        assert await post(receiver, b"hello") == 400
        assert await post(receiver, b" " * (MAX_BODY_BYTES + 1)) == 413

        assert (receiver.records, receiver.unreadable, receiver.refused) == ([], 1, 1)


async def test_it_is_full_at_some_time() -> None:
    """Of words, and of posts; what has no words needs no room."""
    body = encoded(FINAL)
    async with open_word_receiver(limits=WordLimits(posts=3, kept_bytes=len(body))) as receiver:
        answers = [await post(receiver, one) for one in (body, body, b"[]", b"[]")]

    assert answers == [204, 503, 204, 503]
    assert receiver.refused == 2


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    """A few seconds, and no more."""
    async with open_word_receiver(limits=WordLimits(body_s=0.05)) as receiver:
        parts = urlsplit(receiver.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()

    assert b" 408 " in answer


async def test_a_body_that_breaks_off_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """Who was killed while it sent is no fault of the receiver's, and none is logged."""
    async with open_word_receiver() as receiver:
        parts = urlsplit(receiver.url)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
        await until(lambda: receiver.posts == 1)
        writer.close()
        await until(lambda: receiver.refused == 1)

    assert [one for one in caplog.records if one.exc_info] == []


async def test_a_secret_that_is_none_is_told() -> None:
    """Without quoting it."""
    with pytest.raises(SettingsError) as failure:
        async with open_word_receiver(secret="whsec_ä"):
            pass

    assert "ä" not in str(failure.value)


async def test_it_waits_for_what_completes_a_call_and_not_for_ever() -> None:
    """Until something is so, or the time is over."""
    async with open_word_receiver() as receiver:
        assert not await receiver.until(lambda: bool(receiver.records), 0.01)
        async with asyncio.TaskGroup() as tasks:
            waits = tasks.create_task(receiver.until(lambda: bool(receiver.records), 30))
            await post(receiver, encoded({"type": "transcript.completed"}))
        assert waits.result()
