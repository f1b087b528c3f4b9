"""What a call leaves in memory when it is over: nothing, once what is kept of them is full."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from service.calls.commands import CarrierCommand
from service.calls.inputs import LegAnswered, LegHungUp, LegInitiated, WebhookInput, WordsReported
from service.calls.routes import Route
from service.calls.tape_webhooks import TapeSaved
from service.delivery.endpoints import Endpoint
from service.delivery.lanes import open_lanes
from service.feed.hub import open_hub
from service.ids import CallId, EndpointName, InputId, LegId
from service.journal.database import open_journal, open_library
from service.ports import Delivery, LegLife, StreamTarget
from service.runtime.registry import CallRegistry, open_calls
from service.telemetry.telemetry import open_telemetry
from tests.bench.table import Row
from tests.runtime.peers import KeptRecordings, ScriptedRecognitions

CRM = Endpoint(name=EndpointName("crm"), type="log")
FINALS = 5
AT_ONCE = 200


class Nowhere:
    """A sink that takes everything and keeps nothing."""

    async def deliver(self, delivery: Delivery) -> None:
        """Take it."""


class Yes:
    """A Telnyx that does what it is told, and keeps nothing."""

    async def check(self) -> None:
        """Be ready."""

    async def ready(self) -> None:
        """Be ready."""

    async def run(
        self, command: CarrierCommand, *, command_id: str, target: StreamTarget | None = None
    ) -> None:
        """Take the command."""

    async def life(self, leg_id: LegId) -> LegLife:
        """Say that the leg lives."""
        del leg_id
        return LegLife(alive=True)

    async def tapes(self, leg_id: LegId, now: float) -> Sequence[TapeSaved]:
        """Say that nothing was recorded."""
        del leg_id, now
        return ()

    async def delete_tape(self, tape_id: str) -> None:
        """Have none to delete."""

    async def missed(self, call_ids: Collection[CallId], since: float) -> Sequence[WebhookInput]:
        """Say that everything was delivered."""
        del call_ids, since
        return ()


@asynccontextmanager
async def open_nowhere(_endpoint: Endpoint) -> AsyncIterator[Nowhere]:
    """Open the sink."""
    yield Nowhere()


async def measure(*, calls: int, batch: int) -> list[Row]:
    """Play calls from ringing to the end of their books, batch by batch."""
    with TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            registry = await _open(stack, f"sqlite:///{Path(folder) / 'bench.db'}")
            sizes = []
            for first in range(0, calls, batch):
                for some in range(first, first + batch, AT_ONCE):
                    await asyncio.gather(*(_call(registry, some + n) for n in range(AT_ONCE)))
                await _over(registry)
                sizes.append(_memory_bytes())
    half = len(sizes) // 2
    grown_bytes = (sizes[-1] - sizes[half - 1]) / (batch * (len(sizes) - half))
    return [
        Row(f"memory after {calls:,} finished calls", f"{sizes[-1] / 2**20:.0f} MiB", "", None, ""),
        Row("  and of each in the second half", f"{grown_bytes:.0f} bytes", "", None, "< 500"),
    ]


async def _open(stack: AsyncExitStack, url: str) -> CallRegistry:
    enter = stack.enter_async_context
    journal, library = await enter(open_journal(url)), await enter(open_library(url))
    telemetry = await enter(open_telemetry(None, clock=time.time))
    return await enter(
        open_calls(
            journal=journal,
            lanes=await enter(open_lanes(journal, [CRM], sink=open_nowhere)),
            audience=await enter(open_hub(library, journal)),
            carrier=Yes(),
            recognitions=ScriptedRecognitions(),
            recorder=KeptRecordings(),
            routes=[Route(source="in_call", engine="Telnyx", answer=False, endpoints=(CRM.name,))],
            media_url="ws://here/media/",
            clock=time.time,
            observer=telemetry.observer,
        )
    )


async def _call(registry: CallRegistry, number: int) -> None:
    for item in _webhooks(number, time.time()):
        await registry.tell(item)


def _webhooks(number: int, now: float) -> list[WebhookInput]:
    call_id, leg_id = CallId(f"{number:036d}"), LegId(f"v3:{number:048d}")

    def input_id(nth: int) -> InputId:
        return InputId(f"{number:032d}{nth:04d}")

    words = [
        WordsReported(
            input_id=input_id(nth),
            call_id=call_id,
            leg_id=leg_id,
            occurred_at=now + nth / 100,
            text=f"this is sentence number {nth} of call {number}",
            is_final=True,
            track="inbound",
        )
        for nth in range(2, 2 + FINALS)
    ]
    ring, answer, end = input_id(0), input_id(1), input_id(2 + FINALS)
    return [
        LegInitiated(
            input_id=ring, call_id=call_id, leg_id=leg_id, occurred_at=now, direction="incoming"
        ),
        LegAnswered(input_id=answer, call_id=call_id, leg_id=leg_id, occurred_at=now + 0.001),
        *words,
        LegHungUp(input_id=end, call_id=call_id, leg_id=leg_id, occurred_at=now + 1),
    ]


async def _over(registry: CallRegistry) -> None:
    """Wait until the books of all calls are closed, and let them go."""
    while registry.live:
        await asyncio.sleep(0.1)
        registry.drop_idle()
    gc.collect()


def _memory_bytes() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096
