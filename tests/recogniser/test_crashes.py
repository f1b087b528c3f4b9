"""What becomes of a client whose engine or container child fails, and of the next one."""

import asyncio
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from service.recogniser.audio.container_reader import open_container_reader
from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from tests.recogniser.builders import audio, pack, packed, recording, reference
from tests.recogniser.harness import (
    StumblingEngine,
    container_children,
    with_engine,
    word_error_rate,
)
from tests.recogniser.peers import PHONE, open_client, post, text_of
from tests.waiting import until

pytestmark = pytest.mark.speech
CLIP = "austen_0920"
OUTSIDE = (signal.SIGKILL, "50000", 1011, 500)
ITS_INPUT = (signal.SIGSEGV, "40002", 1003, 400)


async def container_child() -> int:
    """Wait for a child that reads a container, and return its process id."""
    await until(lambda: bool(container_children()), timeout_s=20)
    return container_children()[0]


def environment_of(pid: int) -> bytes:
    """Return what a process was started with."""
    return Path(f"/proc/{pid}/environ").read_bytes()


async def test_a_container_child_knows_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that is talked into something finds none in its environment."""
    monkeypatch.setenv("TELNYX_API_KEY", "KEY-of-somebody")
    async with open_container_reader("mp3"):
        environment = environment_of(await container_child())

    assert environment
    assert b"KEY-of-somebody" not in environment


@pytest.mark.parametrize(
    ("number", "code", "close_code"), [OUTSIDE[:3], ITS_INPUT[:3]], ids=["killed", "broken"]
)
async def test_a_session_whose_container_child_dies_is_told(
    networks: Networks, number: signal.Signals, code: str, close_code: int
) -> None:
    """Killed from outside, it is worth another try; broken by its input, it is not."""
    with capture_logs():
        async with open_recogniser(networks=networks, max_sessions=1) as recogniser:
            async with open_client(recogniser, input_format="mp3") as client:
                await client.play(packed(CLIP, "mp3")[:20_000])
                os.kill(await container_child(), number)
                answers = await client.rest()
            async with open_client(recogniser, input_format="mp3") as other:
                await other.play(packed(CLIP, "mp3"))
                heard = text_of(await other.finish())

    assert answers[-1].errors is not None
    assert answers[-1].errors[0].code == code
    assert client.socket.close_code == close_code
    assert word_error_rate(reference(CLIP), heard) <= 0.2


@pytest.mark.parametrize(
    ("number", "status"), [(OUTSIDE[0], OUTSIDE[3]), (ITS_INPUT[0], ITS_INPUT[3])]
)
async def test_a_file_whose_container_child_dies_is_told(
    networks: Networks, number: signal.Signals, status: int
) -> None:
    """In both shapes of an error; the next file is understood."""
    long = pack(np.tile(audio("jfk"), 60), "flac")
    with capture_logs():
        async with open_recogniser(networks=networks, max_files=1) as recogniser:
            async with asyncio.TaskGroup() as tasks:
                lost = tasks.create_task(post(recogniser, long))
                os.kill(await container_child(), number)
            again = await post(recogniser, packed(CLIP, "mp3"))

    reply = lost.result()
    assert reply.status == status
    assert reply.json["errors"][0]["code"] == reply.json["error"]["code"]
    assert again.status == 200


async def test_a_session_whose_engine_fails_is_told_and_the_next_is_heard(
    networks: Networks,
) -> None:
    """The thread goes on with other work; nothing of the failure is kept."""
    stumbling = with_engine(networks, StumblingEngine)
    with capture_logs():
        async with open_recogniser(networks=stumbling, max_sessions=1) as recogniser:
            async with open_client(recogniser, **PHONE) as client:
                await client.play(recording(CLIP))
                answers = await client.finish()
            async with open_client(recogniser, **PHONE) as other:
                await other.play(recording(CLIP))
                heard = text_of(await other.finish())

    assert [one.code for answer in answers for one in answer.errors or ()] == ["50000"]
    assert client.socket.close_code == 1011
    assert word_error_rate(reference(CLIP), heard) <= 0.2


async def test_a_file_whose_engine_fails_is_told_and_the_next_is_understood(
    networks: Networks,
) -> None:
    """500 in both shapes of an error, and then 200."""
    stumbling = with_engine(networks, StumblingEngine)
    with capture_logs():
        async with open_recogniser(networks=stumbling, max_files=1) as recogniser:
            lost = await post(recogniser, packed(CLIP, "mp3"))
            again = await post(recogniser, packed(CLIP, "mp3"))

    assert (lost.status, lost.json["errors"][0]["code"]) == (500, "50000")
    assert lost.json["error"]["type"] == "server_error"
    assert again.status == 200
