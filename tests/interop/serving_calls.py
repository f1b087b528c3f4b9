"""The whole service, as a process, that tells receivers of simulated calls."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.interop.harness import CALLSCRIBE, Program, running

OLD, NEW = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n"))
CALLS = 2
SCENARIO = """
seed = 3
speed = 10
recogniser = "script"

[[call]]
count = 2
every_s = 2.0
hangs_up = "caller"
patience_s = 1.0

[[call.say]]
speaker = "agent"
at_ms = 600
text = "Müller & Söhne, „guten Tag“, what can I do for you? 📞"

[[call.say]]
speaker = "customer"
at_ms = 6000
text = "One of them is broken."
"""


@dataclass(frozen=True, slots=True)
class Service:
    """The service with calls under way."""

    folder: Path
    url: str
    program: Program

    def rotate(self, more: str = "") -> None:
        """Have it sign with a new secret as well, as the README says."""
        both = f'secret = "{NEW}"\nsecret_previous = "{OLD}"\n'
        write_settings(self.folder, self.url, both + more)
        self.program.hang_up()


def write_settings(folder: Path, url: str, more: str) -> None:
    """Write settings of one route and one endpoint."""
    (folder / "callscribe.toml").write_text(
        f"""
        drain_timeout_s = 2
        [[route]]
        endpoints = ["crm"]
        [[endpoint]]
        name = "crm"
        type = "webhook"
        url = "{url}"
        allow_private = true
        """
        + more
    )


@asynccontextmanager
async def calls_to(
    url: str, folder: Path, *, more: str = f'secret = "{OLD}"'
) -> AsyncIterator[Service]:
    """Run the service, and the simulator with its calls, until the end of the block.

    Raises:
        AssertionError: The service did not stop orderly.
    """
    write_settings(folder, url, more)
    (folder / "scenario.toml").write_text(SCENARIO)
    listen = f"127.0.0.1:{free_port()}"
    webhooks = f"http://{listen}/webhooks/telnyx"
    play = ("simulate", "scenario.toml", "--port", "0", "--webhook-url", webhooks)
    async with running(CALLSCRIBE, *play, cwd=folder) as telnyx:
        environment = {"CALLSCRIBE_LISTEN": listen}
        while "CALLSCRIBE_PUBLIC_URL" not in environment:
            line = (await telnyx.line()).removeprefix("export ")
            name, _, value = line.partition("=")
            environment[name] = value
        async with running(CALLSCRIBE, "serve", cwd=folder, **environment) as program:
            log = asyncio.create_task(program.rest())  # its pipe must not fill up
            yield Service(folder, url, program)
            program.stop()
            code = await program.exit_code()
            assert code == 0, await log


def free_port() -> int:
    """Return a port that is free now: the simulator wants to know it first."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
