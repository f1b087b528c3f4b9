import asyncio
from pathlib import Path

import aiohttp
import pytest

from service.cli import main
from service.exits import Exit
from tests.cli.harness import callscribe, free_port, started
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

    out = capsys.readouterr().out
    assert "webhooks taken 0, left 2" in out
    assert "look at: webhooks that the application left: 2, answered HTTP 500" in out
    assert code == Exit.FAILED


async def test_a_key_that_is_not_of_this_run_is_told(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As another seed's is: all that the application asks for is answered 401."""
    port = free_port()

    async def ask() -> None:
        async with (
            aiohttp.ClientSession(headers={"Authorization": "Bearer KEYOLD"}) as session,
            session.get(f"http://127.0.0.1:{port}/v2/calls/v3:any") as refused,
        ):
            assert refused.status == 401

    async with open_application(200, then=ask) as (url, _):
        code = await simulate(scenario, "--webhook-url", url, "--port", str(port))

    out = capsys.readouterr().out
    assert "look at: requests with another TELNYX_API_KEY" in out
    assert "no command followed" not in out
    assert code == Exit.OK


async def test_calls_that_an_application_does_nothing_with_are_told(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its journal may have them from the last run: the line names another seed."""
    async with open_application(200) as (url, _):
        await simulate(scenario, "--webhook-url", url)

    assert "journal has these calls already (--seed 8 makes others)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "said"), [(401, "another TELNYX_PUBLIC_KEY"), (404, "at /webhooks/telnyx")]
)
async def test_what_refused_webhooks_mean_is_told(
    scenario: str, capsys: pytest.CaptureFixture[str], status: int, said: str
) -> None:
    """And what to do about it."""
    async with open_application(status) as (url, _):
        await simulate(scenario, "--webhook-url", url)

    assert said in capsys.readouterr().out


async def test_a_check_before_the_application_begins_no_call(tmp_path: Path, scenario: str) -> None:
    """It finds its webhook address among the applications, and is none itself."""
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    url = f"{public}/webhooks/telnyx"
    settings = {"CALLSCRIBE_LISTEN": f"127.0.0.1:{port}", "DATABASE_URL": f"sqlite:///{tmp_path}/a"}
    async with started("simulate", scenario, "--webhook-url", url, "--port", "0") as playing:
        assert playing.stdout is not None
        lines = [(await playing.stdout.readline()).decode().split()[1] for _ in range(5)]
        variables = dict(line.partition("=")[::2] for line in lines)
        checked = await callscribe("check", **variables, **settings)
        assert playing.returncode is None
        async with open_application(200, port, path="/webhooks/telnyx") as (_, heard):
            await playing.communicate()

    assert "ok    webhook address" in checked.out
    assert checked.code == Exit.OK, checked.out
    assert heard == ["call.initiated", "call.hangup"]
