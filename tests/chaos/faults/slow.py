"""Clients that take their time: on every listener there is, hundreds of them, of every kind."""

import asyncio
import contextlib
import itertools
import json
import struct
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum
from http import HTTPStatus
from pathlib import Path

import aiohttp
from yarl import URL

from service.recogniser.files.route import PATHS
from service.recogniser.models.weights import BASE
from tests.chaos.oracle import Verdict
from tests.chaos.world import open_world

_RECORDING = Path(__file__).parents[3] / "fixtures" / "speech" / "jfk.ulaw"
_DRIP_S = 0.5
_START_S = 60.0
_ANSWER_S = 30.0
_FILES = 5
_MU_LAW = 7
_RATE_HZ = 8_000


class Slow(Enum):
    """What a slow client begins with; most go on with a byte now and then."""

    SILENT = b""
    HEAD = b"POST /webhooks/telnyx HTTP/1.1\r\nX-Slow: "
    BODY = b"POST /webhooks/telnyx HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
    DEAF = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 50
    """It asks and asks, and takes no answer."""


_DRIPPING = (Slow.HEAD, Slow.BODY)


async def slow_clients(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Have hundreds hold connections of the service open; recovery is while they do."""
    async with open_world(folder, seed, short=short) as world:
        async with world.load():
            await world.begin()
            for _ in range(rounds):
                async with crowd(world.service.port, 200 if short else 600):
                    world.mark()
                    await world.arrival()
                    await asyncio.sleep(2.0 if short else 20.0)
        await world.settle()
        return [world.verdict("slow-loris clients", rounds)]


async def slow_clients_of_the_recogniser(
    folder: Path, seed: str, rounds: int, *, short: bool
) -> list[Verdict]:
    """Do the same to the recogniser: files are still heard, with the same words as before."""
    del seed  # nothing here is random
    verdict = Verdict("slow-loris clients of the recogniser", rounds)
    async with _recogniser(folder) as (port, client):
        expected = await _transcribe(client)
        for _ in range(rounds):
            async with crowd(port, 200 if short else 600):
                for _ in range(_FILES):
                    began = time.monotonic()
                    text = await _transcribe(client)
                    verdict.recoveries.append(time.monotonic() - began)
                    verdict.acknowledged += 1
                    verdict.lost += not text or text != expected
    return [verdict]


@asynccontextmanager
async def crowd(port: int, number: int) -> AsyncIterator[None]:
    """Have so many connect, and again when they are sent away, until the end of the block."""
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        kinds = itertools.islice(itertools.cycle(Slow), number)
        clients = [tasks.create_task(_take_time(port, kind)) for kind in kinds]
        yield
        for task in clients:
            task.cancel()


async def _take_time(port: int, kind: Slow) -> None:
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.closing(writer):
                writer.write(kind.value)
                while not (writer.is_closing() or reader.at_eof()):
                    if kind in _DRIPPING:
                        writer.write(b"z")
                        await writer.drain()
                    await asyncio.sleep(_DRIP_S)
        await asyncio.sleep(_DRIP_S)


@asynccontextmanager
async def _recogniser(folder: Path) -> AsyncIterator[tuple[int, aiohttp.ClientSession]]:
    """Run a recogniser; yield its port, and a client that has its address."""
    with (folder / "log.jsonl").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", "recogniser", "--port", "0"),
            stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_START_S):
            port = URL(json.loads(await process.stdout.readline())["url"]).port or 0
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            yield port, client
    finally:
        process.kill()
        await process.communicate()


async def _transcribe(client: aiohttp.ClientSession) -> str:
    """Return what is heard in a recording; nothing if there was no good answer."""
    form = aiohttp.FormData({"model": BASE})
    form.add_field("file", _wav(_RECORDING.read_bytes()), filename="a.wav")
    timeout = aiohttp.ClientTimeout(_ANSWER_S)
    try:
        async with client.post(PATHS[0], data=form, timeout=timeout) as answer:
            text = (await answer.json())["text"] if answer.status == HTTPStatus.OK else ""
    except (aiohttp.ClientError, TimeoutError):
        return ""
    return str(text)


def _wav(mu_law: bytes) -> bytes:
    form = struct.pack("<HHIIHH", _MU_LAW, 1, _RATE_HZ, _RATE_HZ, 1, 8)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(mu_law)) + mu_law
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks
