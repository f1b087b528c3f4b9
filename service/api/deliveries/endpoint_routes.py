"""Endpoints: how they do, and switching them."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from service.api.deliveries.models import (
    EndpointState,
    EndpointStates,
    EndpointTest,
    Switched,
    failed_of,
)
from service.api.operations import Answer, AnyRoute, Ask, NoBody, NoQuery, Operation, Route
from service.api.problems import RefusalError, not_found
from service.api.router import reply
from service.delivery.endpoints import Endpoint, EndpointType
from service.delivery.host import neighbours
from service.delivery.lanes import DeliveryLanes
from service.delivery.schedule import Counters
from service.delivery.signing import public_key
from service.delivery.sinks import OpenSink, open_sink
from service.delivery.switches import disable, enable, hurry, try_endpoint
from service.delivery.trouble import find_trouble
from service.errors import BadInputError, JournalUnavailableError, SettingsError
from service.ids import EndpointName
from service.ports import Journal

_BY_HAND = "by_hand"
CountBehind = Callable[[], Awaitable[Mapping[EndpointName, int]]]
"""Counts the lanes of each endpoint that have something to deliver; see `Library.lanes_behind`."""
_UNUSABLE = {HTTPStatus.CONFLICT: "The endpoint's settings cannot be used."}

LIST_ENDPOINTS: Operation[NoQuery, NoBody] = Operation(
    id="list_endpoints",
    method="GET",
    path="/v1/endpoints",
    tag="delivery",
    summary="List the endpoints, and how their deliveries go",
    description="Also one that is configured no more, while there is something it did not get.",
    access="calls:read",
    answers=(Answer(description="All of them.", model=EndpointStates),),
)
ENABLE_ENDPOINT: Operation[NoQuery, NoBody] = Operation(
    id="enable_endpoint",
    method="POST",
    path="/v1/endpoints/{endpoint_name}/enable",
    tag="delivery",
    summary="Have a disabled endpoint get everything it missed, and what comes",
    description="Of one that is enabled, have what waits for its next try be tried now.",
    access="admin",
    answers=(Answer(description="It is enabled.", model=Switched),),
)
DISABLE_ENDPOINT: Operation[NoQuery, NoBody] = Operation(
    id="disable_endpoint",
    method="POST",
    path="/v1/endpoints/{endpoint_name}/disable",
    tag="delivery",
    summary="Have an endpoint get nothing more until it is enabled; all of it is kept",
    access="admin",
    answers=(Answer(description="It is disabled.", model=Switched),),
)
TEST_ENDPOINT: Operation[NoQuery, NoBody] = Operation(
    id="test_endpoint",
    method="POST",
    path="/v1/endpoints/{endpoint_name}/test",
    tag="delivery",
    summary="Send an endpoint an event of the type `endpoint.test`, once, beside everything else",
    access="admin",
    answers=(Answer(description="How that went.", model=EndpointTest),),
    errors=_UNUSABLE,
)


@dataclass(frozen=True, slots=True)
class _Figures:
    """How all endpoints do at one moment: asked once, however many there are."""

    disabled: dict[EndpointName, str]
    behind: dict[EndpointName, int]
    counters: dict[EndpointName, Counters]
    failing: frozenset[EndpointName]


class EndpointRoutes:
    """Answers from the lanes and the journal.

    Where workers share a database, each knows of its own lanes only: `everywhere` counts all, or
    somebody could read here that nothing waits.
    """

    def __init__(
        self,
        journal: Journal,
        lanes: DeliveryLanes,
        endpoints: Sequence[Endpoint],
        *,
        everywhere: CountBehind | None = None,
        sink: OpenSink = open_sink,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._journal = journal
        self._lanes = lanes
        self._endpoints = {one.name: one for one in endpoints}
        self._neighbours = neighbours(endpoints)
        self._everywhere = everywhere
        self._sink = sink
        self._clock = clock

    def routes(self) -> list[AnyRoute]:
        """Return the routes."""
        return [
            Route(LIST_ENDPOINTS, self.endpoints),
            Route(ENABLE_ENDPOINT, self.enable),
            Route(DISABLE_ENDPOINT, self.disable),
            Route(TEST_ENDPOINT, self.test),
        ]

    async def endpoints(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Answer with names, types and counters; addresses and secrets stay inside."""
        disabled, behind = await self._journal.disabled(), await self._behind()
        figures = _Figures(disabled, behind, self._lanes.counters, self._lanes.failing)
        states = [self._state(one.name, one.type, figures) for one in self._endpoints.values()]
        gone = sorted(name for name in behind.keys() - self._endpoints.keys() if behind[name])
        states += [self._state(name, None, figures) for name in gone]
        return reply(ask, EndpointStates(data=[await self._explained(one) for one in states]))

    async def enable(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Switch it on, and begin at once; where it is on, have what waits be tried now."""
        name = self._named(ask).name
        changed = await enable(self._journal, list(self._endpoints), name, now=self._clock())
        hurried = 0 if changed else await hurry(self._journal, name)
        switched = Switched(name=name, state="enabled", changed=changed, hurried=hurried)
        return await self._switched(ask, switched)

    async def disable(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Switch it off; attempts that are on their way end by themselves."""
        name = self._named(ask).name
        changed = name not in await self._journal.disabled()
        if changed:
            names, now = list(self._endpoints), self._clock()
            await disable(self._journal, names, name, _BY_HAND, now=now)
        return await self._switched(ask, Switched(name=name, state="disabled", changed=changed))

    async def test(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Try it."""
        endpoint = self._named(ask)
        try:
            tried = await try_endpoint(endpoint, sink=self._sink, clock=self._clock)
        except SettingsError:
            told = _UNUSABLE[HTTPStatus.CONFLICT]
            raise RefusalError(HTTPStatus.CONFLICT, told) from None
        told_of = EndpointTest(
            name=endpoint.name,
            arrived=tried.arrived,
            status=tried.status,
            error=tried.error,
            took_ms=round(tried.took_s * 1000),
        )
        return reply(ask, told_of)

    async def _behind(self) -> dict[EndpointName, int]:
        ours = self._lanes.behind
        if self._everywhere is None:
            return ours
        try:
            counted = await self._everywhere()
        except BadInputError as error:
            raise JournalUnavailableError(str(error)) from error
        names = ours.keys() | counted.keys()
        return {name: max(ours.get(name, 0), counted.get(name, 0)) for name in names}

    async def _switched(self, ask: Ask[NoQuery, NoBody], switched: Switched) -> web.Response:
        await self._lanes.list_backlog()
        self._lanes.wake()
        return reply(ask, switched)

    async def _explained(self, state: EndpointState) -> EndpointState:
        """Add since when it is behind and what went wrong last, if it is behind."""
        lane = self._lanes.held_up.get(EndpointName(state.name))
        if lane is None or not state.lanes_behind:
            return state
        trouble = await find_trouble(self._journal, lane)
        error = trouble.last_error and failed_of(trouble.last_error)
        return state.model_copy(update={"behind_since": trouble.since, "last_error": error})

    def _named(self, ask: Ask[NoQuery, NoBody]) -> Endpoint:
        endpoint = self._endpoints.get(EndpointName(ask.parts["endpoint_name"]))
        if endpoint is None:
            raise not_found("endpoint")
        return endpoint

    def _state(
        self, name: EndpointName, kind: EndpointType | None, figures: _Figures
    ) -> EndpointState:
        counted = figures.counters.get(name, Counters())
        state = EndpointState(
            name=name,
            type=kind,
            state="unknown" if kind is None else "up",
            disabled_reason=figures.disabled.get(name),
            same_host=self._neighbours.get(name, []),
            lanes_behind=figures.behind.get(name, 0),
            delivered=counted.delivered,
            retried=counted.retried,
            parked=counted.parked,
        )
        configured = self._endpoints.get(name)
        if configured is not None and configured.signing_key:
            state = state.model_copy(update={"public_key": public_key(configured.signing_key)})
        if kind is not None and name in figures.disabled:
            return state.model_copy(update={"state": "disabled"})
        if name in figures.failing:
            return state.model_copy(update={"state": "failing"})
        return state
