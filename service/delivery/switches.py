"""Endpoints switched off and on, tried, and given the lanes of one that is gone.

All of it works on the journal, so the command line may do it while a server runs the lanes: that
one sees it with its next listing of the backlog, within seconds.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from service.calls.events import EndpointDisabled, EndpointEnabled
from service.delivery.endpoints import Endpoint, unknown_endpoint
from service.delivery.notices import tell
from service.delivery.object_store import StoreError, try_objects
from service.delivery.replays import count_parked
from service.delivery.sinks import OpenSink, open_sink
from service.errors import (
    DeliveryError,
    PermanentDeliveryError,
    SettingsError,
    UnknownEndpointError,
)
from service.ids import EndpointName
from service.ports import EVERYTHING, Delivery, EventFilter, Journal
from service.wire.events import timestamp

TEST_TYPE = "endpoint.test"


@dataclass(frozen=True, slots=True)
class Tried:
    """How a test went: the HTTP status, if there was one, and what was wrong, if anything."""

    arrived: bool
    took_s: float
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What an endpoint took over: of how many calls something to be delivered, and what waits."""

    calls: int
    parked: int
    """Deliveries that stay parked, until somebody retries them."""


async def disable(
    journal: Journal,
    names: Sequence[EndpointName],
    name: EndpointName,
    reason: str,
    *,
    now: float,
) -> None:
    """Have an endpoint get nothing more, and tell the others of `names`.

    They are told first: a crash in between tells them twice, not never.

    Raises:
        JournalUnavailableError: It gets more.
    """
    event = EndpointDisabled(endpoint=name, reason=reason)
    await tell(journal, event, [one for one in names if one != name], now=now)
    await journal.disable(name, reason, now)


async def enable(
    journal: Journal, names: Sequence[EndpointName], name: EndpointName, *, now: float
) -> bool:
    """Have an endpoint get everything it missed and what comes, and tell the others of `names`.

    Returns False if it was not disabled.

    Raises:
        JournalUnavailableError: It gets nothing.
    """
    if name not in await journal.disabled():
        return False
    others = [one for one in names if one != name]
    await tell(journal, EndpointEnabled(endpoint=name), others, now=now)
    await journal.enable(name)
    return True


async def hurry(journal: Journal, name: EndpointName) -> int:
    """Have what waits at an endpoint for its next try be tried now; return of how many calls.

    Whoever runs the lanes sees it within seconds, and begins their schedules anew. What is on its
    way at that moment may come twice.

    Raises:
        JournalUnavailableError: Not all of it is.
    """
    waiting = [one for one in await journal.backlog() if one.endpoint == name and one.attempts]
    for lane in waiting:
        await journal.rewind(lane.call_id, name, lane.acked_seq)
    return len(waiting)


async def try_endpoint(
    endpoint: Endpoint,
    *,
    sink: OpenSink = open_sink,
    clock: Callable[[], float] = time.time,
) -> Tried:
    """Send an event of the type `endpoint.test` beside all lanes, once; it is not kept.

    To an archive a file is written, and deleted.

    Raises:
        SettingsError: The endpoint cannot be used.
    """
    at = timestamp(clock())
    data = {"endpoint": endpoint.name, "occurred_at": at}
    body = msgspec.json.encode({"type": TEST_TYPE, "timestamp": at, "data": data})
    began = time.perf_counter()
    failure: DeliveryError | None = None
    status: int | None = None
    try:
        if endpoint.archive is None:
            async with sink(endpoint) as opened:
                test = Delivery(f"tst_{secrets.token_hex(8)}", TEST_TYPE, body)
                status = await opened.deliver(test)
        else:
            await try_objects(endpoint.archive)
    except StoreError as error:
        failure = PermanentDeliveryError(f"the archive failed: {error.reason}")
    except DeliveryError as error:
        failure = error
    took_s = time.perf_counter() - began
    if failure is None:
        return Tried(arrived=True, took_s=took_s, status=status)
    return Tried(arrived=False, took_s=took_s, status=failure.status, error=str(failure))


async def move(
    journal: Journal,
    names: Sequence[EndpointName],
    old: EndpointName,
    new: EndpointName,
    *,
    wanted: EventFilter = EVERYTHING,
) -> Moved:
    """Give another endpoint what one that is configured no more did not get.

    What `old` had parked becomes the other's, too, as far as it is `wanted` there, and stays
    parked; the rest is forgotten. Every event keeps its id.

    Raises:
        SettingsError: `old` is still configured, or `new` is not.
        UnknownEndpointError: Nobody was ever called `old`.
        JournalUnavailableError: Nothing was moved.
    """
    _check_gone(names, old)
    if new not in names:
        raise unknown_endpoint(new, names)
    await _check_known(journal, names, old)
    before = await count_parked(journal)
    calls = await journal.move_lanes(old, new, wanted)
    return Moved(calls, (await count_parked(journal))[new] - before[new])


async def park(
    journal: Journal, names: Sequence[EndpointName], name: EndpointName, *, now: float
) -> int:
    """Park what an endpoint that is configured no more did not get; return how many deliveries.

    What its `events` left out, when it was last configured, is no delivery.

    Raises:
        SettingsError: It is still configured.
        UnknownEndpointError: Nobody was ever called that.
        JournalUnavailableError: Nothing was parked.
    """
    _check_gone(names, name)
    await _check_known(journal, names, name)
    return await journal.park_lanes(
        name, "no_endpoint", now, (await journal.filters()).get(name, EVERYTHING)
    )


def _check_gone(names: Sequence[EndpointName], name: EndpointName) -> None:
    if name in names:
        problem = f"{name} is still configured: take it out of the settings, and start the service"
        raise SettingsError([problem])


async def _check_known(journal: Journal, names: Sequence[EndpointName], name: EndpointName) -> None:
    known = await journal.endpoint_names()
    if name not in known:
        gone = ", ".join(one for one in known if one not in names) or "none"
        problem = f"nothing is known of an endpoint called {name}; configured no more: {gone}"
        raise UnknownEndpointError(problem)
