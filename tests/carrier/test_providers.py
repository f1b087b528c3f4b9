"""Telnyx's list of providers: asked for once in a while, and never relied on."""

from collections.abc import AsyncIterator

import pytest

from service.calls.engines import Offer
from service.carrier.providers import open_providers
from service.errors import CarrierUnavailableError
from tests.carrier.peers import TelnyxApi, open_telnyx_api

NOVA = {
    "provider": "deepgram",
    "model": "deepgram/nova-3",
    "hosted": True,
    "service_types": [
        {"type": "streaming", "languages": ["en", "ky"]},
        {"type": "in_call", "languages": None},
        {"type": "ai_assistant", "languages": ["en"]},
    ],
}


@pytest.fixture
async def api() -> AsyncIterator[TelnyxApi]:
    """Serve a Telnyx on this machine."""
    async with open_telnyx_api() as api:
        yield api


async def test_the_list_is_read_and_kept_for_a_while(api: TelnyxApi) -> None:
    """Two questions are one request, with the key; what nothing here uses is left out."""
    api.replies = [(200, {"data": [NOVA, {"provider": "acme"}], "meta": {"total": 2}}, {})]

    async with open_providers("KEY", api.url) as providers:
        first = await providers.offers()
        assert await providers.offers() is first

    (asked,) = api.received
    assert asked.path == "/v2/speech-to-text/providers"
    assert asked.headers["authorization"] == "Bearer KEY"
    assert first == (
        Offer(
            provider="deepgram",
            model="deepgram/nova-3",
            surfaces={"websocket": ("en", "ky"), "in_call": ()},
        ),
        Offer(provider="acme", model="", surfaces={}),
    )


@pytest.mark.parametrize(
    ("status", "body"), [(500, {}), (302, {}), (200, "no JSON"), (200, {"data": 7})]
)
async def test_no_list_is_no_catastrophe(api: TelnyxApi, status: int, body: object) -> None:
    """It is said, and asked for again by the next one."""
    api.replies = [(status, body, {}), (200, {"data": []}, {})]

    async with open_providers("KEY", api.url) as providers:
        with pytest.raises(CarrierUnavailableError):
            await providers.offers()
        assert await providers.offers() == ()


async def test_a_telnyx_that_is_not_there_is_said() -> None:
    """Without its address or the key."""
    async with open_providers("KEY", "http://127.0.0.1:1/v2") as providers:
        with pytest.raises(CarrierUnavailableError, match="could not be reached"):
            await providers.offers()
