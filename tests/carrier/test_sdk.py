"""How Telnyx's SDK is loaded: all that the first command needs, before it, and little else."""

import subprocess
import sys

MAX_MODULES = 400
"""It has 2,700."""

_COMMANDS = """
import asyncio, concurrent.futures.thread, sys
from service.calls.commands import Answer, HangUp, StartStreaming, StartTranscription
from service.carrier import open_carrier
from service.ids import CallId, LegId
from service.ports import StreamTarget
from tests.carrier.peers import open_telnyx_api

LEG, TARGET = LegId("v3:a"), StreamTarget("wss://calls.example.com/media/tok", "auth")
COMMANDS = (
    Answer(leg_id=LEG),
    StartStreaming(leg_id=LEG, tracks="both"),
    StartTranscription(leg_id=LEG, engine="Deepgram", config={}, tracks="both"),
    HangUp(leg_id=LEG),
)

async def main():
    async with open_telnyx_api() as api, open_carrier("KEY1", api.url) as carrier:
        await carrier.ready()
        before = set(sys.modules)
        for command in COMMANDS:
            await carrier.run(command, command_id="id-1", target=TARGET)
        await carrier.life(LEG)
        await carrier.missed([CallId("c1")], 0.0)
        print(len(api.received), sum(name.startswith("telnyx.") for name in before))
        print(*sorted(set(sys.modules) - before))

asyncio.run(main())
"""

_NAMES = """
import ast, sys
from pathlib import Path
from service.carrier.sdk import load_client

load_client("KEY1", "http://127.0.0.1:1/v2", 1.0, 0)
types = sys.modules["telnyx.types"]
tree = ast.parse(Path(types.__file__).read_text())
lines = [line for line in tree.body if isinstance(line, ast.ImportFrom)]
names = [one.asname or one.name for line in lines for one in line.names]
print(len(names) > 1_000, all(getattr(types, name) for name in names[::40]))
print(hasattr(types, "there_is_no_such_thing"))
import telnyx
print(telnyx.types is types, telnyx.types.Room.__name__)
"""


def _printed(program: str) -> list[str]:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=120)
    return done.stdout.splitlines()


def test_a_command_finds_all_loaded_that_it_needs() -> None:
    """Nothing is imported on the time of the first call, nor on the loop's thread."""
    counts, imported = _printed(_COMMANDS)

    requests, loaded = map(int, counts.split())
    assert requests == 6
    assert imported == ""
    assert loaded <= MAX_MODULES


def test_whoever_else_uses_the_sdk_finds_all_of_it() -> None:
    """A name that it re-exports is found when it is asked for; one that it has not is none."""
    assert _printed(_NAMES) == ["True True", "False", "True Room"]
