"""The API put together: its doorkeeper, and the routes of every room that has some."""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiohttp import web

from service.api.about_routes import about_routes
from service.api.access import Doorkeeper
from service.api.access_log import AccessLog, AccessLogLimits, open_access_log
from service.api.access_routes import AccessRoutes
from service.api.bound_calls import BoundCalls
from service.api.calls.audio import AudioRoutes
from service.api.calls.controls import ControlRoutes, ErasureRoutes
from service.api.calls.dialling import Dialling
from service.api.calls.placing import PlacingRoutes
from service.api.calls.routes import CallRoutes
from service.api.calls.streaming import StreamRoutes
from service.api.cursors import Cursors
from service.api.deliveries.endpoint_routes import EndpointRoutes
from service.api.deliveries.retries import Retries, open_retries
from service.api.deliveries.routes import DeliveryRoutes
from service.api.engine_routes import EngineRoutes
from service.api.feed.connections import FeedConnections, FeedLimits, open_connections
from service.api.feed.routes import FeedRoutes
from service.api.headers import add_headers
from service.api.metrics import MetricsRoutes, Scrape
from service.api.operations import AnyRoute
from service.api.problems import explain
from service.api.router import add_routes
from service.api.search.feed import SearchFeedRoutes
from service.api.search.routes import SearchRoutes
from service.api.token_routes import TokenRoutes
from service.archive.reports import CallReports
from service.delivery.endpoints import Endpoint
from service.delivery.lanes import DeliveryLanes
from service.delivery.signing import Secrets
from service.delivery.sinks import open_sink
from service.feed.hub import Hub
from service.ports import (
    AccessStore,
    Attacher,
    CallControls,
    CallStarts,
    Eraser,
    Journal,
    KeyStore,
    Library,
    Providers,
    RecordingIndex,
    RouteFor,
    SavedSearches,
)


def new_application(*, cors_origins: Sequence[str] = ()) -> web.Application:
    """Return an application that answers every refusal as a problem."""
    app = web.Application(middlewares=[explain])
    app.on_response_prepare.append(add_headers(cors_origins))
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the API answers from, and whom it asks."""

    journal: Journal
    library: Library
    searches: SavedSearches
    keys: KeyStore
    accesses: AccessStore
    hub: Hub
    controls: CallControls
    starts: CallStarts
    connection_id: str | None = None
    """The application that calls are dialled through, if no route says which."""
    attacher: Attacher
    route_for: RouteFor
    """Who says how calls are treated that a program asks for."""
    eraser: Eraser
    lanes: DeliveryLanes
    """Those of this process."""
    is_shared: bool = False
    """Whether other workers have lanes as well."""
    endpoints: Sequence[Endpoint]
    secrets: Secrets | None = None
    """What webhooks are signed with, if that may change."""
    recordings: RecordingIndex
    recordings_path: Path
    recordings_key: bytes | None = None
    """What recordings are sealed with, if they are."""
    scrape: Scrape
    providers: Providers
    """Who says what Telnyx offers."""


class Api:
    """All routes of the API. Made by `open_api`; `add` more if need be, then `serve` them."""

    def __init__(
        self, doorkeeper: Doorkeeper, feed: FeedConnections, access_log: AccessLog
    ) -> None:
        self.doorkeeper = doorkeeper
        self.access_log = access_log
        self.feed = feed
        """Who follows the feed at this moment."""
        self.routes: list[AnyRoute] = []

    def add(self, routes: Iterable[AnyRoute]) -> None:
        """Take more routes, before they are served."""
        self.routes += routes

    def serve(self, app: web.Application) -> None:
        """Serve all routes, and their description."""
        about = about_routes(route.operation for route in self.routes)
        add_routes(app, self.doorkeeper, [*self.routes, *about], self.access_log)


@asynccontextmanager
async def open_api(
    sources: Sources,
    *,
    rate_limit_per_minute: int,
    cors_origins: Sequence[str] = (),
    feed_limits: FeedLimits | None = None,
    access_limits: AccessLogLimits | None = None,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Api]:
    """Open the API with all its routes. `clock` is in Unix seconds.

    Raises:
        JournalUnavailableError: The keys cannot be read.
    """
    secret = await sources.keys.token_secret()
    calls = BoundCalls(sources.library)
    per_minute = rate_limit_per_minute
    doorkeeper = Doorkeeper(sources.keys, secret, calls, per_minute=per_minute, clock=clock)
    sink = partial(open_sink, clock=clock, secrets=sources.secrets)
    async with (
        open_retries(
            sources.journal, sources.endpoints, reports=CallReports(sources.journal), sink=sink
        ) as retries,
        open_access_log(sources.accesses, access_limits, clock=clock) as access_log,
        open_connections(doorkeeper, access_log, limits=feed_limits, clock=clock) as connections,
    ):
        api = Api(doorkeeper, connections, access_log)
        api.add(EngineRoutes(sources.providers, doorkeeper).routes())
        api.add(TokenRoutes(secret, clock=clock).routes())
        api.add(_asked(sources, calls, Cursors(secret), retries, clock))
        endpoints = (sources.journal, sources.lanes, sources.endpoints)
        everywhere = sources.library.lanes_behind if sources.is_shared else None
        told = EndpointRoutes(*endpoints, everywhere=everywhere, sink=sink, clock=clock)
        api.add(told.routes())
        api.add(_followed(sources, connections, cors_origins))
        yield api


def _asked(
    sources: Sources,
    calls: BoundCalls,
    cursors: Cursors,
    retries: Retries,
    clock: Callable[[], float],
) -> Iterator[AnyRoute]:
    """Yield what is answered at once."""
    journal, library = sources.journal, sources.library
    yield from CallRoutes(library, journal, cursors).routes()
    dialling = Dialling(sources.starts, connection_id=sources.connection_id)
    yield from PlacingRoutes(sources.attacher, sources.route_for, dialling).routes()
    yield from StreamRoutes(sources.attacher, sources.route_for).routes()
    yield from ControlRoutes(sources.controls).routes()
    yield from ErasureRoutes(sources.eraser, calls).routes()
    kept, key = sources.recordings_path, sources.recordings_key
    yield from AudioRoutes(sources.recordings, kept, key=key).routes()
    yield from SearchRoutes(library, sources.searches, cursors, clock=clock).routes()
    yield from DeliveryRoutes(journal, sources.endpoints, retries, cursors, calls).routes()
    yield from AccessRoutes(sources.accesses, cursors).routes()
    yield from MetricsRoutes(sources.scrape).routes()


def _followed(
    sources: Sources, connections: FeedConnections, origins: Sequence[str]
) -> Iterator[AnyRoute]:
    """Yield what goes on until somebody ends it."""
    hub, library, searches = sources.hub, sources.library, sources.searches
    yield from FeedRoutes(hub, connections, origins=origins).routes()
    yield from SearchFeedRoutes(hub, connections, library, searches).routes()
