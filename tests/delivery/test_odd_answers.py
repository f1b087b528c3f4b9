"""Receivers that answer oddly: each is heard, and nothing of it stays open."""

import gc

import pytest

from service.delivery.webhook import open_webhook
from service.errors import DeliveryError, PermanentDeliveryError, TemporaryDeliveryError
from service.ports import Delivery
from tests.delivery.builders import webhook
from tests.odd_answers import ODD
from tests.raw_server import open_raw_server
from tests.waiting import until

DELIVERY = Delivery("evt_c1_1", "call.started", b'{"type": "call.started"}')


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_answer_is_heard_and_leaves_nothing_open(name: str) -> None:
    """A 2xx is one whatever follows it; what says nothing, as 101, is tried again."""
    answer, status = ODD[name]
    async with open_raw_server(answer) as server:
        async with open_webhook(webhook(server.origin, timeout_s=5.0)) as sink:
            failure: DeliveryError | None = None
            for _ in range(2):
                try:
                    assert await sink.deliver(DELIVERY) == status
                except DeliveryError as error:
                    failure = error
            gc.collect()  # warns of what nobody closed
            await until(lambda: len(server.open) <= 1)
        await server.all_closed()

    assert (failure is None) == (200 <= status < 300)
    if failure is not None:
        assert failure.status == status
        kind = PermanentDeliveryError if 300 <= status < 400 else TemporaryDeliveryError
        assert isinstance(failure, kind)
