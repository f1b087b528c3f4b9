"""In-call transcription: what `call.transcription` says."""

import pytest

from tests.simulator.builders import scenario, transcribe
from tests.simulator.harness import open_simulation, run_to_end
from tests.simulator.peers import Application, open_recogniser

NESTED = {"transcription_engine": "Deepgram", "transcription_model": "deepgram/nova-3"}


async def told(
    engine: str = "Deepgram", config: dict[str, object] | None = None, **tables: object
) -> Application:
    """Play one call transcribed in the call; return what the application was told."""
    async with open_simulation(scenario(**tables)) as (simulator, application):
        application.answer_and(transcribe(engine, **(config or {})))
        await run_to_end(simulator)
        return application


async def test_interims_grow_and_finalize_where_they_are_asked_for() -> None:
    """Their confidence is 0.0; without being asked there are only finals."""
    asked = (await told(config={"interim_results": True})).transcripts()
    unasked = (await told()).transcripts()

    assert [(one["transcript"], one["is_final"]) for one in asked[:5]] == [
        ("how", False),
        ("how can", False),
        ("how can I", False),
        ("how can I help", False),
        ("how can I help", True),
    ]
    assert asked[0]["confidence"] == 0.0
    assert [one["is_final"] for one in unasked] == [True, True]
    assert asked[4] == unasked[0]


async def test_the_truth_and_the_words_have_the_same_clock() -> None:
    """The final's time is the utterance's end and the pause after it, at any speed.

    Within a tenth of a second: a busy machine may wake a task late.
    """
    async with open_simulation(scenario()) as (simulator, application):
        application.answer_and(transcribe())
        report = await run_to_end(simulator)
    call = report.calls[0]
    said = call.said[0]
    answered, final = (
        next(result for result in call.webhooks if result.event_type == kind).occurred_at
        for kind in ("call.answered", "call.transcription")
    )

    assert round((final - answered) * 1000) == pytest.approx(said.end_ms + 300, abs=100)
    assert application.transcripts()[0]["transcript"] == said.text


@pytest.mark.parametrize(
    ("setting", "engine", "shown"),
    [
        ("telnyx", "B", True),
        ("telnyx", "Telnyx", True),
        ("telnyx", "Deepgram", False),
        ("always", "Deepgram", True),
        ("never", "Telnyx", False),
    ],
)
async def test_the_track_is_told_as_the_setting_says(
    setting: str, engine: str, *, shown: bool
) -> None:
    """By default for the Telnyx engine only."""
    application = await told(engine, in_call={"transcription_track": setting})
    tracks = [one.get("transcription_track") for one in application.transcripts()]

    assert tracks == (["outbound", "inbound"] if shown else [None, None])


@pytest.mark.parametrize(
    ("engine", "settings", "expected"),
    [
        ("Telnyx", {}, 0),
        ("Telnyx", {"interims": {"Telnyx": True}}, 8),
        ("Deepgram", {}, 8),
        ("Deepgram", {"interims": {"Deepgram": False}}, 0),
    ],
)
async def test_engines_give_interims_as_documented_or_as_the_setting_says(
    engine: str, settings: dict[str, object], expected: int
) -> None:
    """Some do not, even if they are asked."""
    application = await told(engine, {"interim_results": True}, in_call=settings)

    assert sum(not one["is_final"] for one in application.transcripts()) == expected


@pytest.mark.parametrize(
    ("engine", "settings", "final", "interim"),
    [
        ("Deepgram", {"final_confidence": "null", "interim_confidence": "null"}, None, None),
        ("Deepgram", {"final_confidence": "absent", "interim_confidence": "absent"}, "-", "-"),
        ("Cohere", {"interims": {"Cohere": True}}, None, None),
        ("Reson8", {"interims": {"Reson8": True}}, "-", "-"),
    ],
)
async def test_a_confidence_can_be_null_or_not_there(
    engine: str, settings: dict[str, object], final: object, interim: object
) -> None:
    """By the setting, or by the engine."""
    transcripts = (await told(engine, {"interim_results": True}, in_call=settings)).transcripts()

    assert transcripts[0].get("confidence", "-") == interim
    assert transcripts[-1].get("confidence", "-") == final


