"""Standard Webhooks' own package for Node: it believes whatever the service delivers.

The whole service, as a process, brings simulated calls to a receiver that is another one.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interop.harness import PATIENCE_S, Program, running
from tests.interop.serving_calls import CALLS, NEW, OLD, calls_to

SIGNING_KEY = (
    "whsk_"
    + base64.b64encode(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    ).decode()
)
PUBLIC_KEY = (
    "whpk_"
    + base64.b64encode(
        bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    ).decode()
)
"""The two are the first test of RFC 8032."""
Delivery = dict[str, Any]


@dataclass
class Receiver:
    """The receiver in Node; `took` grows."""

    url: str
    took: list[Delivery] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, program: Program) -> None:
        """Take note of what it prints until it prints no more."""
        while line := await program.line():
            self.took.append(json.loads(line))
            self._came.set()

    async def until(self, done: Callable[[list[Delivery]], bool]) -> None:
        """Return once something is so of all that it took."""
        async with asyncio.timeout(PATIENCE_S):
            while not done(self.took):
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def open_receiver(*, busy: int = 0) -> AsyncIterator[Receiver]:
    """Run the receiver until the end of the block."""
    asked = {"secrets": [OLD, NEW], "publicKey": PUBLIC_KEY, "busy": busy}
    async with running("node", "receive.js", json.dumps(asked)) as program:
        receiver = Receiver(f"http://127.0.0.1:{json.loads(await program.line())['port']}")
        reading = asyncio.create_task(receiver.read(program))
        yield receiver
        program.stop()
        await reading


def completed(took: list[Delivery]) -> bool:
    """Whether both calls were told to their ends."""
    types = [kind for one in took for kind in one["types"]]
    return types.count("transcript.completed") == CALLS


async def test_it_believes_every_delivery_and_none_that_was_changed(tmp_path: Path) -> None:
    """By the secret that the endpoint has and by no other; so does Node by the public key."""
    more = f'secret = "{OLD}"\nsigning_key = "{SIGNING_KEY}"\npartials = "all"'
    async with open_receiver() as receiver, calls_to(receiver.url, tmp_path, more=more):
        await receiver.until(completed)

    types = {kind for one in receiver.took for kind in one["types"]}
    assert {"call.started", "transcript.partial", "transcript.final", "call.ended"} <= types
    assert all_are(receiver.took, believed=[True, False], key=True, signatures=2, array=False)
    assert all_are(receiver.took, believedChanged=[False, False])


async def test_it_believes_batches(tmp_path: Path) -> None:
    """What gathered while the receiver was busy comes in arrays, under one signature each."""
    more = f'secret = "{OLD}"\nsigning_key = "{SIGNING_KEY}"\nbatch = 50'
    async with (
        open_receiver(busy=3) as receiver,
        calls_to(f"{receiver.url}/busy", tmp_path, more=more),
    ):
        await receiver.until(completed)

    assert all_are(receiver.took, believed=[True, False], key=True, signatures=2, array=True)
    assert all_are(receiver.took, believedChanged=[False, False])
    assert max(len(one["seqs"]) for one in receiver.took) > 1


async def test_it_believes_by_either_secret_while_they_rotate(tmp_path: Path) -> None:
    """From the signal on both sign, batches too; receivers with the old one notice nothing."""
    more = f'secret = "{OLD}"\nbatch = 50'
    async with (
        open_receiver() as receiver,
        calls_to(receiver.url, tmp_path, more=more) as service,
    ):
        await receiver.until(bool)
        service.rotate("batch = 50")
        await receiver.until(completed)

    rotated = [one for one in receiver.took if one["signatures"] == 2]
    before = [one for one in receiver.took if one["signatures"] == 1]
    assert receiver.took == before + rotated
    assert before
    assert all_are(before, believed=[True, False], key=False)
    assert rotated
    assert all_are(rotated, believed=[True, True], key=False, array=True)


def all_are(took: list[Delivery], **so: object) -> bool:
    """Whether there are deliveries, and this is so of each."""
    return bool(took) and all(one | so == one for one in took)
