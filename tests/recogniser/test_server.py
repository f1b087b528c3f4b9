"""What the server says of itself."""

import aiohttp
import pytest

from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from tests.recogniser.peers import PHONE, open_client

pytestmark = pytest.mark.speech


async def test_the_health_check_says_how_busy_it_is(networks: Networks) -> None:
    """Sessions going on, and how many there may be; it needs no key."""
    async with (
        open_recogniser(networks=networks, max_sessions=7, api_keys=["k"]) as recogniser,
        open_client(recogniser, key="k", **PHONE),
        aiohttp.ClientSession() as http,
        http.get(f"{recogniser.base_url}/healthz") as response,
    ):
        health = await response.json()

    assert health["engine"] == networks.engine.name
    assert (health["status"], health["sessions"], health["max_sessions"]) == ("ok", 1, 7)


async def test_plain_http_is_told_what_it_should_be(networks: Networks) -> None:
    """A GET without an upgrade, a path that is not there: 4xx, in the documented shapes."""
    async with open_recogniser(networks=networks) as recogniser, aiohttp.ClientSession() as http:
        url = recogniser.url.replace("ws", "http", 1)
        async with http.get(url, params=PHONE) as plain, http.get(url + "/x") as unknown:
            assert (plain.status, unknown.status) == (400, 404)
            assert (await plain.json())["errors"][0]["code"] == "10015"
            assert (await unknown.json())["error"]["code"] == "10005"
        async with http.post(url) as posted:
            assert (posted.status, posted.headers["Allow"]) == (405, "GET,HEAD")
        async with http.get(url, params={"input_format": "vinyl"}) as bad:
            assert bad.status == 400
