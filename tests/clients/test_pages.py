"""The programs on the page beside the clients: they run as they stand there."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from service.delivery.certification import certify
from tests.clients.builders import conversation
from tests.clients.harness import CLIENTS, running
from tests.clients.peers import FaultyFeed, some
from tests.delivery.builders import SECRET
from tests.service.process import free_port

PAGES = (CLIENTS / "README.md", CLIENTS.parents[1] / "README.md")
FEED = "https://calls.example.com/v1/feed?types=transcript.*"
TOKENS = "https://crm.example.com/token?scope=live"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def programs(name: str) -> list[str]:
    """Return the programs on the pages that use this of the client."""
    blocks = [block for page in PAGES for block in _BLOCK.findall(page.read_text())]
    return [one for one in blocks if f"from callscribe import {name}" in one]


def written(folder: Path, text: str, **changes: str) -> Path:
    """Write a program beside a copy of the client, with the addresses and secrets of this test."""
    shutil.copy(CLIENTS / "callscribe.py", folder)
    for old, new in changes.items():
        text = text.replace(old, new)
    path = folder / "program.py"
    path.write_text(text)
    return path


@pytest.mark.parametrize("program", programs("follow"))
async def test_the_program_that_follows_prints_every_word(program: str, tmp_path: Path) -> None:
    """Over an interruption."""
    frames = conversation()
    said = [one.body["data"]["text"] for one in frames if one.type == "transcript.final"]
    feed = FaultyFeed(frames, [some])
    async with feed.serve():
        changes = {FEED: feed.url, TOKENS: feed.token_url}
        path = written(tmp_path, program, **changes)
        async with running((sys.executable, "-u", str(path))) as client:
            printed = await client.text_until("call.coda")
    finals = [line.partition(" ")[2] for line in printed if line.startswith("transcript.final")]
    assert finals == said


@pytest.mark.parametrize("program", programs("Receiver"))
async def test_the_program_that_receives_passes_certification(program: str, tmp_path: Path) -> None:
    """With the secret put in, and a port that is free."""
    port = free_port()
    changes = {"whsec_…": SECRET, "port=9000": f"port={port}, host='127.0.0.1'"}
    path = written(tmp_path, program, **changes)
    async with running((sys.executable, "-u", str(path))) as client:
        await client.text_until("======== Running on")
        findings = await certify(f"http://127.0.0.1:{port}/hooks/calls", SECRET)

    assert {one.check: one.problem for one in findings if one.problem} == {}


def test_there_are_programs_of_both_kinds() -> None:
    """Else the tests above would test nothing."""
    assert programs("follow")
    assert programs("Receiver")
