"""Reads a whole file: a WAV or plain samples here, all else through a child process."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import IO, Final, Protocol

from service.errors import BadInputError
from service.recogniser.audio.container_reader import (
    ContainerDecoder,
    ContainerReader,
    open_container_reader,
)
from service.recogniser.audio.raw import RawDecoder
from service.recogniser.audio.raw_files import HEAD_BYTES, RawFile, raw_file
from service.recogniser.audio.samples import AudioDecoder
from service.recogniser.audio.wav import MAX_HEADER_BYTES, MAX_TAG_BYTES, WavDecoder

_PIECE_BYTES: Final = 32 * 1024


class FileReader(Protocol):
    """A file being read; `pieces` are for the `decoder`."""

    @property
    def decoder(self) -> AudioDecoder:
        """What the pieces are to be fed to."""

    @property
    def channels(self) -> int:
        """How many channels the file has, once the first piece has come, if one was asked for."""

    @property
    def notes(self) -> list[str]:
        """What of the file is not in the audio as it was, once all pieces have been decoded."""

    def pieces(self) -> AsyncIterator[bytes]:
        """Give the file.

        Raises:
            BadInputError: No audio can be read from it.
        """


class _WavReader:
    def __init__(self, file: IO[bytes], channel: int | None, channels: int) -> None:
        self.decoder = WavDecoder(channel)
        self.channels = channels
        self.pieces = partial(_pieces_of, file)

    @property
    def notes(self) -> list[str]:
        return self.decoder.notes


class _RawReader:
    channels = 1

    def __init__(self, file: IO[bytes], raw: RawFile) -> None:
        self.decoder = RawDecoder(raw.codec, raw.rate_hz)
        self.notes: list[str] = []
        self.pieces = partial(_pieces_of, file)


class _ContainerFileReader:
    def __init__(self, reader: ContainerReader) -> None:
        self.decoder = ContainerDecoder()
        self._reader = reader
        self.pieces = reader.pieces

    @property
    def channels(self) -> int:
        return self._reader.channels

    @property
    def notes(self) -> list[str]:
        late_s = self.decoder.left_out_s
        late = [f"{late_s:.2f} s are left out: their track is too far behind"] if late_s else []
        return [*self._reader.notes, *late]


@asynccontextmanager
async def open_file_reader(
    file: IO[bytes], *, name: str = "", channel: int | None = None
) -> AsyncIterator[FileReader]:
    """Open a file that is read from where it stands; its `name` is asked where it has no header.

    Its channels are mixed to one, unless `channel` asks for one of them.
    """
    demuxer = None
    if raw := raw_file(name, os.pread(file.fileno(), HEAD_BYTES, _position_of(file))):
        if not raw.is_packed:
            yield _RawReader(file, raw)
            return
        demuxer = raw.codec
    elif (channels := _channels_of_wav(file)) is not None:
        yield _WavReader(file, channel, channels)
        return
    async with open_container_reader(demuxer, file=file, channel=channel) as reader:
        yield _ContainerFileReader(reader)


def _position_of(file: IO[bytes]) -> int:
    return os.lseek(file.fileno(), 0, os.SEEK_CUR)


async def _pieces_of(file: IO[bytes]) -> AsyncGenerator[bytes, None]:
    while piece := await asyncio.to_thread(os.read, file.fileno(), _PIECE_BYTES):
        yield piece


def _channels_of_wav(file: IO[bytes]) -> int | None:
    """Return how many channels a WAV has; None if it is none that we read ourselves."""
    head = os.pread(file.fileno(), MAX_TAG_BYTES + MAX_HEADER_BYTES, _position_of(file))
    decoder = WavDecoder()
    try:
        for at in range(0, len(head), _PIECE_BYTES):
            decoder.feed(head[at : at + _PIECE_BYTES])
            if decoder.has_data:
                return decoder.channels
    except BadInputError:
        pass
    return None