async def test_the_last_transcripts_can_come_after_the_hang_up() -> None:
    """With the time at which they were made."""
    application = await told(in_call={"after_hangup": 1})

    assert application.types()[-3:] == ["call.transcription", "call.hangup", "call.transcription"]
    late, hangup = application.received[-1], application.received[-2]
    assert late.data["occurred_at"] <= hangup.data["occurred_at"]


async def test_only_the_wanted_track_is_transcribed() -> None:
    """Inbound is the default: the customer."""
    async with open_simulation(scenario()) as (simulator, application):
        application.answer_and(("transcription_start", {}))
        await run_to_end(simulator)

    assert [one["transcript"] for one in application.transcripts()] == ["is my table free"]


async def test_no_word_is_told_once_transcription_is_stopped() -> None:
    """Webhooks cease, and a new start is taken."""
    async with open_simulation(scenario()) as (simulator, application):
        application.answer_and(transcribe())
        application.reactions["call.transcription"] = [("transcription_stop", {}), transcribe()]
        application.replies = []
        await run_to_end(simulator)

    assert application.transcripts()[0]["transcript"] == "how can I help"
    assert {status for status, _ in application.outcomes} <= {200, 422}


async def test_a_recogniser_hears_the_call_and_its_words_are_told() -> None:
    """One session for each track, in linear16 at 8 kHz; the last words come before the hang-up."""
    async with (
        open_recogniser() as recogniser,
        open_simulation(scenario(), recogniser_url=f"{recogniser.url}/") as (
            simulator,
            application,
        ),
    ):
        application.answer_and(transcribe("A", interim_results=True, model="latest_long"))
        await run_to_end(simulator)

    assert [query["transcription_engine"] for query in recogniser.queries] == ["Google", "Google"]
    assert {query["sample_rate"] for query in recogniser.queries} == {"8000"}
    assert {query["model"] for query in recogniser.queries} == {"latest_long"}
    assert [one["transcript"] for one in application.transcripts() if one["is_final"]] == [
        "hello world",
        "hello world",
    ]
    assert application.types()[-1] == "call.hangup"


async def test_a_call_goes_on_without_a_recogniser_that_is_not_there() -> None:
    """It is heard by nobody."""
    async with open_simulation(scenario(), recogniser_url="ws://127.0.0.1:9") as (
        simulator,
        application,
    ):
        application.answer_and(transcribe())
        report = await run_to_end(simulator)

    assert application.transcripts() == []
    assert report.calls[0].outcome == "normal_clearing"


@pytest.mark.parametrize(
    ("settings", "shape", "status"),
    [
        ({"nested_config": "refused"}, {"transcription_engine_config": NESTED}, 422),
        ({"nested_config": "refused"}, {"transcription_model": "nova-3"}, 200),
        ({"flat_config": "refused"}, {"transcription_model": "nova-3"}, 422),
        ({"flat_config": "refused"}, {"transcription_engine_config": NESTED}, 200),
        ({}, {"transcription_engine_config": NESTED}, 200),
    ],
)
async def test_one_shape_of_the_configuration_is_refused_if_it_is_set_so(
    settings: dict[str, object], shape: dict[str, object], status: int
) -> None:
    """Telnyx's own sources have both."""
    async with open_simulation(scenario(in_call=settings)) as (simulator, application):
        params = {"transcription_engine": "Deepgram", **shape}
        application.answer_and(("transcription_start", params))
        await run_to_end(simulator)

    assert application.outcomes[-1][0] == status


@pytest.mark.parametrize(("config", "status"), [({"api_key_ref": "mine"}, 200), ({}, 422)])
async def test_a_community_engine_transcribes_with_its_key(
    config: dict[str, object], status: int
) -> None:
    """By its name; without the key there is no such engine."""
    async with open_simulation(scenario()) as (simulator, application):
        params = {"transcription_engine": "acme-stt", "transcription_engine_config": config}
        application.answer_and(("transcription_start", params))
        await run_to_end(simulator)

    assert application.outcomes[-1][0] == status
    assert bool(application.transcripts()) is (status == 200)


async def test_a_transcription_is_on_and_gives_no_word() -> None:
    """The first one; or any, from a position of the talk on."""
    assert (await told(in_call={"silent_starts": 1})).transcripts() == []
    texts = [
        one["transcript"] for one in (await told(in_call={"silent_after_ms": 2200})).transcripts()
    ]
    assert texts == ["how can I help"]
