"""How late a partial is at another worker: `python -m tests.bus.measure_partials`.

Options are `--nats`, and rates in partials a second. One process publishes partials of 200 calls at
a steady rate for 10 s; at another, somebody watches each of the calls. Each partial bears the time
at which it was published.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
import uvloop

from service.bus.audience import AudienceEverywhere
from service.bus.counters import BusCounters
from service.bus.listener import WorkerListener
from service.bus.opening import open_bus
from service.feed.filter import FeedFilter
from service.feed.hub import Hub, open_hub
from service.feed.subscription import Subscription
from service.ids import CallId, WorkerId
from service.journal.postgresql.journal import open_postgresql_journal
from service.journal.postgresql.library import open_postgresql_library
from service.ports import Bus, Delivery, LivePartial
from tests.bus.harness import Carrier, own_schema
from tests.bus.nats_server import make_nats_server
from tests.waiting import until

CALLS = 200
FOR_S = 10.0
RATES = (200, 1_000, 4_000)
TEXT = "and then they said that it would be there on Monday at the latest " * 4


@dataclass
class Latencies:
    """How late partials were, in seconds."""

    seconds: list[float] = field(default_factory=list)

    def note(self, body: bytes) -> None:
        """Take one in."""
        self.seconds.append(time.monotonic() - msgspec.json.decode(body)["data"]["at"])

    def __str__(self) -> str:
        ones = sorted(self.seconds)
        if not ones:
            return "none came"
        p50, p99 = (ones[int(len(ones) * q)] * 1000 for q in (0.5, 0.99))
        return (
            f"{len(ones):,} shown, p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {ones[-1] * 1e3:.0f} ms"
        )


async def _publish(carrier: Carrier, rate: int, for_s: float) -> None:
    """Publish, in a process of its own."""
    async with AsyncExitStack() as stack:
        hub, counters = await _open_hub(stack, carrier, exclusive=False), BusCounters()
        bus = await stack.enter_async_context(_bus(carrier, "publisher", hub, counters))
        await until(lambda: counters.sent > 0, 30)
        audience, began_at, sent = AudienceEverywhere(hub, bus), time.monotonic(), 0
        cpu_s = time.process_time()
        while (now := time.monotonic()) < began_at + for_s:
            for number in range(sent, int((now - began_at) * rate)):
                audience.publish(_partial(number))
                sent = number + 1
            await asyncio.sleep(0.002)
        cpu_us = (time.process_time() - cpu_s) / sent * 1e6
        sys.stdout.write(
            f"  {sent:,} published, {counters.sent:,} messages, {cpu_us:.0f} us CPU each,"
            f" dropped {dict(counters.dropped)}\n"
        )


async def measure(carrier: Carrier, rate: int, *, for_s: float = FOR_S) -> Latencies:
    """Return how late partials are at that rate; what else there is to be said is printed."""
    latencies, counters = Latencies(), BusCounters()
    async with AsyncExitStack() as stack:
        hub = await _open_hub(stack, carrier, exclusive=True)
        await stack.enter_async_context(_bus(carrier, "watcher", hub, counters))
        await until(lambda: counters.connected, 30)
        watching = [asyncio.create_task(_watch(hub, n, latencies)) for n in range(CALLS)]
        urls = [carrier.postgresql_url, carrier.nats_url or ""]
        program = [
            sys.executable,
            "-m",
            "tests.bus.measure_partials",
            "--publish",
            str(rate),
            str(for_s),
        ]
        child = await asyncio.create_subprocess_exec(*program, *urls)
        await child.wait()
        await asyncio.sleep(0.5)
        for one in watching:
            one.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    sys.stdout.write(f"  at {rate:,}/s: {latencies}; missed {counters.dropped['missed']}\n")
    return latencies


async def _watch(hub: Hub, number: int, latencies: Latencies) -> None:
    alarm = asyncio.Event()
    wanted = FeedFilter(call_id=CallId(f"call-{number}"))
    with hub.subscribe(wanted, after=hub.ring.head, by_seq=True, wake=alarm.set) as subscription:
        while True:
            alarm.clear()
            await _take(subscription, latencies)
            await alarm.wait()


async def _take(subscription: Subscription, latencies: Latencies) -> None:
    more = True
    while more:
        batch = await subscription.take()
        for one in batch.partials:
            latencies.note(one.body)
        more = batch.more


async def _open_hub(stack: AsyncExitStack, carrier: Carrier, *, exclusive: bool) -> Hub:
    enter, url = stack.enter_async_context, carrier.postgresql_url
    journal = await enter(open_postgresql_journal(url, exclusive=exclusive))
    return await enter(open_hub(await enter(open_postgresql_library(url)), journal))


def _bus(
    carrier: Carrier, name: str, hub: Hub, counters: BusCounters
) -> contextlib.AbstractAsyncContextManager[Bus]:
    return open_bus(
        carrier.postgresql_url,
        carrier.nats_url,
        known_as=lambda: WorkerId(name),
        listener=WorkerListener(hub),
        counters=counters,
    )


def _partial(number: int) -> LivePartial:
    data = {"at": time.monotonic(), "after_seq": 0, "text": TEXT}
    body = msgspec.json.encode({"type": "transcript.partial", "data": data})
    call_id, utterance = CallId(f"call-{number % CALLS}"), f"utterance-{number % CALLS}"
    delivery = Delivery(f"prt_{number}", "transcript.partial", body)
    return LivePartial(call_id, utterance, "customer", delivery)


async def _main(rates: list[int], *, over_nats: bool) -> None:
    with contextlib.ExitStack() as stack:
        nats = stack.enter_context(make_nats_server()) if over_nats else None
        if nats is not None:
            nats.start()
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        carrier = Carrier(await own_schema(Path(folder)), nats.url if nats else None)
        sys.stdout.write(f"over {'NATS' if nats else 'PostgreSQL'}, {CALLS} calls\n")
        for rate in rates:
            await measure(carrier, rate)


if __name__ == "__main__":
    asked = sys.argv[1:]
    if asked[:1] == ["--publish"]:
        told = Carrier(asked[3], asked[4] or None)
        work = partial(_publish, told, int(asked[1]), float(asked[2]))
    else:
        chosen = [int(one) for one in asked if one != "--nats"] or list(RATES)
        work = partial(_main, chosen, over_nats="--nats" in asked)
    uvloop.run(work())
