"""What the REST API tells about calls and engines."""

from tests.simulator.builders import scenario
from tests.simulator.harness import NOBODY, open_call, open_simulation, refusal


async def test_an_unknown_call_and_a_malformed_id_are_told_apart() -> None:
    """404 and 10005, 422 and 90015."""
    async with open_simulation(scenario()) as (_, application):
        assert refusal(await application.command(NOBODY, "answer")) == (404, "10005")
        assert refusal(await application.command("call-7", "answer")) == (422, "90015")
        assert (await application.get(f"/calls/{NOBODY}"))[0] == 404


async def test_live_calls_are_listed_with_their_state() -> None:
    """Only those of the connection, and only while they live."""
    async with open_call() as (simulator, application, leg_id):
        await application.command(leg_id, "client_state_update", client_state="aGVsbG8=")
        _, found = await application.get(f"/connections/{simulator.connection_id}/active_calls")
        _, none = await application.get("/connections/1/active_calls")

    (call,) = found["data"]
    assert (call["call_control_id"], call["client_state"]) == (leg_id, "aGVsbG8=")
    assert none["data"] == []


async def test_providers_can_be_filtered() -> None:
    """By provider and by surface."""
    async with open_simulation(scenario()) as (_, application):
        _, everything = await application.get("/speech-to-text/providers")
        query = "provider=deepgram&service_type=file_based"
        _, some = await application.get(f"/speech-to-text/providers?{query}")

    assert everything["meta"]["total"] == len(everything["data"]) > 10
    assert {entry["provider"] for entry in some["data"]} == {"deepgram"}
    assert {kind["type"] for entry in some["data"] for kind in entry["service_types"]} == {
        "file_based"
    }
