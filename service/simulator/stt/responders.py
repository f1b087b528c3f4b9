"""Who answers a session: the script, the script once, or a recogniser."""

import asyncio
from collections.abc import Iterable

import structlog
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from service.simulator.scenario.stt_settings import SttBehaviour
from service.simulator.speech.scripted_asr import AsrResult
from service.simulator.stt.reference_audio import TimedResult
from service.simulator.stt.results import ResultWriter
from service.simulator.stt.session import SEND_TIMEOUT_S, SttSession
from service.simulator.stt.session_asr import SessionAsr
from service.tasks import first_of
from service.wire.stt import CLOSE_STREAM

log = structlog.get_logger()

_PASSED_ON = {1000, 1001, 1011, 1012, 1013}


class ScriptedResponder:
    """Answers from the script."""

    def __init__(self, session: SttSession, asr: SessionAsr, writer: ResultWriter) -> None:
        self._session = session
        self._asr = asr
        self._writer = writer

    async def push(self, data: bytes) -> None:
        """Send the results of this audio."""
        await self._send(self._asr.push(data))
        self._session.report.unknown_ms = self._asr.unknown_ms

    async def control(self, kind: str, _text: str) -> None:
        """Flush on `Finalize` and `CloseStream`; ignore other messages."""
        if kind in {"Finalize", "CloseStream"}:
            await self.flush()

    async def flush(self) -> None:
        """Make the open utterance final."""
        await self._send(self._asr.finalize())

    async def _send(self, results: Iterable[TimedResult]) -> None:
        for result in results:
            await self._session.send(self._writer.write(result))


class RelayedResponder:
    """Passes everything on to a recogniser; `relay` sends back what it answers."""

    def __init__(self, upstream: ClientConnection, flushed: asyncio.Event) -> None:
        self._upstream = upstream
        self._flushed = flushed

    async def push(self, data: bytes) -> None:
        """Pass audio on."""
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._upstream.send(data)

    async def control(self, kind: str, text: str) -> None:
        """Pass a message on; after `CloseStream`, wait for the last results."""
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._upstream.send(text)
            if kind == "CloseStream":
                await self._flushed.wait()

    async def flush(self) -> None:
        """Ask for the last results, and wait for them."""
        await self.control("CloseStream", CLOSE_STREAM)


class OneFinalResponder:
    """Answers once, from the script, when no audio comes any more. `run` is one task's work."""

    def __init__(
        self, session: SttSession, asr: SessionAsr, writer: ResultWriter, behaviour: SttBehaviour
    ) -> None:
        self._session = session
        self._asr = asr
        self._writer = writer
        self._behaviour = behaviour
        self._heard: list[TimedResult] = []
        self._came = asyncio.Event()
        self._answered = False

    async def push(self, data: bytes) -> None:
        """Take audio."""
        self._heard += [one for one in self._asr.push(data) if one.result.is_final]
        self._session.report.unknown_ms = self._asr.unknown_ms
        self._came.set()

    async def control(self, kind: str, _text: str) -> None:
        """Answer on `CloseStream`."""
        if kind == "CloseStream":
            await self.flush()

    async def flush(self) -> None:
        """Answer, if there is a word, and it did not answer before."""
        heard = [*self._heard, *self._asr.finalize()]
        self._heard.clear()
        if heard and not self._answered:
            self._answered = True
            await self._session.send(self._writer.write(_joined(heard)))

    async def run(self) -> None:
        """Answer once the audio has stopped, hold the session for a while, and close it."""
        while not self._answered:
            await self._came.wait()
            self._came.clear()
            try:
                async with asyncio.timeout(self._behaviour.one_final_after_s):
                    await self._came.wait()
            except TimeoutError:
                await self.flush()
        await asyncio.sleep(self._behaviour.one_final_holds_s)
        await self._session.close(1000)


def _joined(heard: list[TimedResult]) -> TimedResult:
    words = tuple(word for one in heard for word in one.result.words)
    whole = AsrResult(heard[0].result.utterance, words, is_final=True)
    return TimedResult(whole, tuple(ahead_ms for one in heard for ahead_ms in one.aheads_ms))


async def relay(session: SttSession, upstream: ClientConnection, writer: ResultWriter) -> None:
    """Run a session with a recogniser until either side ends it."""
    flushed = asyncio.Event()

    async def pass_back() -> None:
        try:
            async for text in upstream:
                written = writer.rewrite(text)
                await session.send([] if written is None else [written])
        except (WebSocketException, ConnectionError, TimeoutError):
            log.info("recogniser_closed")
        finally:
            flushed.set()
        if not session.report.end:
            code = upstream.close_code
            await session.close(code if code in _PASSED_ON else 1011)

    await first_of(session.run(RelayedResponder(upstream, flushed)), pass_back())
