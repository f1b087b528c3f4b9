"""What every sink promises. A new sink is one more line in `RIGS`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
from structlog.testing import capture_logs

from service.calls.archive_answers import ArchiveAnswer
from service.delivery.endpoints import Endpoint, EndpointType
from service.delivery.sinks import open_sink
from service.errors import SettingsError
from service.ids import CallId, EndpointName
from service.ports import Delivery, Sink
from tests.delivery.archives import MadeCalls, target_in
from tests.delivery.builders import endpoint, webhook
from tests.delivery.peers import open_receiver


@dataclass(frozen=True)
class Rig:
    """A sink, and the ids of what arrived at its far end so far."""

    sink: Sink
    arrived: Callable[[], list[str]]


@asynccontextmanager
async def webhook_rig() -> AsyncIterator[Rig]:
    """A webhook and its receiver."""
    async with open_receiver() as receiver, open_sink(webhook(receiver.url)) as sink:
        yield Rig(sink, lambda: [one.headers["webhook-id"] for one in receiver.received])


@asynccontextmanager
async def log_rig() -> AsyncIterator[Rig]:
    """The log and its lines."""
    with capture_logs() as lines:
        async with open_sink(Endpoint(name=EndpointName("log"), type="log")) as sink:
            yield Rig(sink, lambda: [line["id"] for line in lines])


@asynccontextmanager
async def archive_rig() -> AsyncIterator[Rig]:
    """An archive, and what it told of calls, in the order in which it was told."""
    told: list[str] = []

    class Calls(MadeCalls):
        async def tell(self, call_id: CallId, answer: ArchiveAnswer) -> None:
            del answer
            told.append(f"evt_c1_{call_id}")

    with TemporaryDirectory() as folder:
        one = endpoint(type="archive", archive=target_in(Path(folder)))
        async with open_sink(one, archives=Calls().room) as sink:
            yield Rig(sink, lambda: list(told))


RIGS: dict[str, Callable[[], AbstractAsyncContextManager[Rig]]] = {
    "webhook": webhook_rig,
    "log": log_rig,
    "archive": archive_rig,
}
every_sink = pytest.mark.parametrize("rig", RIGS.values(), ids=RIGS.keys())


def delivery(number: int) -> Delivery:
    """Return a delivery with an id of its own."""
    return Delivery(
        f"evt_c1_{number}",
        "transcript.final",
        b'{"type":"x","data":{"text":"hi","call_id":"%d","revision":1,"seq":1}}' % number,
    )


def test_every_type_of_endpoint_has_its_sink_here() -> None:
    """A new type comes with a rig."""
    assert set(RIGS) == set(get_args(EndpointType))


def test_a_type_without_a_sink_opens_nothing() -> None:
    """Least of all the log, which would have the words of calls in it."""
    with pytest.raises(AssertionError, match="carrier_pigeon"):
        open_sink(endpoint(type="carrier_pigeon"))


def test_an_archive_needs_what_it_keeps() -> None:
    """Where nobody says what that is, it is not opened."""
    with pytest.raises(SettingsError, match="nothing is archived here"):
        open_sink(endpoint(type="archive"))


@every_sink
async def test_what_was_delivered_has_arrived(
    rig: Callable[[], AbstractAsyncContextManager[Rig]],
) -> None:
    """When `deliver` returns the other side has it, in the order of the calls."""
    async with rig() as opened:
        for number in range(3):
            await opened.sink.deliver(delivery(number))
            assert opened.arrived()[-1] == f"evt_c1_{number}"


@every_sink
async def test_the_same_delivery_may_come_twice(
    rig: Callable[[], AbstractAsyncContextManager[Rig]],
) -> None:
    """A repeat goes out under the same id; telling them apart is the receiver's business."""
    async with rig() as opened:
        await opened.sink.deliver(delivery(7))
        await opened.sink.deliver(delivery(7))

        assert opened.arrived() == ["evt_c1_7", "evt_c1_7"]


@every_sink
async def test_many_calls_share_a_sink(
    rig: Callable[[], AbstractAsyncContextManager[Rig]],
) -> None:
    """A hundred deliveries at once all arrive, each once."""
    async with rig() as opened:
        await asyncio.gather(*(opened.sink.deliver(delivery(number)) for number in range(100)))

        assert sorted(opened.arrived()) == sorted(f"evt_c1_{number}" for number in range(100))


@every_sink
async def test_a_cancelled_delivery_does_no_harm(
    rig: Callable[[], AbstractAsyncContextManager[Rig]],
) -> None:
    """After being cancelled in the middle, the sink delivers as before."""
    async with rig() as opened:
        for pauses in range(5):
            attempt = asyncio.create_task(opened.sink.deliver(delivery(pauses)))
            for _ in range(pauses):
                await asyncio.sleep(0)
            attempt.cancel()
            await asyncio.wait([attempt])
        await opened.sink.deliver(delivery(99))

        assert opened.arrived()[-1] == "evt_c1_99"
