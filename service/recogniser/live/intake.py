"""The way of a client's bytes to its session: directly, or through an unpacker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.recogniser.audio.container_reader import Unpacker, open_unpacker
from service.recogniser.live.parameters import SessionSettings
from service.recogniser.live.transcriber import Session


class Intake:
    """Takes audio and control messages, one at a time; `run` is to run beside that."""

    def __init__(self, session: Session, unpacker: Unpacker | None) -> None:
        self._session = session
        self._unpacker = unpacker
        self._emptied = asyncio.Event()

    async def run(self) -> None:
        """Pass on what is unpacked, up to the end; return at once if nothing has to be.

        Raises:
            BadInputError: It is not the format that was announced.
        """
        if self._unpacker is not None:
            async for piece in self._unpacker.pieces():
                await self._session.hear(piece)
        self._emptied.set()

    async def hear(self, audio: bytes) -> None:
        """Take the next bytes, cut anywhere.

        Raises:
            BadInputError: They are not the format that was announced.
        """
        if self._unpacker is None:
            await self._session.hear(audio)
        else:
            await self._unpacker.feed(audio)

    async def finalize(self) -> None:
        """Settle what has been said in all the audio so far."""
        if self._unpacker is not None:
            await self._unpacker.settle()
        await self._session.finalize()

    async def finish(self) -> None:
        """Take no more audio."""
        if self._unpacker is not None:
            self._unpacker.end()
            await self._emptied.wait()
        await self._session.finish()


@asynccontextmanager
async def open_intake(session: Session, settings: SessionSettings) -> AsyncIterator[Intake]:
    """Open the way for one session; a container's takes a child process, gone with the context."""
    if not settings.is_packed:
        yield Intake(session, None)
        return
    async with open_unpacker(settings.input_format) as unpacker:
        yield Intake(session, unpacker)
