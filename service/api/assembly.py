"""The API put together: one application, its doorkeeper, and the routes of every room."""

import time
from collections.abc import Callable, Iterable, Sequence

from aiohttp import web

from service.api.access import Doorkeeper
from service.api.headers import add_headers
from service.api.operations import AnyRoute
from service.api.problems import explain
from service.api.router import add_routes
from service.api.token_routes import TokenRoutes
from service.ports.keys import KeyStore


def new_application(*, cors_origins: Sequence[str] = ()) -> web.Application:
    """Return an application that answers every refusal as a problem."""
    app = web.Application(middlewares=[explain])
    app.on_response_prepare.append(add_headers(cors_origins))
    return app


async def add_api(
    app: web.Application,
    keys: KeyStore,
    routes: Iterable[AnyRoute],
    *,
    rate_limit_per_minute: int,
    clock: Callable[[], float] = time.time,
) -> Doorkeeper:
    """Serve these routes and those of the API itself; return the doorkeeper.

    Raises:
        JournalUnavailableError: The keys cannot be read.
    """
    secret = await keys.token_secret()
    doorkeeper = Doorkeeper(keys, secret, per_minute=rate_limit_per_minute, clock=clock)
    add_routes(app, doorkeeper, [*TokenRoutes(secret, clock=clock).routes(), *routes])
    return doorkeeper
