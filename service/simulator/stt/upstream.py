"""The recogniser that audio is relayed to: one that speaks the STT WebSocket protocol."""

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

FILES_PATH = "/v2/ai/audio/transcriptions"
"""Of file transcription, at Telnyx and at our recogniser."""
OPEN_TIMEOUT_S = 10.0
MAX_QUEUED = 50
Params = Iterable[tuple[str, str]]
_MAX_ANSWER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class UpstreamRecogniser:
    """A recogniser's address. `url` may be its base, or the whole address of its WebSocket."""

    url: str
    api_key: str | None = None
    patience_s: float = 10.0
    """How long it may take no audio, and how long it may take for its last results."""

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
        return urlunsplit((scheme, parts.netloc, FILES_PATH, "", ""))

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request to it."""
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


class RelayedAsr:
    """Has one track recognised, in a session of its own. `run` is one task's work.

    At most 50 pieces of audio are queued; then `push` waits, and after the recogniser's
    `patience_s` the session is abandoned: the call goes on without its words.
    """

    encoding = Encoding("L16")

    def __init__(
        self,
        recogniser: UpstreamRecogniser,
        params: Mapping[str, str],
        emit: Callable[[SttResult], None],
    ) -> None:
        self._recogniser = recogniser
        self._params = {"input_format": "linear16", "sample_rate": "8000", **params}
        self._emit = emit
        self._audio: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_QUEUED)
        self._done = asyncio.Event()
        self._gone = asyncio.Event()
        self._socket: ClientConnection | None = None

    async def run(self) -> None:
        """Send the audio and emit the results, until the recogniser closes the session."""
        try:
            async with (
                self._recogniser.session(self._params.items()) as socket,
                asyncio.TaskGroup() as group,
            ):
                self._socket = socket
                sender = group.create_task(self._send(socket))
                async for text in socket:
                    self._receive(text)
                sender.cancel()
        except* (OSError, TimeoutError, WebSocketException) as errors:
            if not self._gone.is_set():
                log.warning("recogniser_lost", error=type(errors.exceptions[0]).__name__)
        finally:
            self._done.set()
            self._gone.set()

    async def push(self, audio: bytes) -> None:
        """Queue audio; waits while the queue is full, and at last abandons the session."""
        if self._gone.is_set():
            return
        try:
            async with asyncio.timeout(self._recogniser.patience_s):
                await self._audio.put(audio)
        except TimeoutError:
            log.warning("recogniser_stalled")
            self.abandon()

    async def finish(self) -> None:
        """Flush, and wait for the last results, `patience_s` at most."""
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
        """Emit nothing more, and cut the connection."""
        self._gone.set()
        if self._socket is not None:
            self._socket.transport.abort()

    def _receive(self, text: bytes | str) -> None:
        if self._gone.is_set():
            return
        try:
            self._emit(parse_result(text))
        except BadInputError:
            log.warning("recogniser_spoke_garbage")

    async def _send(self, socket: ClientConnection) -> None:
        try:
            while not self._gone.is_set():
                audio = await self._audio.get()
                await socket.send(CLOSE_STREAM if audio is None else audio)
        except WebSocketException:
            return
