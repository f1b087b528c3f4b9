"""The speech-to-text WebSocket: scripted, or relayed to a recogniser behind the same protocol.

Source: Telnyx's STT WebSocket pages. Auth status, close codes and the idle timeout are not
published: the `[stt]` settings decide.
"""

import asyncio
from contextlib import suppress

import structlog
from aiohttp import web
from websockets.exceptions import WebSocketException

from service.errors import SettingsError
from service.simulator.api.gate import Gate
from service.simulator.calls.exchange import Exchange
from service.simulator.report import SttSessionReport
from service.simulator.rules.problems import Problem
from service.simulator.rules.query import SttProblem, SttQuery, check_query
from service.simulator.stt.reference_audio import ReferenceAudio
from service.simulator.stt.results import ResultWriter, write_error
from service.simulator.stt.session import SEND_TIMEOUT_S, ScriptedResponder, SttSession, relay
from service.simulator.stt.session_asr import SessionAsr
from service.wire.stt import PATH

log = structlog.get_logger()

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_CUT = 1006
_BAD_KEY = SttProblem("10009", "Authentication failed", "The API key is not valid", "")
_NO_PROVIDER = SttProblem("50000", "Provider error", "The recogniser cannot be reached", "")


class SttSocketRoute:
    """The route of the STT WebSocket."""

    def __init__(self, exchange: Exchange, gate: Gate, reference: ReferenceAudio) -> None:
        self._exchange = exchange
        self._gate = gate
        self._settings = exchange.scenario.stt
        self._reference = reference
        self._opened = 0

    def add_to(self, app: web.Application) -> None:
        """Put the route into the application."""
        app.router.add_get(PATH, self._open)

    async def _open(self, request: web.Request) -> web.StreamResponse:
        if self._settings.reject_origin and "origin" in request.headers:
            return web.Response(status=403)
        authorized = self._gate.is_authorized(request)
        if not authorized and self._settings.auth_failure == "before_upgrade":
            return self._gate.refuse(Problem("10009"))
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, timeout=1)
        await socket.prepare(request)
        query = check_query(request.query) if authorized else _BAD_KEY
        if isinstance(query, SttProblem):
            await self._refuse(request, socket, query)
        else:
            await self._serve(request, socket, query)
        return socket

    async def _serve(
        self, request: web.Request, socket: web.WebSocketResponse, query: SttQuery
    ) -> None:
        report = SttSessionReport(query.engine, dict(request.query))
        self._exchange.history.note(report)
        cut_after_ms = self._settings.drop_after_ms
        if self._opened >= self._settings.drop_sessions:
            cut_after_ms = None
        self._opened += 1
        writer = ResultWriter(self._settings, query, self._exchange.rng.derive("stt"))
        session = SttSession(socket, query, report, self._settings, cut_after_ms=cut_after_ms)
        recogniser = self._exchange.recogniser
        try:
            if recogniser is None:
                asr = SessionAsr(query, self._reference, self._exchange.streamed)
                await session.run(ScriptedResponder(session, asr, writer))
            else:
                async with recogniser.session(request.query.items()) as upstream:
                    await relay(session, upstream, writer)
        except SettingsError as error:
            wrong = SttProblem("40001", "Invalid Parameter", error.problems[0], "input_format")
            await self._refuse(request, socket, wrong)
        except (OSError, TimeoutError, WebSocketException) as error:
            log.warning("recogniser_lost", error=type(error).__name__)
            await self._refuse(request, socket, _NO_PROVIDER)
        report.finals = writer.finals
        await self._close(request, socket, cut=report.end == "cut")

    async def _refuse(
        self, request: web.Request, socket: web.WebSocketResponse, problem: SttProblem
    ) -> None:
        if not socket.closed:
            with suppress(ConnectionError, TimeoutError):  # the application may have gone
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await socket.send_str(write_error(self._settings, problem))
        await self._close(request, socket)

    async def _close(
        self, request: web.Request, socket: web.WebSocketResponse, *, cut: bool = False
    ) -> None:
        if socket.closed:
            return
        if cut or self._settings.close_code == _CUT:
            if request.transport is not None:
                request.transport.abort()
            return
        await socket.close(code=self._settings.close_code)
