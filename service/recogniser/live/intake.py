"""Takes a client's bytes to its transcriber: directly, or through a container reader."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.recogniser.audio.container_reader import ContainerReader, open_container_reader
from service.recogniser.audio.framing import Framing, framing_of
from service.recogniser.live.parameters import SessionSettings
from service.recogniser.live.transcriber import LiveTranscriber


class Intake:
    """Takes audio and control messages, one at a time; `run` is to run beside that."""

    def __init__(
        self,
        transcriber: LiveTranscriber,
        reader: ContainerReader | None,
        framing: Framing | None = None,
    ) -> None:
        self._transcriber = transcriber
        self._reader = reader
        self._framing = framing
        self._drained = asyncio.Event()

    async def run(self) -> None:
        """Pass on what the reader gives, up to its end; return at once if there is no reader.

        Raises:
            BadInputError: It is not the format that was announced.
        """
        if self._reader is not None:
            async for piece in self._reader.pieces():
                await self._transcriber.feed(piece)
        self._drained.set()

    async def feed(self, audio: bytes) -> None:
        """Take the next bytes, cut anywhere but in packets of raw Opus.

        Raises:
            BadInputError: They are not the format that was announced.
        """
        if self._reader is None:
            await self._transcriber.feed(audio)
        else:
            await self._reader.feed(self._framing.frame(audio) if self._framing else audio)

    async def finalize(self) -> None:
        """Finalise what has been said in all the audio so far."""
        if self._reader is not None:
            await self._reader.flush()
        await self._transcriber.finalize()

    async def finish(self) -> None:
        """Take no more audio."""
        if self._reader is not None:
            self._reader.end()
            await self._drained.wait()
        await self._transcriber.finish()


@asynccontextmanager
async def open_intake(
    transcriber: LiveTranscriber, settings: SessionSettings
) -> AsyncIterator[Intake]:
    """Open the way to a transcriber; for a container it has a child, gone at the end."""
    if not settings.is_container:
        yield Intake(transcriber, None)
        return
    async with open_container_reader(settings.input_format) as reader:
        yield Intake(transcriber, reader, framing_of(settings.input_format))
