"""How busy it is, for a Prometheus."""

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.recogniser.models.networks import Networks
from service.recogniser.server import Recogniser, open_recogniser
from tests.recogniser.builders import recording
from tests.recogniser.peers import PHONE, open_client
from tests.waiting import until

pytestmark = pytest.mark.speech


async def scrape(recogniser: Recogniser, key: str) -> dict[tuple[str, ...], float]:
    """Return each sample by its name and labels."""
    headers = {"Authorization": f"Bearer {key}"}
    url = f"{recogniser.base_url}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        text = await answer.text()
    return {
        (sample.name.removeprefix("callscribe_recogniser_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_sessions_and_their_work_are_counted(networks: Networks) -> None:
    """While one goes on, and what its words cost."""
    async with open_recogniser(networks=networks, api_keys=["key"], max_sessions=1) as recogniser:
        async with open_client(recogniser, key="key", **PHONE) as client:
            during = await scrape(recogniser, "key")
            with pytest.raises(Exception, match="503"):
                async with open_client(recogniser, key="key", **PHONE):
                    pass
            await client.play(recording("jfk"))
            await client.finish()
        await until(lambda: recogniser.sessions == 0)
        after = await scrape(recogniser, "key")

    assert during["live_sessions",] == 1
    assert after["live_sessions",] == after["waiting",] == 0
    assert after["sessions_total", "began"] == after["sessions_total", "full"] == 1
    assert after["work_seconds_count", "final"] >= 1
    assert after["wait_seconds_count", "final"] == after["work_seconds_count", "final"]


async def test_a_stranger_learns_nothing_of_it(networks: Networks) -> None:
    """It asks for the key that the rest asks for."""
    async with (
        open_recogniser(networks=networks, api_keys=["key"]) as recogniser,
        aiohttp.ClientSession() as http,
        http.get(f"{recogniser.base_url}/metrics") as answer,
    ):
        assert answer.status == 401
