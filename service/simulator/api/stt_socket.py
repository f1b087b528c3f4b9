"""The speech-to-text WebSocket: scripted, or relayed to a recogniser behind the same protocol.

Source: Telnyx's STT WebSocket pages. Auth status, close codes and the idle timeout are not
published: the `[stt]` settings decide.
"""

import asyncio
from collections import Counter
from contextlib import suppress

import structlog
from aiohttp import WSMsgType, web
from websockets.exceptions import WebSocketException

from service.errors import SettingsError
from service.simulator.api.gate import Gate
from service.simulator.calls.exchange import Exchange
from service.simulator.report import SttSessionReport
from service.simulator.rules.problems import Problem
from service.simulator.rules.query import SttProblem, SttQuery, check_query
from service.simulator.scenario.stt_settings import SttBehaviour
from service.simulator.stt.faults import behaviour_of
from service.simulator.stt.reference_audio import ReferenceAudio
from service.simulator.stt.responders import OneFinalResponder, ScriptedResponder, relay
from service.simulator.stt.results import ResultWriter, write_error
from service.simulator.stt.session import SEND_TIMEOUT_S, SttSession, new_socket
from service.simulator.stt.session_asr import SessionAsr
from service.wire.stt import PATH

log = structlog.get_logger()

_CUT, _WITHOUT_CODE = 1006, 1005
_IN_ORDER = 1000
"""Whoever asked for the end with `CloseStream` is not cut off before the last results."""
_GOODBYE_S = 1.0
_BAD_KEY = SttProblem("10009", "Authentication failed", "The API key is not valid", "")
_NO_PROVIDER = SttProblem("50000", "Provider error", "The recogniser cannot be reached", "")


class SttSocketRoute:
    """The route of the STT WebSocket."""

    def __init__(self, exchange: Exchange, gate: Gate, reference: ReferenceAudio) -> None:
        self._exchange = exchange
        self._gate = gate
        self._settings = exchange.scenario.stt
        self._reference = reference
        self._opened: Counter[str] = Counter()

    def add_to(self, app: web.Application) -> None:
        """Put the route into the application."""
        app.router.add_get(PATH, self._open)

    async def _open(self, request: web.Request) -> web.StreamResponse:
        if self._settings.reject_origin and "origin" in request.headers:
            return web.Response(status=403)
        authorized = self._gate.is_authorized(request)
        if not authorized and self._settings.auth_failure == "before_upgrade":
            return self._gate.refuse(Problem("10009"))
        query = check_query(request.query, exact=self._settings.engine_case == "exact")
        engine = query.engine if isinstance(query, SttQuery) else ""
        self._opened[engine] += 1
        behaviour = self._behaviour(engine)
        await asyncio.sleep(behaviour.handshake_s)
        if behaviour.refuse_status is not None and engine:
            self._note(query, request).end = "refused"
            code = {401: "10009", 403: "10010", 429: "10011"}.get(behaviour.refuse_status, "10007")
            return self._gate.refuse(Problem(code, status_wanted=behaviour.refuse_status))
        socket = new_socket(behaviour)
        await socket.prepare(request)
        problem = _problem_of(query if authorized else _BAD_KEY, behaviour)
        if isinstance(query, SttProblem) or problem is not None:
            self._note(query, request).end = "refused"
            await self._refuse(request, socket, behaviour, problem or _BAD_KEY)
        else:
            await self._serve(request, socket, query, behaviour)
        return socket

    def _behaviour(self, engine: str) -> SttBehaviour:
        return behaviour_of(
            self._settings,
            engine,
            self._opened[engine],
            at_s=self._exchange.elapsed_s,
            rng=self._exchange.rng,
        )

    def _note(self, query: SttQuery | SttProblem, request: web.Request) -> SttSessionReport:
        engine = query.engine if isinstance(query, SttQuery) else ""
        report = SttSessionReport(engine, dict(request.query), self._exchange.elapsed_s)
        self._exchange.history.note(report)
        return report

    async def _serve(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        query: SttQuery,
        behaviour: SttBehaviour,
    ) -> None:
        report = self._note(query, request)
        number = self._opened[query.engine]
        rng = self._exchange.rng.derive("stt")
        writer = ResultWriter(self._settings, behaviour, query, rng)
        faults = rng.derive(f"{query.engine} {number}")
        session = SttSession(socket, query, report, behaviour, faults)
        try:
            await self._run(request, session, query, writer)
        except SettingsError as error:
            wrong = SttProblem("40001", "Invalid Parameter", error.problems[0], "input_format")
            await self._refuse(request, socket, behaviour, wrong)
        except (OSError, TimeoutError, WebSocketException) as error:
            log.warning("recogniser_lost", error=type(error).__name__)
            await self._refuse(request, socket, behaviour, _NO_PROVIDER)
        report.finals = writer.finals
        in_order = report.end == "closed" and behaviour.close_code == _CUT
        await self._close(request, socket, _IN_ORDER if in_order else behaviour.close_code)

    async def _run(
        self, request: web.Request, session: SttSession, query: SttQuery, writer: ResultWriter
    ) -> None:
        recogniser, behaviour = self._exchange.recogniser, session.behaviour
        if recogniser is not None:
            async with recogniser.session(request.query.items()) as upstream:
                await relay(session, upstream, writer)
            return
        asr = SessionAsr(query, self._reference, self._exchange.streamed)
        if not behaviour.one_final:
            await session.run(ScriptedResponder(session, asr, writer))
            return
        session.is_deaf = query.interim_results
        once = OneFinalResponder(session, asr, writer, behaviour)
        await session.run(once, once.run())

    async def _refuse(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        behaviour: SttBehaviour,
        problem: SttProblem,
    ) -> None:
        if not socket.closed:
            with suppress(ConnectionError, TimeoutError):  # the application may have gone
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await socket.send_str(write_error(self._settings, problem))
        await self._close(request, socket, behaviour.close_code)

    async def _close(self, request: web.Request, socket: web.WebSocketResponse, code: int) -> None:
        if socket.closed:
            return
        if code == _CUT:
            if request.transport is not None:
                request.transport.abort()
        elif code == _WITHOUT_CODE:
            await _close_without_code(socket)
        else:
            await socket.close(code=code)


async def _close_without_code(socket: web.WebSocketResponse) -> None:
    """Say goodbye without a reason, and wait for the same: the application reads 1005."""
    with suppress(ConnectionError, TimeoutError):
        await socket.send_frame(b"", WSMsgType.CLOSE)
        async with asyncio.timeout(_GOODBYE_S):
            while not socket.closed:
                await socket.receive()


def _problem_of(query: SttQuery | SttProblem, behaviour: SttBehaviour) -> SttProblem | None:
    """Return why a session is refused after the upgrade; None if it is not."""
    if isinstance(query, SttProblem):
        return query
    if behaviour.refuse_code is None:
        return None
    return SttProblem(behaviour.refuse_code, "Refused", "The session is refused", "")
