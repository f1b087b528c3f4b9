"""Webhook deliveries, for an application that missed some."""

from aiohttp import web

from service.simulator.server import Simulator
from tests.simulator.builders import Tree, scenario
from tests.simulator.harness import open_simulation, run_to_end
from tests.simulator.peers import Application

LOST = {"webhooks": {"fault": [{"events": ["call.hangup"], "drop": 1.0}]}}


async def listed(application: Application, query: str = "") -> list[Tree]:
    """Return the deliveries of a page."""
    status, body = await application.get(f"/webhook_deliveries?{query}")
    assert status == 200
    found: list[Tree] = body["data"]
    return found


async def _play(simulator: Simulator, application: Application) -> None:
    application.answer_and(("hangup", {}))
    await run_to_end(simulator)


async def test_every_webhook_is_listed_with_what_became_of_it() -> None:
    """The newest first, whole: an application can take it from here as if it had come."""
    async with open_simulation(scenario(**LOST)) as (simulator, application):
        await _play(simulator, application)
        found = await listed(application)

    assert [(one["webhook"]["event_type"], one["status"]) for one in found] == [
        ("call.hangup", "failed"),
        ("call.answered", "delivered"),
        ("call.initiated", "delivered"),
    ]
    assert found[1]["webhook"]["id"] == application.of("call.answered")[0].data["id"]
    assert found[1]["webhook"]["payload"] == application.of("call.answered")[0].payload
    assert found[1]["attempts"][0]["http"]["response"]["status"] == 200
    assert "response" not in found[0]["attempts"][0]["http"]


async def test_deliveries_are_filtered_and_come_in_pages() -> None:
    """By status, type, text and time."""
    async with open_simulation(scenario(**LOST)) as (simulator, application):
        await _play(simulator, application)
        leg_id = application.received[0].payload["call_control_id"]
        counts = {
            query: len(await listed(application, query))
            for query in (
                "filter[status][eq]=failed",
                "filter[event_type]=call.answered,call.hangup",
                f"filter[webhook][contains]={leg_id}",
                "filter[webhook][contains]=nothing",
                "filter[attempts][contains]=http",
                "filter[started_at][gte]=2000-01-01T00:00:00Z",
                "filter[finished_at][lte]=2000-01-01T00:00:00Z",
                "page[size]=2",
                "page[size]=2&page[number]=2",
            )
        }

    assert list(counts.values()) == [1, 2, 3, 0, 3, 3, 0, 2, 1]


async def test_one_delivery_is_shown_by_its_id() -> None:
    """And an unknown one is 404."""
    async with open_simulation(scenario()) as (simulator, application):
        await _play(simulator, application)
        first = (await listed(application))[0]
        assert (await application.get(f"/webhook_deliveries/{first['id']}"))[1]["data"] == first
        assert (await application.get("/webhook_deliveries/none"))[0] == 404


async def test_a_delivery_shows_all_its_attempts() -> None:
    """The newest first."""
    async with open_simulation(scenario(webhooks={"retries_s": [0.0]})) as (simulator, application):
        application.replies = [web.Response(status=503)]
        await _play(simulator, application)
        (initiated,) = await listed(application, "filter[event_type]=call.initiated")

    assert initiated["status"] == "delivered"
    assert [one["http"]["response"]["status"] for one in initiated["attempts"]] == [200, 503]
