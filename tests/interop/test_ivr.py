"""Telnyx's SDK drives a call flow of its own, with Callscribe beside it by attaching and copies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.interop.harness import CALLSCRIBE, HERE, Program, run, running
from tests.interop.serving_calls import free_port

PYTHON = str(Path(CALLSCRIBE).with_name("python"))
AWAY_S = 10.0
"""How long Callscribe is stopped, in the middle of the call."""
SPOKEN = [
    ("agent", 1_500, "Welcome to the bookings."),
    ("customer", 5_000, "I would like to move mine."),
    ("agent", 9_500, "One moment please."),
    ("customer", 14_000, "There is no hurry."),
    ("agent", 18_500, "Which day would you prefer?"),
    ("customer", 23_000, "Tuesday would be lovely."),
]
SCENARIO = """
seed = 5
recogniser = "script"

[[call]]
from = "+13125550143"
to = "+13125550199"
talk = "on_answer"
hangs_up = "caller"
""" + "".join(
    f'[[call.say]]\nspeaker = "{who}"\nat_ms = {at_ms}\ntext = "{text}"\n'
    for who, at_ms, text in SPOKEN
)
SETTINGS = """
copies = true
drain_timeout_s = 2
[[route]]
name = "beside"
match = { to = "nobody" }
source = "in_call"
engine = "Telnyx"
roles = { inbound = "customer", outbound = "agent" }
"""


@asynccontextmanager
async def simulated(folder: Path, port: int) -> AsyncIterator[tuple[Program, dict[str, str]]]:
    """Run a Telnyx with the call; yield it, and the environment that leads to it."""
    (folder / "scenario.toml").write_text(SCENARIO)
    play = ("simulate", "scenario.toml", "--port", "0", "--webhook-url", f"http://127.0.0.1:{port}")
    async with running(CALLSCRIBE, *play, cwd=folder) as telnyx:
        environment: dict[str, str] = {}
        while "CALLSCRIBE_PUBLIC_URL" not in environment:
            name, _, value = (await telnyx.line()).removeprefix("export ").partition("=")
            environment[name] = value
        yield telnyx, environment


async def told(url: str, key: str, *, until: str) -> list[dict[str, Any]]:
    """Return the events of the one call there is, once one of this type is among them."""
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(url, headers=headers) as client, asyncio.timeout(60):
        while True:
            async with client.get("/v1/calls") as answer:
                calls = (await answer.json())["data"]
            assert len(calls) <= 1
            for call in calls:
                async with client.get(f"/v1/calls/{call['call_id']}/events") as answer:
                    events: list[dict[str, Any]] = (await answer.json())["data"]
                if any(event["type"] == until for event in events):
                    return events
            await asyncio.sleep(0.2)


def words(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return who said what, in the order in which it was said."""
    finals = [one["data"] for one in events if one["type"] == "transcript.final"]
    return [(one["role"], one["text"]) for one in sorted(finals, key=lambda one: one["end_ms"])]


@pytest.mark.parametrize("is_stopped", [False, True])
async def test_an_ivr_on_the_sdk_has_its_calls_transcribed(
    tmp_path: Path, *, is_stopped: bool
) -> None:
    """Every word once, by the right voice, in one call; also with Callscribe away meanwhile."""
    port, listen = free_port(), f"127.0.0.1:{free_port()}"
    (tmp_path / "callscribe.toml").write_text(SETTINGS)
    async with simulated(tmp_path, port) as (telnyx, environment):
        environment["CALLSCRIBE_LISTEN"] = listen
        serve = (CALLSCRIBE, "serve")
        made = await run(
            CALLSCRIBE, "keys", "create", "--name", "ivr",
            "--scope", "calls:read", "--scope", "calls:write",
            cwd=tmp_path, **environment,
        )  # fmt: skip
        key = next(word for word in made.split() if word.startswith("csk_"))
        app = {"CALLSCRIBE_URL": f"http://{listen}", "CALLSCRIBE_KEY": key, "PORT": str(port)}
        async with running(PYTHON, str(HERE / "ivr.py"), **environment, **app) as ivr:
            async with running(*serve, cwd=tmp_path, **environment) as first:
                log = asyncio.create_task(first.rest())
                assert await ivr.line() == "attached 200"
                until = "transcript.final" if is_stopped else "transcript.completed"
                events = await told(app["CALLSCRIBE_URL"], key, until=until)
            await log
            if is_stopped:
                await asyncio.sleep(AWAY_S)  # as long as it is to be away
                async with running(*serve, cwd=tmp_path, **environment) as second:
                    log = asyncio.create_task(second.rest())
                    events = await told(app["CALLSCRIBE_URL"], key, until="transcript.completed")
                await log
        await telnyx.rest()

    assert words(events) == [(who, text) for who, _, text in SPOKEN]
    assert {one["data"]["metadata"]["queue"] for one in events} == {"bookings"}
    assert [one["type"] for one in events].count("call.attached") == 1
