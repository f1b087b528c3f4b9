"""Handing audio on to a recogniser that speaks the STT WebSocket protocol."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from service.errors import BadInputError
from service.simulator.speech.audio import Encoding
from service.wire.stt import CLOSE_STREAM, PATH, SttResult, parse_result

log = structlog.get_logger()

OPEN_TIMEOUT_S = 10.0
MAX_QUEUED = 50
Params = Iterable[tuple[str, str]]
_MAX_ANSWER_BYTES = 1024 * 1024
_FILES_PATH = "/v2/ai/audio/transcriptions"


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Where a recogniser is. `url` may be its base, or the whole address of its WebSocket."""

    url: str
    api_key: str | None = None
    patience_s: float = 10.0
    """How long it may take no audio, and how long for its last words."""

    def socket_url(self, params: Params) -> str:
        """Return the address of a session; a name may come more than once."""
        parts = urlsplit(self.url)
        scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
        path = parts.path.rstrip("/") or PATH
        return urlunsplit((scheme, parts.netloc, path, urlencode(list(params)), ""))

    def files_url(self) -> str:
        """Return where files are transcribed."""
        parts = urlsplit(self.url)
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        return urlunsplit((scheme, parts.netloc, _FILES_PATH, "", ""))

    @property
    def headers(self) -> dict[str, str]:
        """What the recogniser wants to see."""
        return {"authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def session(self, params: Params) -> connect:
        """Return a connection to be entered."""
        return connect(
            self.socket_url(params),
            additional_headers=self.headers,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=1,
            compression=None,
            proxy=None,
            max_size=_MAX_ANSWER_BYTES,
        )


class RelayedEar:
    """A session with the recogniser for one track. `run` is one task's work.

    At most 50 pieces of audio wait; then `send` does, and after the recogniser's `patience_s`
    the session is given up: the call goes on unheard.
    """

    encoding = Encoding("L16")

    def __init__(
        self,
        recogniser: Recogniser,
        params: Mapping[str, str],
        tell: Callable[[SttResult], None],
    ) -> None:
        self._recogniser = recogniser
        self._params = {"input_format": "linear16", "sample_rate": "8000", **params}
        self._tell = tell
        self._audio: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_QUEUED)
        self._done = asyncio.Event()
        self._gone = asyncio.Event()
        self._socket: ClientConnection | None = None
        self.opened = asyncio.Event()

    async def run(self) -> None:
        """Play and listen until the recogniser has said its last word."""
        try:
            async with self._recogniser.session(self._params.items()) as socket:
                self._socket = socket
                self.opened.set()
                sender = asyncio.create_task(self._send(socket), name="relay_send")
                try:
                    async for text in socket:
                        self._hear(text)
                finally:
                    sender.cancel()
                    await asyncio.wait([sender])
        except (OSError, TimeoutError, WebSocketException) as error:
            if not self._gone.is_set():
                log.warning("recogniser_lost", error=type(error).__name__)
        finally:
            self._done.set()
            self._gone.set()

    async def send(self, audio: bytes) -> None:
        """Queue audio; waits while the queue is full, and in the end gives the session up."""
        if self._gone.is_set():
            return
        try:
            async with asyncio.timeout(self._recogniser.patience_s):
                await self._audio.put(audio)
        except TimeoutError:
            log.warning("recogniser_stalled")
            self.abandon()

    async def finish(self) -> None:
        """Flush, and wait for the last words; not for ever."""
        if self._gone.is_set():
            return
        try:
            async with asyncio.timeout(self._recogniser.patience_s):
                await self._audio.put(None)
                await self._done.wait()
        except TimeoutError:
            log.warning("recogniser_never_finished")
        self.abandon()

    def abandon(self) -> None:
        """Hear nothing more, and cut the connection."""
        self._gone.set()
        if self._socket is not None:
            self._socket.transport.abort()

    def _hear(self, text: bytes | str) -> None:
        if self._gone.is_set():
            return
        try:
            self._tell(parse_result(text))
        except BadInputError:
            log.warning("recogniser_spoke_garbage")

    async def _send(self, socket: ClientConnection) -> None:
        try:
            while not self._gone.is_set():
                audio = await self._audio.get()
                await socket.send(CLOSE_STREAM if audio is None else audio)
        except WebSocketException:
            return
