"""What the process does besides running the service."""

import asyncio
import gc
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from service.process import spare_the_collector
from tests.runtime.peers import ObedientCarrier


@dataclass
class LoadingCarrier(ObedientCarrier):
    """One that is loaded when it is told to."""

    awaited: asyncio.Event = field(default_factory=asyncio.Event)
    loaded: asyncio.Event = field(default_factory=asyncio.Event)

    async def ready(self) -> None:
        """Wait for it."""
        self.awaited.set()
        await self.loaded.wait()


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


async def test_collections_leave_out_what_is_loaded_last() -> None:
    """Telnyx's SDK, most of it, was loaded after that, and each full collection took 180 ms."""
    carrier = LoadingCarrier()
    sparing = asyncio.create_task(spare_the_collector(carrier))
    await carrier.awaited.wait()
    loaded: list[list[object]] = [[]]
    carrier.loaded.set()
    await sparing

    assert gc.is_tracked(loaded)
    assert all(one is not loaded for one in gc.get_objects())
