"""Where the service listens, alone or with others that share its port, and what scrapes it."""

from contextlib import AsyncExitStack

from aiohttp import web

from service.api.metrics import Scrape
from service.errors import SettingsError
from service.pool.seat import Seat
from service.pool.siblings import open_siblings
from service.settings import Settings
from service.telemetry.metrics import Metrics
from service.web.limits import Limits
from service.web.listen import BoundAddress, bind_address, listen


async def scraped(stack: AsyncExitStack, metrics: Metrics, seat: Seat | None) -> Scrape:
    """Return what scrapes this service, with all that share its port."""
    if seat is None:
        return metrics.scrape
    siblings = open_siblings(seat, metrics.registry, shared=metrics.shared)
    return (await stack.enter_async_context(siblings)).scrape


async def bind(stack: AsyncExitStack, settings: Settings, seat: Seat | None) -> BoundAddress:
    """Bind the address of the settings, or share the one of the seat.

    Raises:
        SettingsError: It cannot be had.
    """
    host, port = settings.listen_address
    try:
        binding = bind_address(host, seat.port if seat else port, shared=seat is not None)
        return await stack.enter_async_context(binding)
    except OSError as error:
        raise not_ours(settings, error) from error


async def take_connections(
    stack: AsyncExitStack, app: web.Application, address: BoundAddress, settings: Settings
) -> None:
    """Serve `app` at an address until the stack is closed.

    Raises:
        SettingsError: Somebody else listens there.
    """
    try:
        limits = Limits(proxies=settings.proxies())
        await stack.enter_async_context(listen(app, address, limits=limits))
    except OSError as error:
        raise not_ours(settings, error) from error


def not_ours(settings: Settings, error: OSError) -> SettingsError:
    """Return what to say of an address that cannot be had."""
    problem = f"listen: cannot listen on {settings.listen} ({error.strerror})"
    remedy = "stop what listens there, or choose another address"
    return SettingsError([f"{problem}: {remedy}"])
