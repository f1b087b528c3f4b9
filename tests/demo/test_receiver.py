"""The receiver at the end of the line."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp
import pytest
from standardwebhooks import Webhook

from service.demo.receiver import PATH, Receipt, Receiver, open_receiver
from tests.waiting import until
from tests.wire import builders as golden


def signed(receiver: Receiver, webhook_id: str, body: bytes) -> dict[str, str]:
    """Return the headers that the delivery room would send."""
    now = datetime.now(UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(receiver.secret).sign(webhook_id, now, body.decode()),
    }


async def post(receiver: Receiver, body: bytes, headers: Mapping[str, str]) -> int:
    """Deliver once and return the status."""
    async with (
        aiohttp.ClientSession() as client,
        client.post(receiver.url, data=body, headers=headers) as response,
    ):
        return response.status


async def test_signed_events_are_kept_in_the_order_in_which_they_came() -> None:
    """Each is shown once, with when it occurred and when it came."""
    shown: list[Receipt] = []
    events = golden.bodies()

    async with open_receiver(shown.append, now=lambda: 1_795_341_612.0) as receiver:
        for kind in ("transcript.partial", "transcript.final"):
            status = await post(receiver, events[kind], signed(receiver, kind, events[kind]))
            assert status == 204

    assert shown == receiver.receipts
    assert [receipt.type for receipt in shown] == ["transcript.partial", "transcript.final"]
    assert shown[1].data["text"] == golden.FINAL.text
    assert shown[1].received_at - shown[1].occurred_at == pytest.approx(0.88, abs=0.001)


async def test_an_event_that_comes_again_is_counted_and_dropped() -> None:
    """The promise is at least once, and the id is the same."""
    body = golden.bodies()["call.answered"]

    async with open_receiver(lambda _: None) as receiver:
        headers = signed(receiver, "evt-1", body)
        statuses = [await post(receiver, body, headers) for _ in range(2)]

    assert statuses == [204, 204]
    assert (len(receiver.receipts), receiver.repeated) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "no comma"},
        {"webhook-signature": "v1,not base64"},
        {"webhook-timestamp": "1000000000"},
        {"webhook-timestamp": "1e999"},
        {"webhook-id": "another"},
        {"webhook-id": ""},
    ],
)
async def test_what_is_not_signed_is_refused(change: dict[str, str]) -> None:
    """401 and a count, and nothing of it is kept."""
    body = golden.bodies()["call.answered"]

    async with open_receiver(lambda _: None) as receiver:
        status = await post(receiver, body, signed(receiver, "evt-1", body) | change)

    assert status == 401
    assert (receiver.forged, receiver.receipts) == (1, [])


async def test_a_body_that_is_no_text_is_refused() -> None:
    """Bytes that are not UTF-8 cannot have been signed by us."""
    body = golden.bodies()["call.answered"]

    async with open_receiver(lambda _: None) as receiver:
        status = await post(receiver, b"\xff" + body, signed(receiver, "evt-1", body))

    assert status == 401


async def test_a_body_that_breaks_off_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """A service that was killed while it sent is no fault of the receiver's."""
    async with open_receiver(lambda _: None) as receiver:
        parts = urlsplit(receiver.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        writer.write(head.encode() + b"Content-Length: 9\r\n\r\nhalf")
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await until(lambda: receiver.forged == 1)

    assert [one for one in caplog.records if one.exc_info] == []


async def test_completion_is_told_to_whoever_waits_for_it() -> None:
    """The demo waits for `transcript.completed`."""
    body = golden.bodies()["transcript.completed"]

    async with open_receiver(lambda _: None) as receiver:
        assert not receiver.completed.is_set()
        await post(receiver, body, signed(receiver, "evt-9", body))

        assert receiver.completed.is_set()


async def test_a_full_receiver_leaves_the_event_with_the_sender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """503, so that it comes again, and memory has a bound."""
    monkeypatch.setattr("service.demo.receiver.MAX_RECEIPTS", 1)
    body = golden.bodies()["call.answered"]

    async with open_receiver(lambda _: None) as receiver:
        statuses = [
            await post(receiver, body, signed(receiver, webhook_id, body))
            for webhook_id in ("evt-1", "evt-2", "evt-1")
        ]

    assert statuses == [204, 503, 204]
