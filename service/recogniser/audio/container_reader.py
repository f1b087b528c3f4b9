"""Reads containers (MP3, Ogg, WebM and the like), through a child process for each stream.

The child is `container_child`; what passes between the two is in `container_messages`.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import IO, Final

import numpy as np
import structlog

from service.errors import BadInputError
from service.recogniser.audio import container_messages as messages
from service.recogniser.audio.mixing import TrackMixer
from service.recogniser.audio.raw import RawDecoder
from service.recogniser.audio.raw_files import RAW_DEMUXERS
from service.recogniser.audio.samples import MIN_RATE_HZ, NO_SAMPLES, Samples

log = structlog.get_logger()

_PIPE_BYTES: Final = 64 * 1024
_UNREADABLE: Final = "no audio can be read from it"
MAX_LAG_S, MAX_LIVE_LAG_S = 60.0, 1.0
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
    "amr_nb": "amrnb",
    "amr_wb": "amrwb",
    "g729": "g729",
}
"""The demuxer for each `input_format` that takes one; what comes may need `framing` before."""
_DEMUXERS: Final = CONTAINERS | {name: name for name in RAW_DEMUXERS}


class ContainerDecoder:
    """Decodes what a `ContainerReader` gives: its tracks, mixed to one channel.

    A track may be `max_lag_s` seconds of audio behind the others before it counts as silent.
    """

    def __init__(self, max_lag_s: float = MAX_LAG_S) -> None:
        self.rate_hz = MIN_RATE_HZ
        self._max_lag_s = max_lag_s
        self._mixer: TrackMixer | None = None
        self._tracks: dict[int, RawDecoder] = {}

    @property
    def left_out_s(self) -> float:
        """Seconds of tracks that came too late to be mixed."""
        return self._mixer.left_out / self.rate_hz if self._mixer else 0.0

    def feed(self, data: bytes) -> Samples:
        """Return the samples that these messages complete: whole ones, as `pieces` gives them."""
        made = []
        at = 0
        while at < len(data):
            kind, length = messages.HEADER.unpack_from(data, at)
            at += messages.HEADER.size + length
            made.append(self._take(kind, data[at - length : at]))
        return made[0] if len(made) == 1 else np.concatenate([NO_SAMPLES, *made])

    def _take(self, kind: bytes, body: bytes) -> Samples:
        if kind == messages.FORMAT:
            track, self.rate_hz, channels = messages.FORMAT_BODY.unpack(body)
            if self._mixer is None:
                self._mixer = TrackMixer(round(self._max_lag_s * self.rate_hz))
            self._mixer.open(track)
            self._tracks[track] = RawDecoder("linear16", self.rate_hz, channels)
        elif self._mixer is not None:
            if kind == messages.DONE:
                return self._mixer.finish()
            return self._mixer.feed(body[0], self._tracks[body[0]].feed(body[1:]))
        return NO_SAMPLES


class ContainerChildKilledError(Exception):
    """Somebody else ended the child, or a system that was out of memory: try again."""

    def __init__(self) -> None:
        super().__init__("the child that reads the container was killed")


class ContainerReader:
    """A running child. One task feeds it, another takes the `pieces`.

    Nothing is kept here: while nobody takes pieces, the pipes fill (64 KiB each), and `feed`
    waits.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self.notes: list[str] = []
        """What of the input is not in the audio as it was, once all pieces have come."""
        self.channels = 1
        """How many there are, once the first piece has come, if one of them was asked for."""
        self._fed_bytes = self._used_bytes = 0
        self._over = False
        self._progress = asyncio.Event()

    async def feed(self, data: bytes) -> None:
        """Hand over the next bytes, cut anywhere; what comes after the end is dropped."""
        stdin = self._process.stdin
        if self._over or stdin is None:
            return
        self._fed_bytes += len(data)
        with suppress(ConnectionError):  # it has died, or has enough: `pieces` tells
            stdin.write(data)
            await stdin.drain()

    async def flush(self) -> None:
        """Wait until all that has been fed has come out of `pieces`, as far as it can."""
        while not self._over and self._used_bytes < self._fed_bytes:
            self._progress.clear()
            await self._progress.wait()

    def end(self) -> None:
        """Close the input: `pieces` will end."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give what a `ContainerDecoder` decodes, as it comes.

        Raises:
            BadInputError: It is not what was announced, holds no audio, or broke the decoder.
            ContainerChildKilledError: The child was killed, and not for what it was given.
        """
        try:
            while True:
                kind, body = await self._next()
                if kind in {messages.FORMAT, messages.AUDIO}:
                    yield messages.HEADER.pack(kind, len(body)) + body
                elif kind == messages.MARK:
                    self._used_bytes = int.from_bytes(body, "little")
                    self._progress.set()
                elif kind == messages.CHANNELS:
                    self.channels = int.from_bytes(body, "little")
                elif kind == messages.NOTE:
                    self.notes.append(body.decode("ascii", "replace"))
                elif kind == messages.DONE:
                    yield messages.HEADER.pack(kind, 0)
                    return
                else:
                    raise BadInputError(body.decode(errors="replace"))
        finally:
            self._over = True
            self._progress.set()

    async def _next(self) -> tuple[bytes, bytes]:
        stdout = self._process.stdout
        if stdout is None:
            raise BadInputError(_UNREADABLE)
        try:
            head = await stdout.readexactly(messages.HEADER.size)
            kind, length = messages.HEADER.unpack(head)
            return kind, await stdout.readexactly(length)
        except asyncio.IncompleteReadError:
            status = await self._process.wait()
            log.warning("unpacker_died", status=status)
            if -status in _FROM_OUTSIDE:
                raise ContainerChildKilledError from None
            return messages.FAULT, _UNREADABLE.encode()


@asynccontextmanager
async def open_container_reader(
    input_format: str | None = None,
    *,
    file: IO[bytes] | None = None,
    channel: int | None = None,
) -> AsyncIterator[ContainerReader]:
    """Start a child (0.15 s, 35 MB) for a live stream of this format, or for a whole file.

    The file is read from where it stands. Its channels are mixed to one, unless `channel` asks
    for one of them. The child is killed when the context ends.
    """
    demuxer = messages.FILE_DEMUXERS if input_format is None else _DEMUXERS[input_format]
    command = [sys.executable, "-m", "service.recogniser.audio.container_child", demuxer]
    if channel is not None:
        command.append(f"{messages.CHANNEL_FLAG}{channel}")
    if file is None:
        command.append(messages.LIVE_FLAG)
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE if file is None else file,
        stdout=PIPE,
        limit=_PIPE_BYTES,
        env={name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
    )
    try:
        yield ContainerReader(process)
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
