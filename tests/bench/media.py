"""CPU per second of call on the media path, beside a bare relay, paced in real time."""

import asyncio
import base64
import itertools
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import aiohttp
import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.bench.carrier import Telnyx, open_telnyx, webhook
from tests.bench.processes import Program, started
from tests.bench.table import Row, median

FRAME_S = 0.02
FRAME_BYTES = 160
ANSWER_EVERY = 50
"""Chunks of audio, of 100 ms each, to an empty answer."""
SETTLE_S = 2.0
"""Left out at the beginning: connections being made."""


@dataclass(frozen=True, slots=True)
class Socket:
    """Where one call's audio goes, and what to show there."""

    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call costs: CPU for a second of it, and memory while it goes on."""

    cpu_s: float
    memory_bytes: float


async def measure(*, calls: int, seconds: float, rounds: int) -> list[Row]:
    """Play that many two-track calls into each in turn, for so long, so many times."""
    mine: list[float] = []
    theirs: list[float] = []
    memory_bytes: list[float] = []
    async with open_telnyx() as telnyx, _open_stt() as stt_url:
        for _ in range(rounds):
            async with started("tests.bench.bare_relay", stt_url) as bare:
                url = bare.url.replace("http", "ws", 1) + "/media"
                theirs.append(await _play(bare, [Socket(url, {})] * calls, seconds))
            with TemporaryDirectory() as folder:
                settings = _settings(telnyx, stt_url, f"sqlite:///{folder}/bench.db")
                async with started("tests.bench.ours", settings) as ours:
                    cost = await _play_calls(telnyx, ours, calls, seconds)
                    mine.append(cost.cpu_s)
                    memory_bytes.append(cost.memory_bytes)
    ours_ms, bare_ms = median(mine) * 1000, median(theirs) * 1000
    return [
        Row(
            f"CPU per call-second, {calls} calls",
            f"{ours_ms:.2f} ms",
            f"{bare_ms:.2f} ms",
            ours_ms / bare_ms,
            "<= 1.25",
        ),
        Row(
            f"memory per talking call, {calls} calls",
            f"{median(memory_bytes) / 1024:.0f} KiB",
            "",
            None,
            "",
        ),
    ]


async def cpu_ms(database: str, *, calls: int, seconds: float) -> float:
    """Return what a second of one of these calls costs a service on this database."""
    async with (
        open_telnyx() as telnyx,
        _open_stt() as stt_url,
        started("tests.bench.ours", _settings(telnyx, stt_url, database)) as ours,
    ):
        return (await _play_calls(telnyx, ours, calls, seconds)).cpu_s * 1000


async def _play_calls(telnyx: Telnyx, ours: Program, calls: int, seconds: float) -> Cost:
    await _begin(telnyx, ours, range(10_000, 10_001))  # loads what loads late
    empty_bytes = ours.memory_bytes
    sockets = await _begin(telnyx, ours, range(calls))
    cpu_s = await _play(ours, sockets, seconds)
    return Cost(cpu_s, (ours.memory_bytes - empty_bytes) / calls)


def _settings(telnyx: Telnyx, stt_url: str, database: str) -> str:
    return msgspec.json.encode(
        {
            "listen": "127.0.0.1:0",
            "database_url": database,
            "telnyx_api_key": "KEY",
            "telnyx_public_key": telnyx.public_key,
            "telnyx_base_url": telnyx.url,
            "telnyx_stt_url": stt_url,
            "drain_timeout_s": 1,
            "public_url": "http://127.0.0.1:1",
            "route": {"0": {"source": "media", "engine": "Deepgram", "answer": False}},
        }
    ).decode()


@asynccontextmanager
async def _open_stt() -> AsyncIterator[str]:
    """Serve a recogniser that hears no words, and says so often enough not to seem stalled."""

    async def listen(socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            heard = 0
            async for message in socket:
                heard += 1
                if heard % ANSWER_EVERY == 0:
                    await socket.send('{"transcript":"","is_final":true}')
                if isinstance(message, str) and "CloseStream" in message:
                    return

    async with serve(listen, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/v2/speech-to-text/transcription"


async def _begin(telnyx: Telnyx, ours: Program, calls: range) -> list[Socket]:
    """Ring and answer the calls of these numbers, and return where their audio is wanted."""
    telnyx.streams.clear()
    async with aiohttp.ClientSession() as session:
        for number in calls:
            for kind in ("call.initiated", "call.answered"):
                one = webhook(telnyx, kind, number, direction="incoming")
                url = f"{ours.url}/webhooks/telnyx"
                async with session.post(url, data=one.body, headers=one.headers) as answer:
                    answer.raise_for_status()
    async with asyncio.timeout(60):
        while len(telnyx.streams) < len(calls):
            telnyx.asked.clear()
            await telnyx.asked.wait()
    return [
        Socket(
            ours.url.replace("http", "ws", 1) + "/media/" + url.rpartition("/")[2],
            {"x-telnyx-streaming-auth-token": token, "x-leg": leg},
        )
        for leg, (url, token) in telnyx.streams.items()
    ]


async def _play(program: Program, sockets: Sequence[Socket], seconds: float) -> float:
    """Play into all sockets and return the program's CPU seconds per second of call."""
    frames = int((seconds + SETTLE_S) / FRAME_S)
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as players:
        meter = players.create_task(_meter(program, seconds))
        for socket in sockets:
            players.create_task(_player(session, socket, frames))
    return meter.result() / (seconds * len(sockets))


async def _meter(program: Program, seconds: float) -> float:
    await asyncio.sleep(SETTLE_S)
    before = program.cpu_s
    await asyncio.sleep(seconds)
    return program.cpu_s - before


async def _player(session: aiohttp.ClientSession, socket: Socket, frames: int) -> None:
    await asyncio.sleep(random.random() * FRAME_S)  # noqa: S311 - spreads the load, no more
    stream = str(uuid.uuid4())
    async with session.ws_connect(socket.url, headers=socket.headers, compress=0) as connection:
        await connection.send_str(_start(socket.headers.get("x-leg", ""), stream))
        await _send_frames(connection.send_str, stream, frames)
        await connection.send_str(f'{{"event":"stop","stream_id":"{stream}"}}')


async def _send_frames(send: Callable[[str], Awaitable[None]], stream: str, frames: int) -> None:
    payload = base64.b64encode(bytes(random.randbytes(FRAME_BYTES))).decode()  # noqa: S311
    loop = asyncio.get_running_loop()
    began = loop.time()
    numbers = itertools.count(2)
    for chunk in range(frames):
        for track in ("inbound", "outbound"):
            await send(
                f'{{"event":"media","sequence_number":"{next(numbers)}","stream_id":"{stream}",'
                f'"media":{{"track":"{track}","chunk":"{chunk + 1}",'
                f'"timestamp":"{chunk * 20}","payload":"{payload}"}}}}'
            )
        await asyncio.sleep(max(0.0, began + (chunk + 1) * FRAME_S - loop.time()))


def _start(leg: str, stream: str) -> str:
    return msgspec.json.encode(
        {
            "event": "start",
            "sequence_number": "1",
            "stream_id": stream,
            "start": {
                "call_control_id": leg,
                "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
            },
        }
    ).decode()
