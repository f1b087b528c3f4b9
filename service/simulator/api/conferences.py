"""Conferences: made with a leg that talks, joined and left by others, ended for all.

Source: SDK 4.189, `resources/conferences/`. Who leaves one here is still heard: that is told by its
webhook alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from aiohttp import web

from service.simulator.api.gate import Gate, answer, read_params
from service.simulator.api.reply import Reply, ok
from service.simulator.api.rest import PAGE_SIZE, Command, RestRoutes
from service.simulator.calls.conference import Conference
from service.simulator.calls.exchange import Exchange
from service.simulator.legs.leg import Hangup, Leg
from service.simulator.rules.params import CONFERENCE_SPECS, Params
from service.simulator.rules.problems import Problem

_ENDED = Hangup("normal_clearing", "callee", "200")
_PREFIX = "conference_"


class ConferenceRoutes:
    """The routes about conferences. Their commands fail, repeat and are noted as those of legs."""

    def __init__(self, exchange: Exchange, gate: Gate, rest: RestRoutes) -> None:
        self._exchange = exchange
        self._gate = gate
        self._rest = rest
        self._body_timeout_s = exchange.scenario.rest.body_timeout_s

    def add_to(self, app: web.Application) -> None:
        """Put the routes into the application."""
        app.router.add_post("/v2/conferences", self._create)
        app.router.add_get("/v2/conferences", self._list)
        app.router.add_get("/v2/conferences/{id}", self._show)
        app.router.add_post("/v2/conferences/{id}/actions/{action}", self._act)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        return await self._command(request, "create", None)

    async def _act(self, request: web.Request) -> web.StreamResponse:
        conference = self._exchange.conferences.get(request.match_info["id"])
        action = request.match_info["action"]
        if conference is None or action not in _ACTIONS:
            what = "the simulator has no such action" if conference is not None else ""
            return self._gate.refuse(Problem("10005", what))
        return await self._command(request, action, conference)

    async def _command(
        self, request: web.Request, action: str, conference: Conference | None
    ) -> web.StreamResponse:
        params = await read_params(request, self._body_timeout_s)
        command = Command("", _PREFIX + action)
        if isinstance(params, Problem):
            return await self._rest.send(request, command, params)
        named = params.get("call_control_id")
        command = replace(command, leg_id=str(named or ""), params=params)

        def run() -> Reply | Problem:
            leg = (
                self._find(params) if "call_control_id" in CONFERENCE_SPECS[command.name] else None
            )
            if isinstance(leg, Problem):
                return leg
            if conference is None:
                return self._make(leg, params) if leg is not None else Problem("10004")
            return _ACTIONS[action](conference, leg)

        return await self._rest.send(request, command, self._rest.run(command, run))

    def _find(self, params: Params) -> Leg | Problem:
        runtime = self._rest.find(str(params["call_control_id"]))
        if isinstance(runtime, Problem):
            return replace(runtime, parameter="call_control_id")
        leg = runtime.leg
        if not leg.alive:
            return Problem("90018", parameter="call_control_id")
        return leg if leg.answered.is_set() else Problem("90034", parameter="call_control_id")

    def _make(self, leg: Leg, params: Params) -> Reply | Problem:
        name, known = str(params["name"]), self._exchange.conferences
        if any(one.name == name and not one.over for one in known.values()):
            return Problem("10015", "a conference of that name goes on", "name", 422)
        conference = Conference(
            leg.rng.derive(f"conference {len(known)}").uuid(),
            name,
            leg.id.connection_id,
            leg.timeline.stamp(),
        )
        known[conference.id] = conference
        if isinstance(state := params.get("client_state"), str):
            leg.client_state = state

        def begin() -> None:
            leg.emit("conference.created", {"conference_id": conference.id})
            conference.join(leg)

        return Reply(conference.show(), begin)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        name = request.query.get("filter[name]")
        found = [
            one.show() for one in self._exchange.conferences.values() if name in {None, one.name}
        ]
        meta = {"page_number": 1, "page_size": PAGE_SIZE, "total_pages": 1}
        return answer({"data": found[:PAGE_SIZE], "meta": meta | {"total_results": len(found)}})

    async def _show(self, request: web.Request) -> web.StreamResponse:
        conference = self._exchange.conferences.get(request.match_info["id"])
        if conference is None:
            return self._gate.refuse(Problem("10005"))
        return answer({"data": conference.show()})


def _join(conference: Conference, leg: Leg | None) -> Reply | Problem:
    if leg is None or leg.link.meeting is not None:
        return Problem("10015", "the leg is in a conference", "call_control_id", 422)
    return _OVER if conference.over else ok(lambda: conference.join(leg))


def _leave(conference: Conference, leg: Leg | None) -> Reply | Problem:
    if leg is None or leg not in conference.legs:
        return Problem("10015", "the leg is not in this conference", "call_control_id", 422)
    return ok(lambda: conference.left(leg))


def _end(conference: Conference, _leg: Leg | None) -> Reply | Problem:
    def end() -> None:
        for leg in tuple(conference.legs):
            leg.hang_up(_ENDED)

    return _OVER if conference.over else ok(end)


_OVER = Problem("10015", "the conference has ended", status_wanted=422)
_ACTIONS: Mapping[str, Callable[[Conference, Leg | None], Reply | Problem]] = {
    "join": _join,
    "leave": _leave,
    "end": _end,
}
