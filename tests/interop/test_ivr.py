"""Telnyx's SDKs drive a call flow, with Callscribe beside it: attached, with copies or a tee."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.interop.harness import CALLSCRIBE, HERE, Program, run, running
from tests.interop.serving_calls import free_port

IVRS = {
    "python": (str(Path(CALLSCRIBE).with_name("python")), str(HERE / "ivr.py")),
    "node": ("node", str(HERE / "ivr.mjs")),
}
MAX_LINES = 60
"""How long an example may be."""
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
ring_s = 120
hangs_up = "caller"
""" + "".join(
    f'[[call.say]]\nspeaker = "{who}"\nat_ms = {at_ms}\ntext = "{text}"\n'
    for who, at_ms, text in SPOKEN
)
BEHIND = {
    "copies": "copies = true",
    "tee": 'forward = { url = "http://127.0.0.1:PORT", allow_private = true }',
}
SETTINGS = """
drain_timeout_s = 2
[[route]]
name = "beside"
match = { to = "nobody" }
source = "in_call"
engine = "Telnyx"
roles = { inbound = "customer", outbound = "agent" }
"""


@asynccontextmanager
async def simulated(folder: Path, url: str) -> AsyncIterator[tuple[Program, dict[str, str]]]:
    """Run a Telnyx with the call; yield it, and the environment that leads to it."""
    (folder / "scenario.toml").write_text(SCENARIO)
    play = ("simulate", "scenario.toml", "--port", "0", "--webhook-url", url)
    async with running(CALLSCRIBE, *play, cwd=folder) as telnyx:
        environment: dict[str, str] = {}
        while "CALLSCRIBE_PUBLIC_URL" not in environment:
            name, _, value = (await telnyx.line()).removeprefix("export ").partition("=")
            environment[name] = value
        yield telnyx, environment


@asynccontextmanager
async def serving(folder: Path, environment: dict[str, str]) -> AsyncIterator[Program]:
    """Run Callscribe, from when it has started."""
    async with running(CALLSCRIBE, "serve", cwd=folder, **environment) as program:
        while "service_started" not in await program.line():
            pass
        log = asyncio.create_task(program.rest())  # its pipe must not fill up
        yield program
        await program.end()
        await log


async def new_key(folder: Path, environment: dict[str, str]) -> str:
    """Return a key that may read calls and act on them."""
    scopes = ("--scope", "calls:read", "--scope", "calls:write")
    command = (CALLSCRIBE, "keys", "create", "--name", "ivr", *scopes)
    made = await run(*command, cwd=folder, **environment)
    return next(word for word in made.split() if word.startswith("csk_"))


async def told(url: str, key: str, *, until: str, finals: int = 1) -> list[dict[str, Any]]:
    """Return the events of the one call there is, once these are among them.

    Copies that could not be passed on for a while come after what says that the call is complete.
    """
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(url, headers=headers) as client, asyncio.timeout(120):
        while True:
            async with client.get("/v1/calls") as answer:
                calls = (await answer.json())["data"]
            assert len(calls) <= 1
            for call in calls:
                async with client.get(f"/v1/calls/{call['call_id']}/events") as answer:
                    events: list[dict[str, Any]] = (await answer.json())["data"]
                types = [event["type"] for event in events]
                if until in types and types.count("transcript.final") >= finals:
                    return events
            await asyncio.sleep(0.2)


def words(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return who said what, in the order in which it was said."""
    finals = [one["data"] for one in events if one["type"] == "transcript.final"]
    return [(one["role"], one["text"]) for one in sorted(finals, key=lambda one: one["end_ms"])]


@pytest.mark.parametrize("language", IVRS)
def test_an_example_is_short(language: str) -> None:
    """Whoever reads it has it before them at once."""
    _, path = IVRS[language]

    assert len(Path(path).read_text().splitlines()) < MAX_LINES


@pytest.mark.parametrize("is_stopped", [False, True])
@pytest.mark.parametrize("way", BEHIND)
@pytest.mark.parametrize("language", IVRS)
async def test_an_ivr_on_the_sdk_has_its_calls_transcribed(
    tmp_path: Path, language: str, way: str, *, is_stopped: bool
) -> None:
    """Every word once, by the right voice, in one call; also with Callscribe away meanwhile."""
    port, listen = free_port(), f"127.0.0.1:{free_port()}"
    (tmp_path / "callscribe.toml").write_text(BEHIND[way].replace("PORT", str(port)) + SETTINGS)
    first_url = f"http://{listen}/webhooks/telnyx" if way == "tee" else f"http://127.0.0.1:{port}"
    async with simulated(tmp_path, first_url) as (telnyx, environment):
        environment["CALLSCRIBE_LISTEN"] = listen
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(serving(tmp_path, environment))
            key = await new_key(tmp_path, environment)
            app = {"CALLSCRIBE_URL": f"http://{listen}", "CALLSCRIBE_KEY": key, "PORT": str(port)}
            app |= {"COPIES": "1"} if way == "copies" else {}
            program = running(*IVRS[language], cwd=tmp_path, **environment, **app)
            ivr = await stack.enter_async_context(program)
            assert await ivr.line() == "attached 200"
            if is_stopped:
                await told(app["CALLSCRIBE_URL"], key, until="transcript.final")
                await first.end()
                await asyncio.sleep(AWAY_S)  # as long as it is to be away
                await stack.enter_async_context(serving(tmp_path, environment))
            events = await told(
                app["CALLSCRIBE_URL"], key, until="transcript.completed", finals=len(SPOKEN)
            )
        await telnyx.rest()

    assert words(events) == [(who, text) for who, _, text in SPOKEN]
    assert {one["data"]["metadata"]["queue"] for one in events} == {"bookings"}
    assert [one["type"] for one in events].count("call.attached") == 1
