"""Engines that listen to the call, each in a session of its own: how they answer first."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import msgspec

from service.calls.engines import engine_for
from service.calls.routes import Route
from service.errors import BadInputError
from service.stt.formats import Intake, Outlet, choose_format
from service.stt.query import session_url
from service.tasks import open_tasks
from service.trial.facts import Facts, name_of
from service.trial.frames import Shape
from service.wire.audio import is_fixed_rate
from service.wire.stt import CLOSE_STREAM, SttResult, parse_result

_OPEN_S = 10.0
_CLOSING = aiohttp.ClientWSTimeout(ws_close=1.0)
_MAX_RESULT_BYTES = 1024 * 1024
_MAX_QUEUED = 1_000
_WORD = re.compile(r"[a-z]+")


def count_words(sentence: str, text: str) -> int:
    """Return how many words of the sentence are among those of a text."""
    heard = set(_WORD.findall(text.lower()))
    return sum(word in heard for word in _WORD.findall(sentence.lower()))


def subject_of(kind: str, route: Route) -> str:
    """Return what the facts of an engine are named after."""
    return f"{kind}.{name_of(route.engine)}{'.' + name_of(route.model) if route.model else ''}"


@dataclass(slots=True)
class _Heard:
    results: list[SttResult] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    first_after_s: float | None = None
    end: str = ""


class Listener:
    """One session with one engine, which hears one track."""

    def __init__(self, route: Route, url: str, api_key: str, shape: Shape) -> None:
        """Listen by the rules of a route; `url` is the engine's address.

        Raises:
            ValueError: Audio of this shape cannot be passed on.
        """
        if not is_fixed_rate(shape.encoding, shape.rate_hz):
            raise ValueError("audio that is not read piece by piece")
        self.subject = subject_of("stt", route)
        audio = choose_format(engine_for(route.engine, route.model), shape.encoding, shape.rate_hz)
        self._url = session_url(url, route, audio)
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._intake = Intake(shape.encoding, shape.rate_hz)
        self._outlet = Outlet(self._intake.kept, audio)
        self._audio: asyncio.Queue[bytes | None] = asyncio.Queue(_MAX_QUEUED)
        self._heard = _Heard()

    def push(self, payload: bytes) -> None:
        """Take a frame as it came; it is dropped if a thousand wait already."""
        kept, _ = self._intake.take(payload)
        if not self._audio.full():
            self._audio.put_nowait(self._outlet.convert(kept))

    def end(self) -> None:
        """Let the engine say the rest."""
        if not self._audio.full():
            self._audio.put_nowait(None)

    async def run(self, http: aiohttp.ClientSession) -> None:
        """Have the session, until the engine closes it or its time is over."""
        try:
            async with asyncio.timeout(_OPEN_S):
                socket = await http.ws_connect(
                    self._url,
                    headers=self._headers,
                    timeout=_CLOSING,
                    max_msg_size=_MAX_RESULT_BYTES,
                )
        except aiohttp.WSServerHandshakeError as error:
            self._heard.end = f"refused {error.status}"
            return
        except (aiohttp.ClientError, TimeoutError, OSError):
            self._heard.end = "could not be reached"
            return
        async with socket, open_tasks() as tasks:
            tasks.start(self._send(socket), "trial_audio")
            await self._receive(socket)

    def tell(self, facts: Facts, sentence: str) -> None:
        """Note how the engine answered."""
        heard = self._heard
        spoken = [one for one in heard.results if one.transcript]
        facts.note(f"{self.subject}.end", heard.end or "still open")
        errors = [one.errors for one in heard.results if one.errors]
        if errors:
            facts.note(f"{self.subject}.error", name_of(errors[0][0].code))
        if not spoken:
            facts.note(f"{self.subject}.first", "nothing")
            return
        facts.note(f"{self.subject}.first", "final" if spoken[0].is_final else "partial")
        facts.note_names(f"{self.subject}.fields", heard.fields)
        finals = " ".join(one.transcript or "" for one in spoken if one.is_final)
        right, said = count_words(sentence, finals), len(_WORD.findall(sentence))
        facts.note(f"{self.subject}.words", "all" if right == said else f"{right} of {said}")
        if heard.first_after_s is not None:
            facts.time(f"{self.subject}.first", heard.first_after_s)

    async def _send(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        with suppress(ConnectionError):  # it closed: what it said before is read all the same
            while (data := await self._audio.get()) is not None:
                await socket.send_bytes(data)
            await socket.send_str(CLOSE_STREAM)

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        now = asyncio.get_running_loop().time
        began_at = now()
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                result = parse_result(message.data)
            except BadInputError:
                continue
            self._heard.results.append(result)
            if result.transcript:
                self._heard.fields |= set(msgspec.json.decode(message.data))
                self._heard.first_after_s = self._heard.first_after_s or now() - began_at
        self._heard.end = f"closed {socket.close_code or 'without a code'}"


def feed(listeners: Sequence[Listener], payload: bytes) -> None:
    """Hand a frame to all of them."""
    for one in listeners:
        one.push(payload)
