"""A call that a SIPREC client sends: each of its streams is a call of its own."""

import pytest

from service.errors import SettingsError
from tests.simulator.builders import SAY, scenario, transcribe
from tests.simulator.harness import open_simulation, run_to_end

LABELS = ["inbound", "outbound"]


def headers_of(payload: dict[str, object]) -> dict[str, str]:
    """Return the custom headers of a webhook by name."""
    listed = payload["custom_headers"]
    assert isinstance(listed, list)
    return {one["name"]: one["value"] for one in listed}


async def test_each_stream_is_a_call_with_one_side() -> None:
    """They have ids of their own; the headers say what they have in common."""
    async with open_simulation(scenario({"siprec": LABELS})) as (simulator, application):
        application.answer_and(transcribe())
        report = await run_to_end(simulator)

    rings = [event.payload for event in application.of("call.initiated")]
    headers = [headers_of(payload) for payload in rings]
    assert [one["X-Label"] for one in headers] == LABELS
    assert len({one["X-SIPREC-SessionID"] for one in headers}) == 1
    assert len({one["X-StreamID"] for one in headers}) == 2
    assert len({str(payload["call_session_id"]) for payload in rings}) == 2
    heard = {
        (event.payload["call_control_id"], event.payload["transcription_data"]["transcript"])
        for event in application.of("call.transcription")
    }
    (customer, agent) = (payload["call_control_id"] for payload in rings)
    assert heard == {(customer, "is my table free"), (agent, "how can I help")}
    assert [said.text for said in report.calls[0].said] == ["how can I help", "is my table free"]
    assert report.calls[1].said == ()
    assert [call.outcome for call in report.calls] == ["normal_clearing"] * 2
    assert application.of("call.bridged") == []


async def test_streams_that_nobody_answers_ring_out() -> None:
    """Both of them."""
    plan = {"siprec": LABELS, "ring_s": 0.1}
    async with open_simulation(scenario(plan)) as (simulator, application):
        await run_to_end(simulator)

    assert sorted(application.types()) == ["call.hangup"] * 2 + ["call.initiated"] * 2


def test_nobody_else_is_in_such_a_call() -> None:
    """It is over there, and is only heard here."""
    with pytest.raises(SettingsError, match="siprec is for incoming calls"):
        scenario({"siprec": LABELS, "bridged_to": "+13125550178", "say": SAY})
