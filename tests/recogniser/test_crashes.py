"""What becomes of a client whose engine or unpacking child fails, and of the next one."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from service.recogniser.audio.container_reader import open_container_reader
from service.recogniser.audio.samples import Samples
from service.recogniser.models.engine import Engine
from service.recogniser.models.hypothesis import Hypothesis
from service.recogniser.models.networks import Networks
from service.recogniser.models.weights import find_models
from service.recogniser.server import open_recogniser
from service.recogniser.text.boosting import Boost
from tests.recogniser.filing import post
from tests.recogniser.packing import pack, packed
from tests.recogniser.talking import (
    PHONE,
    audio,
    recording,
    reference,
    talk,
    text_of,
    word_error_rate,
)

pytestmark = pytest.mark.speech
CLIP = "austen_0920"
OUTSIDE = (signal.SIGKILL, "50000", 1011, 500)
ITS_INPUT = (signal.SIGSEGV, "40002", 1003, 400)


async def unpacker() -> int:
    """Wait for an unpacking child, and return its process id."""
    async with asyncio.timeout(20):
        while not (found := unpackers()):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    return found[0]


def unpackers() -> list[int]:
    """Return the process ids of our unpacking children."""
    tasks = Path("/proc/self/task").iterdir()
    children = [pid for task in tasks for pid in (task / "children").read_text().split()]
    return [
        int(pid)
        for pid in children
        if b"recogniser.audio.container_child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def environment_of(pid: int) -> bytes:
    """Return what a process was started with."""
    return Path(f"/proc/{pid}/environ").read_bytes()


async def test_an_unpacker_knows_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that is talked into something finds none in its environment."""
    monkeypatch.setenv("TELNYX_API_KEY", "KEY-of-somebody")
    async with open_container_reader("mp3"):
        environment = environment_of(await unpacker())

    assert environment
    assert b"KEY-of-somebody" not in environment


@pytest.mark.parametrize(
    ("number", "code", "close_code"), [OUTSIDE[:3], ITS_INPUT[:3]], ids=["killed", "broken"]
)
async def test_a_session_whose_unpacker_dies_is_told(
    networks: Networks, number: signal.Signals, code: str, close_code: int
) -> None:
    """Killed from outside, it is worth another try; broken by its input, it is not."""
    with capture_logs():
        async with open_recogniser(networks=networks, max_sessions=1) as recogniser:
            async with talk(recogniser, input_format="mp3") as client:
                await client.play(packed(CLIP, "mp3")[:20_000])
                os.kill(await unpacker(), number)
                answers = await client.rest()
            async with talk(recogniser, input_format="mp3") as other:
                await other.play(packed(CLIP, "mp3"))
                heard = text_of(await other.finish())

    assert answers[-1].errors is not None
    assert answers[-1].errors[0].code == code
    assert client.socket.close_code == close_code
    assert word_error_rate(reference(CLIP), heard) <= 0.2


@pytest.mark.parametrize(
    ("number", "status"), [(OUTSIDE[0], OUTSIDE[3]), (ITS_INPUT[0], ITS_INPUT[3])]
)
async def test_a_file_whose_unpacker_dies_is_told(
    networks: Networks, number: signal.Signals, status: int
) -> None:
    """In both shapes of an error; the next file is understood."""
    long = pack(np.tile(audio("jfk"), 60), "flac")
    with capture_logs():
        async with open_recogniser(networks=networks, max_files=1) as recogniser:
            async with asyncio.TaskGroup() as tasks:
                lost = tasks.create_task(post(recogniser, long))
                os.kill(await unpacker(), number)
            again = await post(recogniser, packed(CLIP, "mp3"))

    reply = lost.result()
    assert reply.status == status
    assert reply.json["errors"][0]["code"] == reply.json["error"]["code"]
    assert again.status == 200


class StumblingEngine(Engine):
    """An engine that fails once, as where memory was short, and is well again."""

    failed = False

    def decode(self, samples: Samples, rate_hz: int, boost: Boost | None = None) -> Hypothesis:
        """Fail the first time."""
        if self.failed:
            return super().decode(samples, rate_hz, boost)
        self.failed = True
        raise MemoryError


async def test_a_session_whose_engine_fails_is_told_and_the_next_is_heard(
    networks: Networks,
) -> None:
    """The thread goes on with other work; nothing of the failure is kept."""
    stumbling = replace(networks, engine=StumblingEngine(find_models()))
    with capture_logs():
        async with open_recogniser(networks=stumbling, max_sessions=1) as recogniser:
            async with talk(recogniser, **PHONE) as client:
                await client.play(recording(CLIP))
                answers = await client.finish()
            async with talk(recogniser, **PHONE) as other:
                await other.play(recording(CLIP))
                heard = text_of(await other.finish())

    assert [one.code for answer in answers for one in answer.errors or ()] == ["50000"]
    assert client.socket.close_code == 1011
    assert word_error_rate(reference(CLIP), heard) <= 0.2


async def test_a_file_whose_engine_fails_is_told_and_the_next_is_understood(
    networks: Networks,
) -> None:
    """500 in both shapes of an error, and then 200."""
    stumbling = replace(networks, engine=StumblingEngine(find_models()))
    with capture_logs():
        async with open_recogniser(networks=stumbling, max_files=1) as recogniser:
            lost = await post(recogniser, packed(CLIP, "mp3"))
            again = await post(recogniser, packed(CLIP, "mp3"))

    assert (lost.status, lost.json["errors"][0]["code"]) == (500, "50000")
    assert lost.json["error"]["type"] == "server_error"
    assert again.status == 200
