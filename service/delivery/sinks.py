"""Opens the sink that an endpoint's `type` names."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import assert_never

from aiohttp.abc import AbstractResolver

from service.delivery.archive import open_archive
from service.delivery.endpoints import Endpoint
from service.delivery.log import open_log
from service.delivery.signing import Secrets
from service.delivery.webhook import open_webhook
from service.errors import SettingsError
from service.ports import ArchiveRoom, Sink

OpenSink = Callable[[Endpoint], AbstractAsyncContextManager[Sink]]


def open_sink(
    endpoint: Endpoint,
    *,
    clock: Callable[[], float] = time.time,
    resolver: AbstractResolver | None = None,
    secrets: Secrets | None = None,
    archives: ArchiveRoom | None = None,
    max_connections: int = 32,
) -> AbstractAsyncContextManager[Sink]:
    """Return the sink of this endpoint, to be entered. `clock` gives Unix seconds.

    `resolver` looks names up for all sinks; without it, this one has look-ups of its own.
    `secrets` are those of all endpoints, and may change; without them, they are the endpoint's.
    `archives` is what archives work with. A webhook has `max_connections` at most.

    Raises:
        SettingsError: The endpoint's URL or secret cannot be used: on entering, mostly.
    """
    match endpoint.type:
        case "webhook":
            return open_webhook(
                endpoint,
                clock=clock,
                max_connections=max_connections,
                resolver=resolver,
                secrets=secrets,
            )
        case "log":
            return open_log(endpoint)
        case "archive":
            if archives is None:
                raise SettingsError([f"endpoint {endpoint.name}: nothing is archived here"])
            return open_archive(endpoint, archives, clock=clock)
        case _:
            assert_never(endpoint.type)  # never the log by default: it writes words down
