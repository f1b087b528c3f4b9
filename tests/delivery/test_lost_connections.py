"""Attempts that nobody saw: over a connection that had gone, or for want of a descriptor."""

import pytest

from service.delivery.webhook import open_webhook
from service.errors import HostUnavailableError, KeptConnectionLostError, NoDescriptorError
from service.ports import Delivery
from tests.delivery.builders import webhook
from tests.delivery.peers import open_receiver
from tests.raw_server import open_raw_server
from tests.test_descriptors import no_descriptors

DELIVERY = Delivery("evt_c1_1", "call.started", b'{"type": "call.started"}')


async def test_what_a_kept_connection_was_lost_over_is_no_fault_of_the_host() -> None:
    """Its receiver hung up after an answer without saying that it would."""
    async with (
        open_raw_server(b"HTTP/1.1 204 No Content\r\n\r\n", answers=1) as receiver,
        open_webhook(webhook(receiver.origin)) as sink,
    ):
        await sink.deliver(DELIVERY)
        with pytest.raises(KeptConnectionLostError):
            await sink.deliver(DELIVERY)

        assert await sink.deliver(DELIVERY) == 204


async def test_a_new_connection_that_is_lost_is_a_failure() -> None:
    """Whoever hangs up on everything is asked once."""
    async with (
        open_raw_server(answers=0) as receiver,
        open_webhook(webhook(receiver.origin)) as sink,
    ):
        with pytest.raises(HostUnavailableError):
            await sink.deliver(DELIVERY)

        assert receiver.requests == 1


async def test_what_cannot_be_tried_for_want_of_descriptors_is_no_fault_of_the_host() -> None:
    """Nor is a name that cannot be looked up for want of them."""
    async with (
        open_receiver() as receiver,
        open_webhook(webhook(receiver.url)) as sink,
        open_webhook(webhook("http://nobody.example:9/")) as named,
    ):
        with no_descriptors():
            for one in (sink, named):
                with pytest.raises(NoDescriptorError):
                    await one.deliver(DELIVERY)
        await sink.deliver(DELIVERY)

        assert len(receiver.received) == 1
