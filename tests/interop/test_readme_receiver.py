"""The README's receiver, as it stands there, takes what the whole service delivers."""

import re
from pathlib import Path

from tests.interop.harness import CALLSCRIBE, HERE, Program, running
from tests.interop.serving_calls import CALLS, OLD, calls_to, free_port

PYTHON = str(Path(CALLSCRIBE).with_name("python"))


def program(port: int) -> str:
    """Return the README's program with the secret and a free port put in."""
    page = (HERE.parents[1] / "README.md").read_text()
    (code,) = re.findall(r"```python\n(# pip install aiohttp standard.*?)```", page, re.DOTALL)
    return str(code).replace("whsec_…", OLD).replace("port=9000", f"port={port}")


async def printed_until_completed(receiver: Program) -> list[str]:
    """Return what it prints up to the end of the last call."""
    lines: list[str] = []
    while sum(line.startswith("transcript.completed") for line in lines) < CALLS:
        lines.append(await receiver.line())
    return lines


async def test_it_takes_every_event_while_secrets_rotate(tmp_path: Path) -> None:
    """Each once: it answers nothing that would have any of them brought again."""
    port = free_port()
    async with (
        running(PYTHON, "-c", program(port)) as receiver,
        calls_to(f"http://127.0.0.1:{port}/hooks/calls", tmp_path) as service,
    ):
        while not (await receiver.line()).startswith("call.started"):
            pass
        service.rotate()
        printed = await printed_until_completed(receiver)

    assert any(line.startswith("transcript.final") for line in printed)
    assert sum(line.startswith("call.ended") for line in printed) == CALLS
