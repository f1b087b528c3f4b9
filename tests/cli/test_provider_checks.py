"""`callscribe check`: whether Telnyx lists what the routes ask for."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from service.cli.check.provider_checks import check_providers
from service.settings import Settings, load_settings
from tests.cli.peers import Telnyx, open_telnyx
from tests.settings.builders import KEYS

NOVA = {
    "provider": "deepgram",
    "model": "deepgram/nova-3",
    "service_types": [{"type": "in_call", "languages": ["en"]}],
}


@pytest.fixture
async def telnyx() -> AsyncIterator[Telnyx]:
    """Serve a Telnyx on this machine."""
    async with open_telnyx() as telnyx:
        telnyx.listed = [NOVA]
        yield telnyx


def settings(telnyx: Telnyx, **route: str) -> Settings:
    """Return settings with one route, in the call unless told otherwise."""
    said = {"SOURCE": "in_call", **route}
    routes = {f"CALLSCRIBE_ROUTE__0__{key}": value for key, value in said.items()}
    public = {"CALLSCRIBE_PUBLIC_URL": "https://calls.example.com"}
    return load_settings(None, {**KEYS, **telnyx.variables, **public, **routes})


async def found(settings: Settings) -> list[str]:
    """Return what the check finds."""
    async with aiohttp.ClientSession() as session:
        return [str(finding) for finding in await check_providers(session, settings)]


async def test_routes_that_are_on_the_list_are_well(telnyx: Telnyx) -> None:
    """In one line, however many there are."""
    (line,) = await found(settings(telnyx, LANGUAGE="en-US"))

    assert line.startswith("ok    engines")


async def test_what_is_not_listed_is_a_warning_that_says_what_is(telnyx: Telnyx) -> None:
    """The list is not complete either: it is sent all the same."""
    (line,) = await found(settings(telnyx, LANGUAGE="ky"))

    assert line.startswith("warn  engines")
    assert "no language 'ky' for deepgram/nova-3: it has en; it is sent as it is" in line


async def test_a_telnyx_that_gives_no_list_fails_nothing(telnyx: Telnyx) -> None:
    """Other checks say why."""
    telnyx.status = 500

    (line,) = await found(settings(telnyx))

    assert line.startswith("warn  engines")
    assert "HTTP 500" in line


async def test_our_own_recogniser_is_nobodys_to_list(telnyx: Telnyx) -> None:
    """Then Telnyx is not even asked."""
    telnyx.status = 500

    assert await found(settings(telnyx, SOURCE="media", ENGINE="local")) == []
