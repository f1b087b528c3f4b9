"""The REST API under `/v2`: commands, status, active calls, providers, recordings."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from service.simulator.api.commands import run_command
from service.simulator.api.control import dial
from service.simulator.api.dedup import Repeats
from service.simulator.api.gate import Gate, answer, read_params
from service.simulator.api.reply import Reply
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.leg_runtime import Line
from service.simulator.media.recording import LINK_LIFE_S
from service.simulator.report import CommandReceived
from service.simulator.rules.engines import providers
from service.simulator.rules.params import SPECS, Params, check_params
from service.simulator.rules.problems import Problem

PAGE_SIZE = 250
LONGEST_HOLD_S = 2.0


class Rest:
    """The routes of the REST API."""

    def __init__(self, exchange: Exchange, gate: Gate) -> None:
        self._exchange = exchange
        self._gate = gate
        self._repeats = Repeats()
        self._body_timeout_s = exchange.scenario.rest.body_timeout_s

    def add_to(self, app: web.Application) -> None:
        """Put the routes into the application."""
        routes = app.router
        routes.add_post("/v2/calls", self._dial)
        routes.add_get("/v2/calls/{control_id}", self._status)
        routes.add_post("/v2/calls/{control_id}/actions/{name}", self._command)
        routes.add_get("/v2/connections/{connection_id}/active_calls", self._active_calls)
        routes.add_get("/v2/call_control_applications", self._applications)
        routes.add_get("/v2/speech-to-text/providers", self._providers)
        routes.add_get("/v2/recordings", self._recordings)
        routes.add_get("/v2/recordings/{id}", self._recording)
        routes.add_get("/recordings/{id}.wav", self._download)

    async def _dial(self, request: web.Request) -> web.StreamResponse:
        params = await read_params(request, self._body_timeout_s)
        if isinstance(params, Problem):
            return await self._send(request, "", "dial", {}, params)
        outcome = self._ask("", "dial", params, lambda: dial(self._exchange, params))
        leg_id = str(outcome.data["call_control_id"]) if isinstance(outcome, Reply) else ""
        return await self._send(request, leg_id, "dial", params, outcome)

    async def _command(self, request: web.Request) -> web.StreamResponse:
        name, leg_id = request.match_info["name"], request.match_info["control_id"]
        params = await read_params(request, self._body_timeout_s)
        line = self._find(leg_id)
        if name not in SPECS or name == "dial":
            unknown = Problem("10005", "the simulator has no such action")
            return await self._send(request, leg_id, name, {}, unknown)
        if isinstance(line, Problem):
            return await self._send(request, leg_id, name, {}, line)
        if isinstance(params, Problem):
            return await self._send(request, leg_id, name, {}, params)
        outcome = self._ask(
            leg_id, name, params, lambda: run_command(self._exchange, line, name, params)
        )
        return await self._send(request, leg_id, name, params, outcome)

    def _ask(
        self, leg_id: str, name: str, params: Params, run: Callable[[], Reply | Problem]
    ) -> Reply | Problem:
        """Run a command, unless a fault strikes or its like was taken in the last 60 s."""
        problem = self._gate.fault_for(name) or check_params(name, params)
        if problem:
            return problem
        command_id, now = str(params.get("command_id") or ""), self._exchange.wall()
        known = self._repeats.find(leg_id, command_id, now) if command_id else None
        if known:
            return known
        outcome = run()
        if command_id and isinstance(outcome, Reply):
            self._repeats.remember(leg_id, command_id, now, outcome)
        return outcome

    async def _send(
        self, request: web.Request, leg_id: str, name: str, params: Params, outcome: Reply | Problem
    ) -> web.StreamResponse:
        """Answer first, then let the command take effect: its webhooks come after its answer."""
        problem = outcome if isinstance(outcome, Problem) else None
        repeated = isinstance(outcome, Reply) and outcome.repeated
        status, code = (problem.status, problem.code) if problem else (200, "")
        received = CommandReceived(leg_id, name, status, code, params, repeated)
        self._exchange.history.note(received)
        line = self._exchange.lines.get(leg_id)
        if line:
            line.leg.report.commands.append(received)
        if isinstance(outcome, Problem):
            return self._gate.refuse(outcome)
        if outcome.waits_for is not None:
            await _held_back(outcome.waits_for)
        response = answer({"data": outcome.data})
        try:
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:
            pass  # who asked has gone; the command was taken all the same
        finally:
            outcome.after()
        return response

    async def _status(self, request: web.Request) -> web.StreamResponse:
        line = self._find(request.match_info["control_id"])
        if isinstance(line, Problem):
            return self._gate.refuse(line)
        return _data(line.leg.status())

    async def _active_calls(self, request: web.Request) -> web.StreamResponse:
        connection_id = request.match_info["connection_id"]
        shown = ("call_control_id", "call_leg_id", "call_session_id", "call_duration")
        calls = [
            {key: leg.status()[key] for key in shown}
            | {"client_state": leg.client_state or "", "record_type": "call"}
            for leg in (line.leg for line in self._exchange.lines.values())
            if leg.alive and leg.id.connection_id == connection_id
        ]
        meta = {"total_items": len(calls), "cursors": {"before": None, "after": None}}
        return answer({"data": calls[:PAGE_SIZE], "meta": meta})

    async def _applications(self, _: web.Request) -> web.StreamResponse:
        """List the one voice application that calls come in by.

        Source: Telnyx's SDK 4.178, `CallControlApplication`.
        """
        found = {
            "record_type": "call_control_application",
            "id": self._exchange.scenario.connection_id,
            "application_name": "simulated",
            "active": True,
            "webhook_event_url": self._exchange.webhook_url or "",
            "webhook_api_version": "2",
        }
        meta = {"page_number": 1, "page_size": PAGE_SIZE, "total_pages": 1, "total_results": 1}
        return answer({"data": [found], "meta": meta})

    async def _providers(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        found = providers(query.get("provider", ""), query.get("service_type", ""))
        return answer({"data": found, "meta": {"total": len(found)}})

    async def _recordings(self, request: web.Request) -> web.StreamResponse:
        wanted = {
            name: request.query.get(f"filter[{name}]")
            for name in ("call_control_id", "call_leg_id", "call_session_id", "connection_id")
        }
        now = self._exchange.wall()
        found = [
            tape.show(now)
            for tape in self._exchange.tapes.values()
            if all(
                value in {None, getattr(tape.leg.id, _NAMES[key])} for key, value in wanted.items()
            )
        ]
        meta = {
            "page_number": 1,
            "page_size": PAGE_SIZE,
            "total_pages": 1,
            "total_results": len(found),
        }
        return answer({"data": found[:PAGE_SIZE], "meta": meta})

    async def _recording(self, request: web.Request) -> web.StreamResponse:
        tape = self._exchange.tapes.get(request.match_info["id"])
        if tape is None:
            return self._gate.refuse(Problem("10005"))
        return _data(tape.show(self._exchange.wall()))

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """Serve the file as S3 would: no key, a signature in the link, and only for ten minutes."""
        tape = self._exchange.tapes.get(request.match_info["id"])
        if tape is None or request.query.get("X-Amz-Signature") != tape.secret:
            return web.Response(status=403, text="AccessDenied")
        if self._exchange.wall() - tape.linked_at > LINK_LIFE_S:
            return web.Response(status=403, text="Request has expired")
        return web.Response(body=tape.wav(), content_type="audio/wav")

    def _find(self, control_id: str) -> Line | Problem:
        line = self._exchange.lines.get(control_id)
        if line is not None:
            return line
        known_shape = control_id.startswith(("v2:", "v3:"))
        return Problem("10005" if known_shape else "90015")


_NAMES = {
    "call_control_id": "control_id",
    "call_leg_id": "leg_id",
    "call_session_id": "session_id",
    "connection_id": "connection_id",
}


async def _held_back(happens: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LONGEST_HOLD_S):
            await happens.wait()
    except TimeoutError:
        return


def _data(body: object) -> web.Response:
    return answer({"data": body})
