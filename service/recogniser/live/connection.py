"""A session over its WebSocket: audio and control messages in, answers out, an orderly end."""

import asyncio
from contextlib import suppress
from enum import Enum
from typing import Final

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from service.errors import BadInputError
from service.recogniser.live.intake import Intake, open_intake
from service.recogniser.live.parameters import OTHER_CODE, SessionSettings
from service.recogniser.live.transcriber import Session
from service.recogniser.scheduling.workers import Workers
from service.web.answers import SERVER
from service.wire.stt import encode_error

log = structlog.get_logger()

SEND_TIMEOUT_S: Final = 5.0
"""A client that does not take its answers for so long is cut off."""
MAX_MESSAGE_BYTES: Final = 256 * 1024
"""Telnyx recommends 2 to 8 KiB and documents no maximum."""
_LINGERING_S: Final = 1.0
"""For the rest of a message that is too long: who is cut off while sending may see no answer."""


class End(Enum):
    """How the audio of a conversation ended."""

    ASKED = "asked"
    IDLE = "idle"
    LEAVING = "leaving"
    GONE = "gone"
    OVERLONG = "overlong"
    UNREADABLE = "unreadable"
    FAILED = "failed"


_ABRUPT: Final = frozenset({End.GONE, End.OVERLONG})


class _Control(msgspec.Struct):
    type: str = ""


_control_decoder = msgspec.json.Decoder(_Control)


class Socket(web.WebSocketResponse):
    """The server's side of a WebSocket. Of a message that is too long nothing is kept."""

    def __init__(self, *, close_timeout_s: float) -> None:
        # aiohttp refuses what reaches its limit, by the length that is announced
        super().__init__(
            timeout=close_timeout_s, compress=False, max_msg_size=MAX_MESSAGE_BYTES + 1
        )
        self.headers["Server"] = SERVER
        self.overlong = False
        """Whether a message was too long."""

    async def close(
        self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True
    ) -> bool:
        """Close; to a message that is too long aiohttp does this by itself, and it says why."""
        if code == WSCloseCode.MESSAGE_TOO_BIG and not self.closed:
            self.overlong = True
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self.send_str(_overlong())
            await asyncio.sleep(_LINGERING_S)
        return await super().close(code=code, message=message, drain=drain)


class Conversation:
    """One client, from the upgrade to the close. `run` is the handler's whole work."""

    def __init__(
        self,
        socket: Socket,
        settings: SessionSettings,
        workers: Workers,
        *,
        idle_timeout_s: float,
    ) -> None:
        self._socket = socket
        self._settings = settings
        self._session = Session(settings, workers, self._send)
        self._idle_timeout_s = idle_timeout_s
        self._leaving = False
        self._complaint = ""
        self._patience: asyncio.Timeout | None = None

    @property
    def heard_s(self) -> float:
        """Seconds of audio so far."""
        return self._session.heard_s

    def leave(self) -> None:
        """Stop listening; what has been heard is still answered."""
        self._leaving = True
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())

    async def run(self) -> End:
        """Listen until the client has enough, is silent for too long, or is gone.

        Unless it is gone, it gets all that it is owed, and a close.
        """
        end = End.GONE
        try:
            async with (
                open_intake(self._session, self._settings) as intake,
                asyncio.TaskGroup() as tasks,
            ):
                unpacking = tasks.create_task(intake.run(), name="recogniser-intake")
                answering = tasks.create_task(self._session.answer(), name="recogniser-answers")
                end = await self._listen(intake)
                if end in _ABRUPT:
                    unpacking.cancel()
                    answering.cancel()
                else:
                    await intake.finish()
        except* BadInputError as errors:
            self._complaint = str(errors.exceptions[0])
            end = End.UNREADABLE
        except* (ConnectionError, TimeoutError):
            end = End.GONE
        except* Exception:  # one session's failure is not another's
            log.exception("session_failed")
            end = End.FAILED
        await self._close(end)
        return end

    async def _listen(self, intake: Intake) -> End:
        while True:
            message = await self._next()
            if isinstance(message, End):
                return message
            if message.type is WSMsgType.BINARY:
                await intake.feed(message.data)
            elif message.type is not WSMsgType.TEXT:
                return End.OVERLONG if self._socket.overlong else End.GONE
            elif await self._obey(message.data, intake):
                return End.ASKED

    async def _next(self) -> WSMessage | End:
        """Wait for a message. Only what is sent counts as life, not the pong of a library."""
        try:
            async with asyncio.timeout(0 if self._leaving else self._idle_timeout_s) as patience:
                self._patience = patience
                return await self._socket.receive()
        except TimeoutError:
            return End.LEAVING if self._leaving else End.IDLE
        finally:
            self._patience = None

    async def _obey(self, text: str, intake: Intake) -> bool:
        """Do what a control message says; return whether it ends the audio."""
        try:
            kind = _control_decoder.decode(text).type
        except (msgspec.DecodeError, RecursionError):
            return False  # as Telnyx: text it does not know is ignored
        if kind == "Finalize":
            await intake.finalize()
        return kind == "CloseStream"

    async def _send(self, text: str) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._socket.send_str(text)

    async def _close(self, end: End) -> None:
        codes = {
            End.LEAVING: WSCloseCode.GOING_AWAY,
            End.UNREADABLE: WSCloseCode.UNSUPPORTED_DATA,
            End.FAILED: WSCloseCode.INTERNAL_ERROR,
        }
        try:
            if end is End.FAILED:
                await self._send(encode_error("50000", "Internal error", "The engine failed."))
            elif end is End.UNREADABLE:
                await self._send(_unreadable(self._complaint))
            await self._socket.close(code=codes.get(end, WSCloseCode.OK), drain=end not in _ABRUPT)
        except (ConnectionError, TimeoutError):
            log.debug("session_client_gone")


def _unreadable(complaint: str) -> str:
    return encode_error("40002", "Unsupported format", complaint, parameter="input_format")


def _overlong() -> str:
    detail = f"A message may have {MAX_MESSAGE_BYTES} bytes; 2048 to 8192 are best."
    return encode_error(OTHER_CODE, "Message too long", detail)
