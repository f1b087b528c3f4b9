"""Whether Telnyx lists what the routes ask for. Its list is newer than ours, and not complete."""

import aiohttp

from service.calls.engines import unlisted
from service.carrier.providers import fetch_offers
from service.cli.check.findings import Finding, ok, warn
from service.cli.check.telnyx_checks import heard_routes
from service.errors import CarrierUnavailableError
from service.settings import Settings

_SUBJECT = "engines"


async def check_providers(session: aiohttp.ClientSession, settings: Settings) -> list[Finding]:
    """Ask Telnyx for its list, and tell what of the routes is not on it: never a failure."""
    routes = [route for route in heard_routes(settings) if route.engine != "local"]
    if not routes:
        return []
    key = settings.telnyx_api_key.get_secret_value()
    try:
        offers = await fetch_offers(session, settings.telnyx_base_url, key)
    except CarrierUnavailableError as error:
        return [warn(_SUBJECT, f"{error}, so they were not compared with its list")]
    if not offers:
        return []
    if found := [text for route in routes if (text := unlisted(route, offers))]:
        return [warn(_SUBJECT, f"{text}; it is sent as it is") for text in found]
    return [ok(_SUBJECT, f"are on Telnyx's list of {len(offers)} models")]
