"""The REST API under `/v2`: commands, status, active calls, providers, recordings."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from aiohttp import web

from service.simulator.api.commands import run_command
from service.simulator.api.control import dial
from service.simulator.api.dedup import CommandDedup
from service.simulator.api.gate import Gate, answer, read_params
from service.simulator.api.reply import Reply
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.leg_runtime import LegRuntime
from service.simulator.report import CommandReceived
from service.simulator.rules.engines import providers
from service.simulator.rules.params import SPECS, Params, check_params
from service.simulator.rules.problems import Problem

PAGE_SIZE = 250
MAX_HOLD_S = 2.0


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a leg; `name` is as in the path, or `dial`, or `conference_…`."""

    leg_id: str
    name: str
    params: Params = field(default_factory=dict)


class RestRoutes:
    """The routes of the REST API."""

    def __init__(self, exchange: Exchange, gate: Gate) -> None:
        self._exchange = exchange
        self._gate = gate
        self._dedup = CommandDedup()
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
        routes.add_delete("/v2/recordings/{id}", self._delete_recording)
        routes.add_get("/recordings/{id}.wav", self._download)

    async def _dial(self, request: web.Request) -> web.StreamResponse:
        params = await read_params(request, self._body_timeout_s)
        if isinstance(params, Problem):
            return await self.send(request, Command("", "dial"), params)
        command = Command("", "dial", params)
        outcome = self.run(command, lambda: dial(self._exchange, params))
        if isinstance(outcome, Reply):
            command = replace(command, leg_id=str(outcome.data["call_control_id"]))
        return await self.send(request, command, outcome)

    async def _command(self, request: web.Request) -> web.StreamResponse:
        name, leg_id = request.match_info["name"], request.match_info["control_id"]
        params = await read_params(request, self._body_timeout_s)
        runtime = self.find(leg_id)
        if name not in SPECS or name == "dial":
            unknown = Problem("10005", "the simulator has no such action")
            return await self.send(request, Command(leg_id, name), unknown)
        if isinstance(runtime, Problem):
            return await self.send(request, Command(leg_id, name), runtime)
        if isinstance(params, Problem):
            return await self.send(request, Command(leg_id, name), params)
        command = Command(leg_id, name, params)
        outcome = self.run(command, lambda: run_command(self._exchange, runtime, name, params))
        return await self.send(request, command, outcome)

    def run(self, command: Command, run: Callable[[], Reply | Problem]) -> Reply | Problem:
        """Run a command, unless a fault strikes or the same was accepted in the last 60 s."""
        name, leg_id, params = command.name, command.leg_id, command.params
        problem = self._gate.fault_for(name) or check_params(name, params)
        if problem:
            return problem
        command_id, now = str(params.get("command_id") or ""), self._exchange.clock()
        known = self._dedup.find(leg_id, command_id, now) if command_id else None
        if known:
            return known
        outcome = run()
        if command_id and isinstance(outcome, Reply):
            self._dedup.remember(leg_id, command_id, now, outcome)
        return outcome

    async def send(
        self, request: web.Request, command: Command, outcome: Reply | Problem
    ) -> web.StreamResponse:
        """Send the reply, then let the command take effect: its webhooks come after the reply."""
        problem = outcome if isinstance(outcome, Problem) else None
        repeated = isinstance(outcome, Reply) and outcome.repeated
        status, code = (problem.status, problem.code) if problem else (200, "")
        leg_id, name = command.leg_id, command.name
        received = CommandReceived(leg_id, name, status, code, command.params, repeated)
        self._exchange.history.note(received)
        runtime = self._exchange.legs.get(leg_id)
        if runtime:
            runtime.leg.report.commands.append(received)
        if isinstance(outcome, Problem):
            return self._gate.refuse(outcome)
        if outcome.waits_for is not None:
            await _hold_back(outcome.waits_for)
        response = answer({"data": outcome.data})
        try:
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:
            pass  # the client has gone; its command was accepted all the same
        finally:
            outcome.after()
        return response

    async def _status(self, request: web.Request) -> web.StreamResponse:
        runtime = self.find(request.match_info["control_id"])
        if isinstance(runtime, Problem):
            return self._gate.refuse(runtime)
        gone = self._exchange.scenario.rest.after_end == "10005"
        runtime.leg.was_asked_about |= not runtime.leg.alive
        if gone and not runtime.leg.alive:
            return self._gate.refuse(Problem("10005"))
        return _data(runtime.leg.status())

    async def _active_calls(self, request: web.Request) -> web.StreamResponse:
        connection_id = request.match_info["connection_id"]
        shown = ("call_control_id", "call_leg_id", "call_session_id", "call_duration")
        calls = [
            {key: leg.status()[key] for key in shown}
            | {"client_state": leg.client_state or "", "record_type": "call"}
            for leg in (runtime.leg for runtime in self._exchange.legs.values())
            if leg.alive and leg.id.connection_id == connection_id
        ]
        meta = {"total_items": len(calls), "cursors": {"before": None, "after": None}}
        return answer({"data": calls[:PAGE_SIZE], "meta": meta})

    async def _applications(self, _: web.Request) -> web.StreamResponse:
        """List the one Voice API application, to which incoming calls belong.

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
        now = self._exchange.clock()
        found = [
            recording.show(now)
            for recording in self._exchange.recordings.values()
            if not recording.is_deleted
            and all(
                value in {None, getattr(recording.leg.id, _NAMES[key])}
                for key, value in wanted.items()
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
        recording = self._exchange.recordings.get(request.match_info["id"])
        if recording is None or recording.is_deleted:
            return self._gate.refuse(Problem("10005"))
        return _data(recording.show(self._exchange.clock()))

    async def _delete_recording(self, request: web.Request) -> web.StreamResponse:
        """Delete a recording for good: it is shown once more, and its links are dead."""
        if (fault := self._gate.fault_for("delete_recording")) is not None:
            return self._gate.refuse(fault)
        recording = self._exchange.recordings.get(request.match_info["id"])
        if recording is None or recording.is_deleted:
            return self._gate.refuse(Problem("10005"))
        recording.is_deleted = True
        return _data(recording.show(self._exchange.clock()))

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """Serve the file as S3 does: no key, a signature in the link, valid for a while."""
        recording = self._exchange.recordings.get(request.match_info["id"])
        if recording is None or request.query.get("X-Amz-Signature") != recording.secret:
            return web.Response(status=403, text="AccessDenied")
        if recording.is_deleted:
            return web.Response(status=404, text="NoSuchKey")
        if self._exchange.clock() - recording.linked_at > recording.link_life_s:
            return web.Response(status=403, text="Request has expired")
        return web.Response(body=recording.wav(), content_type="audio/wav")

    def find(self, control_id: str) -> LegRuntime | Problem:
        """Return a leg by its id, or why it is not there."""
        runtime = self._exchange.legs.get(control_id)
        if runtime is not None:
            return runtime
        known_shape = control_id.startswith(("v2:", "v3:"))
        return Problem("10005" if known_shape else "90015")


_NAMES = {
    "call_control_id": "control_id",
    "call_leg_id": "leg_id",
    "call_session_id": "session_id",
    "connection_id": "connection_id",
}


async def _hold_back(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(MAX_HOLD_S):
            await event.wait()
    except TimeoutError:
        return


def _data(body: object) -> web.Response:
    return answer({"data": body})
