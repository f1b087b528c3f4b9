"""The simulator as a whole: the same seed, the same day."""

import asyncio
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.simulator.scenario import Scenario, load_scenario, parse_scenario
from service.simulator.server import open_simulator
from tests.simulator.builders import SAY, scenario, transcribe
from tests.simulator.harness import open_simulation, run_to_end

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"
AT = 1_800_000_000.0


async def day(what: Scenario) -> list[tuple[str, int, bytes]]:
    """Play a scenario against a well-behaved application; return every webhook sent."""
    async with open_simulation(what, clock=lambda: AT) as (simulator, application):
        application.answer_and(transcribe(interim_results=True))
        report = await run_to_end(simulator)
        assert {call.outcome for call in report.calls} == {"normal_clearing"}
        own = application.url.encode()
        sent = simulator.history.webhooks
    by_call: dict[str, list[tuple[str, int, bytes]]] = {}
    for one in sent:
        body = one.body.replace(own, b"http://application")
        by_call.setdefault(one.leg_id, []).append((one.event_type, one.attempt, body))
    return [webhook for leg_id in sorted(by_call) for webhook in by_call[leg_id]]


async def test_the_same_seed_gives_the_same_webhooks_to_the_byte() -> None:
    """Ids, order, faults and bodies of three calls on a bad day; another seed, others."""
    fault = {"events": ["call.transcription"], "duplicate": 0.3, "reorder": 0.3, "delay": 0.3}
    tables = {"webhooks": {"fault": [fault], "unknown_events": 0.2, "unknown_fields": 0.2}}
    plan = {"count": 3}
    one, again = [await day(scenario(plan, **tables)) for _ in range(2)]
    other = await day(scenario(plan, **{**tables, "seed": 6}))

    assert len(one) > 40
    assert one == again
    assert one != other


async def test_every_fact_of_a_bad_day_still_arrives_or_is_reported_as_dropped() -> None:
    """The scenario in fixtures, played through at fifty times the speed."""
    what = load_scenario(SCENARIOS / "bad-day.toml").model_copy(update={"speed": 50})
    async with open_simulation(what) as (simulator, application):
        application.answer_and(application.stream(), transcribe())
        report = await run_to_end(simulator)

    got = [hook.data["id"] for hook in application.received]
    results = [result for call in report.calls for result in call.webhooks]
    dropped = {result.event_id for result in results if "dropped" in result.faults}
    assert len(report.calls) == 10
    assert len(got) > len(set(got))
    assert {result.event_id for result in results} == set(got) | dropped
    assert not dropped & set(got)


async def test_the_support_call_is_told_word_for_word() -> None:
    """The recording in fixtures, heard by its script: every utterance is a final."""
    what = load_scenario(SCENARIOS / "support-call.toml").model_copy(update={"speed": 0})
    async with open_simulation(what) as (simulator, application):
        application.answer_and(transcribe())
        report = await run_to_end(simulator)

    finals = sorted(str(one["transcript"]) for one in application.transcripts())
    assert finals == sorted(said.text for said in report.calls[0].said)
    assert len(finals) > 8


async def test_keys_come_from_the_seed_and_can_be_given() -> None:
    """So that an application's settings stay good from run to run."""
    async with open_simulator(scenario()) as one, open_simulator(scenario()) as same:
        assert (one.public_key, one.api_key) == (same.public_key, same.api_key)
        assert one.url != same.url
    async with open_simulator(scenario(seed=6), api_key="KEY1") as other:
        assert other.public_key != one.public_key
        assert other.api_key == "KEY1"


async def test_addresses_are_what_the_settings_of_an_application_want() -> None:
    """The base ends with /v2; the STT address is a WebSocket's."""
    async with open_simulator(scenario()) as simulator:
        assert simulator.url == f"{simulator.base_url}/v2"
        assert simulator.stt_url.startswith("ws://127.0.0.1:")
        assert simulator.stt_url.endswith("/v2/speech-to-text/transcription")


async def test_a_simulator_runs_once_and_without_webhooks_if_nobody_wants_them() -> None:
    """A second run is an error of the caller's."""
    async with open_simulator(scenario({"ring_s": 0.05})) as simulator:
        report = await simulator.run()
        with pytest.raises(RuntimeError):
            await simulator.run()
    assert report.calls[0].webhooks == []


async def test_closing_it_in_the_middle_of_a_call_cuts_everything() -> None:
    """And an error of the body leaves as itself."""
    forever = {"say": SAY, "hangs_up": "service", "time_limit_s": 86_400}

    async def break_off() -> None:
        async with open_simulation(scenario(forever, speed=1)) as (simulator, application):
            application.answer_and(application.stream())
            run = asyncio.create_task(run_to_end(simulator))
            await application.wait_for("streaming.started")
            run.cancel()
            raise KeyError

    with pytest.raises(KeyError):
        await break_off()


async def test_relaying_needs_the_address_of_a_recogniser() -> None:
    """Said at once, not in the middle of a call."""
    with pytest.raises(SettingsError, match="address of a recogniser"):
        async with open_simulator(parse_scenario({"recogniser": "relay"})):
            pass
