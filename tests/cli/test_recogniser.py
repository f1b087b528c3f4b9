import asyncio
import json
import signal

import aiohttp
import pytest
from yarl import URL

from service.cli.recogniser import KEY_VARIABLE, MODEL_VARIABLE
from service.exits import Exit
from service.settings.load import load_settings
from tests.cli.harness import started
from tests.settings.builders import KEYS


@pytest.mark.speech
async def test_the_recogniser_runs_until_it_is_told_to_stop() -> None:
    """It says where it listens, asks for the key it was given, and drains on SIGTERM."""
    async with (
        started("recogniser", "--port", "0", **{KEY_VARIABLE: "sesame"}) as process,
        asyncio.timeout(60),
    ):
        assert process.stdout is not None
        line = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(line["url"])
        process.send_signal(signal.SIGTERM)
        code = await process.wait()

    assert line["event"] == "recogniser_listening"
    assert refused.value.status == 401
    assert code == Exit.OK


@pytest.mark.speech
@pytest.mark.parametrize(
    ("arguments", "variables", "engine"),
    [
        ([], {}, "moonshine-base-en"),
        ([], {MODEL_VARIABLE: "tiny"}, "moonshine-tiny-en"),
        (["--model", "base"], {MODEL_VARIABLE: "tiny"}, "moonshine-base-en"),
    ],
)
async def test_which_model_answers_can_be_said(
    arguments: list[str], variables: dict[str, str], engine: str
) -> None:
    """On the command line, or in a variable; the health check says which it is."""
    async with (
        started("recogniser", "--port", "0", *arguments, **variables) as process,
        asyncio.timeout(60),
    ):
        assert process.stdout is not None
        line = json.loads(await process.stdout.readline())
        async with (
            aiohttp.ClientSession() as session,
            session.get(URL(line["url"]).with_scheme("http").with_path("/healthz")) as answer,
        ):
            health = await answer.json()
        process.send_signal(signal.SIGTERM)
        await process.wait()

    assert health["engine"] == engine


async def test_a_model_that_is_none_is_refused() -> None:
    """In words that say which there are."""
    async with started("recogniser", "--port", "0", **{MODEL_VARIABLE: "huge"}) as process:
        assert process.stderr is not None
        said = (await process.stderr.read()).decode()
        code = await process.wait()

    assert code == Exit.USAGE
    assert "auto, base, tiny" in said


def test_the_variable_is_none_that_the_service_does_not_know() -> None:
    """Both are started from the same environment: `serve` takes it for nobody's slip."""
    assert load_settings(None, KEYS | {MODEL_VARIABLE: "tiny"}) is not None
