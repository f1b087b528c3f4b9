"""Plain samples out of containers, by a child process for each stream: see `container_child.py`."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import IO, Final

import structlog

from service.errors import BadInputError
from service.recogniser.audio.container_messages import (
    ANY,
    AUDIO,
    CHANNEL_FLAG,
    CHANNELS,
    DONE,
    FAULT,
    HEADER,
    LIVE_FLAG,
    MARK,
    RATE,
)
from service.recogniser.audio.raw import MIN_RATE_HZ, NOTHING, RawDecoder
from service.recogniser.audio.resampling import Samples

log = structlog.get_logger()

_PIPE_BYTES: Final = 64 * 1024
_UNREADABLE: Final = "no audio can be read from it"
_RATE_BYTES: Final = 4
_FROM_OUTSIDE: Final = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT})
"""A decoder that is broken by its input dies of other signals, at its limits as well."""

_ENVIRONMENT: Final = frozenset(
    {"PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT"}
)
"""What a child needs to begin. Keys are in the rest, and none of its business."""

CONTAINERS: Final = {
    "mp3": "mp3",
    "ogg": "ogg",
    "ogg_opus": "ogg",
    "opus": "ogg",
    "flac": "flac",
    "webm": "matroska",
    "webm_opus": "matroska",
}
"""The demuxer for each `input_format` that is unpacked."""


class UnpackedDecoder:
    """Reads what an unpacker gives: the sample rate, then `linear16` without end."""

    def __init__(self) -> None:
        self.rate_hz = MIN_RATE_HZ
        self._head = b""
        self._raw: RawDecoder | None = None

    def feed(self, data: bytes) -> Samples:
        """Return the samples that these bytes complete."""
        if self._raw is None:
            self._head += data
            if len(self._head) < _RATE_BYTES:
                return NOTHING
            self.rate_hz = int.from_bytes(self._head[:_RATE_BYTES], "little")
            self._raw = RawDecoder("linear16", self.rate_hz)
            data = self._head[_RATE_BYTES:]
        return self._raw.feed(data)


class UnpackerKilledError(Exception):
    """Somebody else ended the child, or a system that was out of memory: try again."""

    def __init__(self) -> None:
        super().__init__("the unpacker was killed")


class Unpacker:
    """A running child. One task feeds it, another takes the `pieces`.

    Nothing is kept here: while nobody takes pieces, the pipes fill (64 KiB each), and `feed`
    waits.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self.channels = 1
        """How many there are, once the first piece has come, if one of them was asked for."""
        self._given = self._used = 0
        self._over = False
        self._moved = asyncio.Event()

    async def feed(self, data: bytes) -> None:
        """Hand over the next bytes, cut anywhere; what comes after the end is dropped."""
        stdin = self._process.stdin
        if self._over or stdin is None:
            return
        self._given += len(data)
        with suppress(ConnectionError):  # it has died, or has enough: `pieces` tells
            stdin.write(data)
            await stdin.drain()

    async def settle(self) -> None:
        """Wait until all that has been fed has come out of `pieces`, as far as it can."""
        while not self._over and self._used < self._given:
            self._moved.clear()
            await self._moved.wait()

    def end(self) -> None:
        """There is no more to feed: `pieces` will end."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give what an `UnpackedDecoder` reads, as it comes.

        Raises:
            BadInputError: It is not what was announced, holds no audio, or broke the decoder.
            UnpackerKilledError: The child was killed, and not for what it was given.
        """
        try:
            while True:
                kind, body = await self._next()
                if kind in {RATE, AUDIO}:
                    yield body
                elif kind == MARK:
                    self._used = int.from_bytes(body, "little")
                    self._moved.set()
                elif kind == CHANNELS:
                    self.channels = int.from_bytes(body, "little")
                elif kind == DONE:
                    return
                else:
                    raise BadInputError(body.decode(errors="replace"))
        finally:
            self._over = True
            self._moved.set()

    async def _next(self) -> tuple[bytes, bytes]:
        stdout = self._process.stdout
        if stdout is None:
            raise BadInputError(_UNREADABLE)
        try:
            kind, length = HEADER.unpack(await stdout.readexactly(HEADER.size))
            return kind, await stdout.readexactly(length)
        except asyncio.IncompleteReadError:
            status = await self._process.wait()
            log.warning("unpacker_died", status=status)
            if -status in _FROM_OUTSIDE:
                raise UnpackerKilledError from None
            return FAULT, _UNREADABLE.encode()


@asynccontextmanager
async def open_unpacker(
    input_format: str | None = None,
    *,
    file: IO[bytes] | None = None,
    channel: int | None = None,
) -> AsyncIterator[Unpacker]:
    """Start a child (0.15 s, 35 MB) for a live stream of this format, or for a whole file.

    The file is read from where it stands. It is mixed to one channel, unless one is asked for.
    The child is killed when the context ends.
    """
    demuxer = ANY if input_format is None else CONTAINERS[input_format]
    command = [sys.executable, "-m", "service.recogniser.audio.container_child", demuxer]
    if channel is not None:
        command.append(f"{CHANNEL_FLAG}{channel}")
    if file is None:
        command.append(LIVE_FLAG)
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE if file is None else file,
        stdout=PIPE,
        limit=_PIPE_BYTES,
        env={name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
    )
    try:
        yield Unpacker(process)
    finally:
        await _stop(process)


async def _stop(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    with suppress(ProcessLookupError):
        process.kill()
    # Its end is only seen once its output has been read.
    while process.stdout is not None and await process.stdout.read(_PIPE_BYTES):
        pass
    await process.wait()
