import aiohttp
import pytest

from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser

pytestmark = pytest.mark.speech


async def test_the_providers_are_those_that_are_stood_in_for(networks: Networks) -> None:
    """The whole list, and what is left of it for a provider and a kind of service."""
    async with open_recogniser(networks=networks) as recogniser, aiohttp.ClientSession() as http:
        url = f"{recogniser.base_url}/v2/speech-to-text/providers"
        async with http.get(url) as reply:
            everything = await reply.json()
        query = {"provider": "reson8", "service_type": "file_based"}
        async with http.get(url, params=query) as reply:
            [only] = (await reply.json())["data"]

    assert everything["meta"]["engine"] == networks.engine.name
    assert everything["meta"]["total"] == len(everything["data"]) > 15
    assert (only["model"], only["service_types"][0]["languages"]) == ("reson8/prerecorded", ["en"])
