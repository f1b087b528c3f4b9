"""File transcription, scripted and relayed."""

import json

import aiohttp
import pytest
from aiohttp import web

from service.simulator.calls.plan import plan_calls
from service.simulator.server import Simulator
from service.simulator.speech.audio import PCMU, join_channels
from service.simulator.speech.riff import encode_wav
from tests.serving import serve
from tests.simulator.builders import Tree, scenario
from tests.simulator.harness import open_simulation
from tests.simulator.peers import open_recogniser

PATH = "/ai/audio/transcriptions"
RECORDING = plan_calls(scenario())[0].audio
SIDES = [PCMU.decode(RECORDING.encoded(track, PCMU)) for track in ("inbound", "outbound")]
WAV = encode_wav(join_channels(*SIDES), channels=2, rate_hz=8000)
TEXT = "how can I help is my table free"


async def post(simulator: Simulator, fields: Tree, path: str = PATH) -> tuple[int, Tree]:
    """Post a form; a field of bytes is a file."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        filename = "a.wav" if isinstance(value, bytes) else None
        form.add_field(name, value, filename=filename, content_type=None)
    headers = {"authorization": f"Bearer {simulator.api_key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(simulator.url + path, data=form) as reply,
    ):
        return reply.status, await reply.json()


async def test_a_call_is_transcribed_with_the_channel_and_time_of_each_utterance() -> None:
    """In the order they were said."""
    fields = {"model": "deepgram/nova-3", "file": WAV, "response_format": "verbose_json"}
    async with open_simulation(scenario()) as (simulator, _):
        status, body = await post(simulator, fields)

    assert (status, body["text"]) == (200, TEXT)
    assert [(one["channel"], one["text"]) for one in body["segments"]] == [
        (1, "how can I help"),
        (0, "is my table free"),
    ]
    assert body["segments"][0]["start"] == pytest.approx(0.2)
    assert body["duration"] == pytest.approx(len(SIDES[0]) / 16000, abs=0.001)


@pytest.mark.parametrize(
    "fields",
    [{"model": "deepgram/nova-3"}, {"model": "openai/w", "response_format": "verbose_json"}],
)
async def test_other_formats_and_models_give_the_text_only(fields: Tree) -> None:
    """Json is the default, and Whisper has nothing else."""
    async with open_simulation(scenario()) as (simulator, _):
        assert await post(simulator, {**fields, "file": WAV}) == (200, {"text": TEXT})
        alias = await post(simulator, {**fields, "file": WAV}, "/audio/transcriptions")
    assert alias[0] == 200


async def test_the_openai_path_is_a_setting() -> None:
    """Whether Telnyx has it is unknown."""
    async with open_simulation(scenario(rest={"openai_path": False})) as (simulator, _):
        status, _ = await post(simulator, {"model": "m", "file": WAV}, "/audio/transcriptions")
    assert status == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "deepgram/nova-3"},
        {"model": "deepgram/nova-3", "file": WAV, "file_url": "http://x/"},
        {"model": "deepgram/nova-3", "file_url": "file:///etc/passwd"},
        {"model": "deepgram/nova-3", "file": b"ID3"},
        {"model": "deepgram/nova-3", "file": WAV, "response_format": "srt"},
        {"model": "deepgram/nova-3", "file": WAV, "timestamp_granularities[]": "segment"},
        {"model": "openai/whisper-tiny", "file": WAV, "model_config": "{}"},
        {"model": "deepgram/nova-3", "file": WAV, "model_config": "[" * 9999},
        {"model": "deepgram/nova-3", "file_url": "http://127.0.0.1:9/"},
        {"model": "deepgram/nova-3", "language": "x" * 100_000},
    ],
    ids=range(10),
)
async def test_forms_that_break_a_rule_are_refused(fields: Tree) -> None:
    """With a 4xx and Telnyx's error body."""
    async with open_simulation(scenario()) as (simulator, _):
        status, body = await post(simulator, fields)

    assert status in {400, 413}
    assert body["errors"][0]["code"]


async def test_a_form_without_a_model_is_a_422_in_fastapis_form() -> None:
    """So is a body that is no form."""
    async with open_simulation(scenario()) as (simulator, application):
        status, body = await post(simulator, {"file": WAV})
        other = await application.post(PATH, b"{}")

    assert status == other[0] == 422
    assert body["detail"][0]["loc"] == ["body", "model"]


async def test_a_broken_form_is_a_400() -> None:
    """Cut off in the middle, or with headers that are none."""
    kind = {"content-type": "multipart/form-data; boundary=x"}
    async with open_simulation(scenario()) as (_, application):
        bodies = (
            *(b"--x\r\ncontent-disposition: form-data", b"", b"--x\r\n\r\n" * 200),
            b"--x\r\nA: " + b"a" * 20_000 + b"\r\n\r\nb\r\n--x--\r\n",
        )
        statuses = [(await application.post(PATH, body, headers=kind))[0] for body in bodies]
    assert set(statuses) <= {400, 422}


@pytest.mark.parametrize(("form", "json_status", "bracket_status"), [
    ("both", 200, 200), ("json", 200, 400), ("brackets", 400, 200),
])  # fmt: skip
async def test_both_forms_of_the_options_are_taken_as_the_setting_says(
    form: str, json_status: int, bracket_status: int
) -> None:
    """One JSON part as the docs have it, or brackets as the SDK writes them."""
    base: Tree = {"model": "deepgram/nova-3", "file": WAV}
    async with open_simulation(scenario(rest={"options_form": form})) as (simulator, _):
        one = await post(simulator, {**base, "model_config": json.dumps({"diarize": True})})
        other = await post(simulator, {**base, "model_config[diarize]": "true"})

    assert (one[0], other[0]) == (json_status, bracket_status)


async def test_a_file_is_fetched_from_its_url() -> None:
    """Without our key."""
    seen: list[web.Request] = []

    async def give(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response(body=WAV)

    app = web.Application()
    app.router.add_get("/a.wav", give)
    async with serve(app) as url, open_simulation(scenario()) as (simulator, _):
        found = await post(simulator, {"model": "deepgram/nova-3", "file_url": f"{url}/a.wav"})
        lost = await post(simulator, {"model": "deepgram/nova-3", "file_url": f"{url}/b.wav"})

    assert found == (200, {"text": TEXT})
    assert lost[0] == 400
    assert "authorization" not in seen[0].headers


async def test_a_file_is_handed_to_a_recogniser_where_there_is_one() -> None:
    """Whatever it is, with the fields it came with."""
    fields = {"model": "deepgram/nova-3", "file": b"ID3 anything"}
    async with (
        open_recogniser() as recogniser,
        open_simulation(scenario(), recogniser_url=recogniser.url) as (simulator, _),
    ):
        assert await post(simulator, fields) == (200, {"text": "hello file"})
    assert recogniser.forms == [fields]


async def test_a_recogniser_that_is_not_there_is_telnyxs_fault() -> None:
    """500 and 10007, as theirs would be."""
    async with open_simulation(scenario(), recogniser_url="http://127.0.0.1:9") as (simulator, _):
        status, body = await post(simulator, {"model": "m", "file": WAV})
    assert (status, body["errors"][0]["code"]) == (500, "10007")
