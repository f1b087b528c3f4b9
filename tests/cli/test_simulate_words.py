"""`callscribe simulate --words`, beside a service that posts what it heard."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from telnyx import AsyncTelnyx

from service.app import running
from service.cli import main
from service.exits import Exit
from service.ingress.limits import MediaLimits
from service.settings import Settings
from tests.cli.harness import TIMEOUT_S, Done, free_port, started
from tests.cli.peers import open_application

SPEED = 5
AS_PEOPLE = 1
"""A machine that is five times too slow for five times the speed is not for this one."""
SCENARIO = """
seed = 7
recogniser = "script"

[[call]]
talk = "on_answer"
numbered = { duration_s = 15 }
"""
NOBODY_ANSWERS = """
speed = 0

[[call]]
ring_s = 0.2
numbered = { duration_s = 5 }
"""
SECRET = "whsec_" + "A" * 43 + "="
OTHER_SECRET = "whsec_" + "B" * 43 + "="


def settings_of(printed: list[str], listen: str, journal: Path) -> Settings:
    """Return the settings of a service, as somebody makes them of what was printed."""
    told = dict(line.removeprefix("export ").split("=", 1) for line in printed[:5])
    public_url = told.pop("CALLSCRIBE_PUBLIC_URL")
    route = {
        "source": "media",
        "engine": "Deepgram",
        "roles": {"inbound": "customer", "outbound": "agent"},
        "endpoints": ["words"],
    }
    endpoint = {
        "name": "words",
        "type": "webhook",
        "url": printed[5].rpartition(" ")[2],
        "secret": SECRET,
        "allow_private": True,
    }
    return Settings.model_validate(
        {name.lower(): value for name, value in told.items()}
        | {
            "public_url": public_url,
            "listen": listen,
            "database_url": f"sqlite:///{journal}",
            "route": {"0": route},
            "endpoint": {"0": endpoint},
        }
    )


@asynccontextmanager
async def simulating(
    folder: Path, *options: str, speed: int, **variables: str
) -> AsyncIterator[tuple[Process, list[str], str]]:
    """Run the command; yield it, what it printed first, and where it wants a service to listen."""
    path = folder / "scenario.toml"
    path.write_text(f"speed = {speed}{SCENARIO}")
    listen = f"127.0.0.1:{free_port()}"
    arguments = ["--webhook-url", f"http://{listen}/webhooks/telnyx", "--port", "0", "--words"]
    command = ["simulate", str(path), *arguments, "--receive", "127.0.0.1:0", *options]
    async with started(*command, **variables) as process:
        assert process.stdout is not None
        printed = [(await process.stdout.readline()).decode().rstrip() for _ in range(6)]
        yield process, printed, listen


async def simulated(folder: Path, *options: str, speed: int = SPEED, **variables: str) -> Done:
    """Have a service take the calls, and return how the command ended.

    Telnyx's SDK is loaded before: a busy machine takes longer for that than a caller lets it ring.
    """
    _ = AsyncTelnyx(api_key="k").calls.actions
    async with (
        asyncio.timeout(TIMEOUT_S * 2),
        simulating(folder, *options, speed=speed, **variables) as simulation,
    ):
        process, printed, listen = simulation
        settings = settings_of(printed, listen, folder / "j.db")
        async with running(settings, media_limits=MediaLimits(speed=speed)):
            out, err = await process.communicate()
    return Done(process.returncode or 0, out.decode(), err.decode())


def rows_of(out: str) -> dict[str, dict[str, int]]:
    """Read the table."""
    lines = out.partition("\n\n")[2].splitlines()
    heads = lines[0].replace("untold ms", "untold").replace("wrong track", "wrong").split()[1:]
    rows = (line.rsplit(maxsplit=len(heads)) for line in lines[1:] if not line.startswith(" "))
    return {
        row[0]: dict(zip(heads, map(int, row[1:]), strict=True))
        for row in rows
        if len(row) == len(heads) + 1 and row[1].isdecimal()
    }


async def test_of_a_faultless_run_no_word_is_missing(tmp_path: Path) -> None:
    """A line for the call, and one for all."""
    done = await simulated(tmp_path, "--words-secret", SECRET, speed=AS_PEOPLE)

    rows = rows_of(done.out)
    assert list(rows) == ["call   1", "all"]
    assert rows["all"] == rows["call   1"]
    assert rows["all"]["said"] == rows["all"]["heard"] > 20
    assert sum(rows["all"].values()) - rows["all"]["shifted"] == 2 * rows["all"]["said"]
    assert done.code == Exit.OK


async def test_with_the_wrong_secret_every_word_is_lost(tmp_path: Path) -> None:
    """What is not signed with it is not heard; the secret may stand in the environment."""
    done = await simulated(tmp_path, "--grace", "1", SIMULATE_WORDS_SECRET=OTHER_SECRET)

    total = rows_of(done.out)["all"]
    assert (total["heard"], total["lost"]) == (0, total["said"])
    assert "whose signature was not valid" in done.out
    assert "not every call was said to be complete" in done.out
    assert done.code == Exit.FAILED


async def test_where_nothing_was_said_nothing_is_proved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run without words does not pass for one without faults."""
    path = tmp_path / "scenario.toml"
    path.write_text(NOBODY_ANSWERS)
    async with open_application(200) as (url, _):
        arguments = ["--webhook-url", url, "--port", "0", "--words", "--receive", "127.0.0.1:0"]
        code = await asyncio.to_thread(main, ["simulate", str(path), *arguments])

    assert "no word was said" in capsys.readouterr().out
    assert code == Exit.FAILED


@pytest.mark.parametrize(
    "options",
    [
        ["--receive", "127.0.0.1:0"],
        ["--words", "--receive", "127.0.0.1:0", "--words-secret", "whsec_ä"],
        ["--words", "--receive", "192.0.2.1:80"],
    ],
)
def test_words_that_cannot_be_received_are_a_usage_error(
    tmp_path: Path, options: list[str]
) -> None:
    """No `--words`, a secret that is none, an address of another machine."""
    path = tmp_path / "scenario.toml"
    path.write_text(NOBODY_ANSWERS)
    arguments = ["--webhook-url", "http://127.0.0.1:1", "--port", "0", *options]

    assert main(["simulate", str(path), *arguments]) == Exit.USAGE


@pytest.mark.parametrize("options", [["--receive", "9000"], ["--grace", "inf"]])
def test_an_option_that_cannot_be_read_ends_the_command(options: list[str]) -> None:
    """By argparse, before anything is opened."""
    with pytest.raises(SystemExit) as end:
        main(["simulate", "s.toml", "--webhook-url", "http://127.0.0.1:1", "--words", *options])

    assert end.value.code == Exit.USAGE
