"""The API put together: its doorkeeper, and the routes of every room that has some."""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from service.api.about_routes import about_routes
from service.api.access import Doorkeeper
from service.api.call_routes import CallRoutes
from service.api.cursors import Cursors
from service.api.delivery_routes import DeliveryRoutes
from service.api.headers import add_headers
from service.api.operations import AnyRoute
from service.api.problems import explain
from service.api.retries import open_retries
from service.api.router import add_routes
from service.api.search_routes import SearchRoutes
from service.api.token_routes import TokenRoutes
from service.delivery.endpoints import Endpoint
from service.delivery.lanes import DeliveryLanes
from service.ports import Journal, KeyStore, Library, SavedSearches


def new_application(*, cors_origins: Sequence[str] = ()) -> web.Application:
    """Return an application that answers every refusal as a problem."""
    app = web.Application(middlewares=[explain])
    app.on_response_prepare.append(add_headers(cors_origins))
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the API answers from."""

    journal: Journal
    library: Library
    searches: SavedSearches
    keys: KeyStore
    lanes: DeliveryLanes
    endpoints: Sequence[Endpoint]


class Api:
    """All routes of the API: `add` those of other rooms, then `serve` them. See `open_api`."""

    def __init__(self, doorkeeper: Doorkeeper) -> None:
        self.doorkeeper = doorkeeper
        self.routes: list[AnyRoute] = []

    def add(self, routes: Iterable[AnyRoute]) -> None:
        """Take more routes, before they are served."""
        self.routes += routes

    def serve(self, app: web.Application) -> None:
        """Serve all routes, and their description."""
        about = about_routes(route.operation for route in self.routes)
        add_routes(app, self.doorkeeper, [*self.routes, *about])


async def add_api(
    app: web.Application,
    keys: KeyStore,
    routes: Iterable[AnyRoute],
    *,
    rate_limit_per_minute: int,
    clock: Callable[[], float] = time.time,
) -> Doorkeeper:
    """Serve these routes, those for tokens and their description; return the doorkeeper.

    Raises:
        JournalUnavailableError: The keys cannot be read.
    """
    secret = await keys.token_secret()
    api = Api(Doorkeeper(keys, secret, per_minute=rate_limit_per_minute, clock=clock))
    api.add(TokenRoutes(secret, clock=clock).routes())
    api.add(routes)
    api.serve(app)
    return api.doorkeeper


@asynccontextmanager
async def open_api(
    sources: Sources, *, rate_limit_per_minute: int, clock: Callable[[], float] = time.time
) -> AsyncIterator[Api]:
    """Open the API with the routes that these sources are enough for.

    Raises:
        JournalUnavailableError: The keys cannot be read.
    """
    secret = await sources.keys.token_secret()
    cursors = Cursors(secret)
    journal, library = sources.journal, sources.library
    api = Api(Doorkeeper(sources.keys, secret, per_minute=rate_limit_per_minute, clock=clock))
    async with open_retries(journal, sources.endpoints) as retries:
        api.add(CallRoutes(library, journal, cursors).routes())
        api.add(SearchRoutes(library, sources.searches, cursors, clock=clock).routes())
        delivery = DeliveryRoutes(journal, sources.lanes, sources.endpoints, retries, cursors)
        api.add(delivery.routes())
        api.add(TokenRoutes(secret, clock=clock).routes())
        yield api
