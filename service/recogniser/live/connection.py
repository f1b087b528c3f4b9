"""One client's STT connection: audio and control messages in, results out, an orderly end."""

import asyncio
from enum import Enum
from typing import Final

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType

from service.errors import BadInputError
from service.recogniser.live.intake import Intake, open_intake
from service.recogniser.live.parameters import SessionSettings
from service.recogniser.live.socket import SEND_TIMEOUT_S, SttSocket
from service.recogniser.live.transcriber import LiveTranscriber
from service.recogniser.scheduling.workers import Workers
from service.wire.stt import encode_error

log = structlog.get_logger()


class EndReason(Enum):
    """Why the audio of a connection ended."""

    ASKED = "asked"
    IDLE = "idle"
    LEAVING = "leaving"
    GONE = "gone"
    OVERLONG = "overlong"
    UNREADABLE = "unreadable"
    FAILED = "failed"


_ABRUPT: Final = frozenset({EndReason.GONE, EndReason.OVERLONG})
_CLOSE_CODES: Final = {
    EndReason.LEAVING: WSCloseCode.GOING_AWAY,
    EndReason.UNREADABLE: WSCloseCode.UNSUPPORTED_DATA,
    EndReason.FAILED: WSCloseCode.INTERNAL_ERROR,
}


class _Control(msgspec.Struct):
    type: str = ""


_control_decoder = msgspec.json.Decoder(_Control)


class SttConnection:
    """Serves one client, from the upgrade to the close. `run` is the handler's whole work."""

    def __init__(
        self,
        socket: SttSocket,
        settings: SessionSettings,
        workers: Workers,
        *,
        idle_timeout_s: float,
    ) -> None:
        self._socket = socket
        self._settings = settings
        self._transcriber = LiveTranscriber(settings, workers, self._send)
        self._idle_timeout_s = idle_timeout_s
        self._leaving = False
        self._complaint = ""
        self._patience: asyncio.Timeout | None = None

    @property
    def heard_s(self) -> float:
        """Seconds of audio so far."""
        return self._transcriber.heard_s

    def leave(self) -> None:
        """Take no more messages; the client still gets the results of its audio so far."""
        self._leaving = True
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())

    async def run(self) -> EndReason:
        """Receive until the client has enough, is silent for too long, or is gone.

        Unless it is gone, it gets all results that are pending, and a close.
        """
        end = EndReason.GONE
        try:
            async with (
                open_intake(self._transcriber, self._settings) as intake,
                asyncio.TaskGroup() as tasks,
            ):
                reading = tasks.create_task(intake.run(), name="recogniser-intake")
                sending = tasks.create_task(
                    self._transcriber.send_results(), name="recogniser-results"
                )
                end = await self._receive(intake)
                if end in _ABRUPT:
                    reading.cancel()
                    sending.cancel()
                else:
                    await intake.finish()
        except* BadInputError as errors:
            self._complaint = str(errors.exceptions[0])
            end = EndReason.UNREADABLE
        except* (ConnectionError, TimeoutError):
            end = EndReason.GONE
        except* Exception:  # one session's failure is not another's
            log.exception("session_failed")
            end = EndReason.FAILED
        await self._close(end)
        return end

    async def _receive(self, intake: Intake) -> EndReason:
        while True:
            message = await self._next()
            if isinstance(message, EndReason):
                return message
            if message.type is WSMsgType.BINARY:
                await intake.feed(message.data)
            elif message.type is not WSMsgType.TEXT:
                return EndReason.OVERLONG if self._socket.overlong else EndReason.GONE
            elif await self._obey(message.data, intake):
                return EndReason.ASKED

    async def _next(self) -> WSMessage | EndReason:
        """Wait for a message. Only what is sent counts as life, not the pong of a library."""
        try:
            async with asyncio.timeout(0 if self._leaving else self._idle_timeout_s) as patience:
                self._patience = patience
                return await self._socket.receive()
        except TimeoutError:
            return EndReason.LEAVING if self._leaving else EndReason.IDLE
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

    async def _close(self, end: EndReason) -> None:
        code = _CLOSE_CODES.get(end, WSCloseCode.OK)
        try:
            if end is EndReason.FAILED:
                await self._send(encode_error("50000", "Internal error", "The engine failed."))
            elif end is EndReason.UNREADABLE:
                await self._send(_unreadable(self._complaint))
            await self._socket.close(code=code, drain=end not in _ABRUPT)
        except (ConnectionError, TimeoutError):
            log.debug("session_client_gone")


def _unreadable(complaint: str) -> str:
    return encode_error("40002", "Unsupported format", complaint, parameter="input_format")
