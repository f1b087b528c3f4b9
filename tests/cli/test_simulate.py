import asyncio
from pathlib import Path

import pytest

from service.cli import main
from service.exits import Exit
from tests.cli.harness import free_port
from tests.cli.peers import open_application

SCENARIO = """
seed = 7
speed = 0

[[call]]
talk = "on_answer"
ring_s = 0.2
say = [{ speaker = "customer", text = "hello", at_ms = 0 }]

[webhooks]
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    """Write a scenario of one call that nobody answers for long."""
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO)
    return str(path)


async def simulate(*arguments: str) -> int:
    """Run the command in this process."""
    return await asyncio.to_thread(main, ["simulate", "--port", "0", *arguments])


async def test_a_scenario_is_played_to_an_application(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told what to set, called, and reported on."""
    async with open_application(200) as (url, heard):
        code = await simulate(scenario, "--webhook-url", url)

    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("=")[0] for line in lines[:5]] == [
        "export TELNYX_API_KEY",
        "export TELNYX_PUBLIC_KEY",
        "export TELNYX_BASE_URL",
        "export TELNYX_STT_URL",
        "export CALLSCRIBE_PUBLIC_URL",
    ]
    assert lines[4].endswith(url.removesuffix("/webhooks"))
    assert heard == ["call.initiated", "call.hangup"]
    assert "webhooks taken 2, left 0" in lines[5]
    assert code == Exit.OK


async def test_another_seed_makes_other_calls(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An application that has the first ones in its journal does not know these."""
    keys = []
    async with open_application(200) as (url, _):
        for seed in ("1", "2"):
            await simulate(scenario, "--webhook-url", url, "--seed", seed)
            keys.append(capsys.readouterr().out.splitlines()[0])

    assert keys[0] != keys[1]


async def test_calls_wait_for_an_application_that_starts_later(scenario: str) -> None:
    """Its settings come from here, so it cannot be first."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/webhooks"
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        play = tasks.create_task(simulate(scenario, "--webhook-url", url))
        async with open_application(200, port) as (_, heard):
            assert await play == Exit.OK

    assert heard == ["call.initiated", "call.hangup"]


async def test_an_application_that_never_comes_is_a_failure(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the time that was given."""
    code = await simulate(scenario, "--webhook-url", "http://127.0.0.1:1", "--wait", "0.1")

    assert code == Exit.FAILED
    assert "nothing came to listen" in capsys.readouterr().err


async def test_what_cannot_be_simulated_is_a_usage_error() -> None:
    """A missing scenario."""
    assert await simulate("/absent.toml", "--webhook-url", "http://127.0.0.1:1") == Exit.USAGE


async def test_an_application_that_takes_no_webhook_is_a_failure(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was sent and never taken is counted."""
    async with open_application(500) as (url, _):
        code = await simulate(scenario, "--webhook-url", url)

    assert "webhooks taken 0, left 2" in capsys.readouterr().out
    assert code == Exit.FAILED
