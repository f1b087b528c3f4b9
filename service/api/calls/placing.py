"""Calls that a program asks for: a live leg of somebody else's is transcribed from now on."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AfterValidator, Field, model_validator

from service.api.operations import (
    Answer,
    AnyRoute,
    Ask,
    Body,
    NoQuery,
    Operation,
    Reply,
    Route,
)
from service.api.parameters import PLAIN
from service.api.problems import Fault, RefusalError, not_found
from service.api.router import reply
from service.calls.routes import Route as CallRoute
from service.calls.routes import Tracks
from service.errors import ControlRefusedError, SettingsError
from service.ids import LegId, Role, Source, Track
from service.ports import Attacher

RouteFor = Callable[[str | None, Mapping[str, Any]], CallRoute]
"""Returns a route by its name, changed for one call; raises `SettingsError`."""
MAX_METADATA_BYTES = 8 * 1024
_PLACE = frozenset({"call_control_id", "route"})
_DIALLED = frozenset({"from", "to"})


def _small(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata)) > MAX_METADATA_BYTES:
        raise ValueError(f"should have {MAX_METADATA_BYTES} bytes at most, as JSON")
    return metadata


Text = Annotated[str, Field(min_length=1, max_length=512, pattern=PLAIN)]


class FallbackWish(Body):
    """Who else gives the words, as in a route's `fallback`."""

    engine: Text
    source: Source | None = None
    model: Text | None = None
    language: Text | None = None
    engine_options: dict[str, Any] = Field(default_factory=dict)


class CallWish(Body):
    """Which call is wanted: a leg that lives already, by its id."""

    call_control_id: Text
    """The leg to be transcribed, by Telnyx's id."""
    route: Text | None = None
    """The `name` of the route it is treated by; left out: the first that matches every call."""
    metadata: Annotated[dict[str, Any], AfterValidator(_small)] = Field(default_factory=dict)
    """Goes out with every event of the call, with the route's own."""
    source: Source | None = None
    """This and what follows is as in a route, for this call only."""
    engine: Text | None = None
    model: Text | None = None
    language: Text | None = None
    interim_results: bool | None = None
    keyterms: Annotated[list[Text] | None, Field(max_length=100)] = None
    endpointing_ms: int | Literal[False] | None = None
    tracks: Tracks | None = None
    roles: dict[Track, Role] | None = None
    engine_options: dict[str, Any] | None = None
    fallback: Annotated[list[FallbackWish] | None, Field(max_length=4)] = None

    @model_validator(mode="before")
    @classmethod
    def _dials_nobody(cls, data: object) -> object:
        if isinstance(data, dict) and not _DIALLED.isdisjoint(data):
            raise ValueError(
                "from and to are not taken yet; give the call_control_id of a live leg"
            )
        return data

    @property
    def changes(self) -> dict[str, Any]:
        """What is to be otherwise than the route has it."""
        return self.model_dump(exclude=set(_PLACE), exclude_unset=True, exclude_none=True)


class PlacedCall(Reply):
    """The call that was asked for."""

    call_id: str
    call_control_id: str


_PLACED = "It is transcribed from now on, or was already."
_UNCONFIRMED = "It is going to be; Telnyx could not be asked whether the leg lives, and is again."
PLACE_CALL: Operation[NoQuery, CallWish] = Operation(
    id="place_call",
    method="POST",
    path="/v1/calls",
    tag="calls",
    summary="Have a live leg transcribed that somebody else controls",
    description="Offsets count from now: `call.attached` says so. Asking again is answered with "
    "the same call, which stays as it is, whatever the request says. The leg's own application "
    "goes on as before; with `source = in_call`, it is where Telnyx sends the words.",
    access="calls:write",
    body=CallWish,
    answers=(
        Answer(description=_PLACED, model=PlacedCall),
        Answer(status=HTTPStatus.ACCEPTED, description=_UNCONFIRMED, model=PlacedCall),
    ),
    errors={
        HTTPStatus.NOT_FOUND: "Telnyx knows no such leg.",
        HTTPStatus.CONFLICT: "The leg is over.",
    },
)


class PlacingRoutes:
    """Has legs attached to."""

    def __init__(self, attacher: Attacher, route_for: RouteFor) -> None:
        self._attacher = attacher
        self._route_for = route_for

    def routes(self) -> list[AnyRoute]:
        """Return the route."""
        return [Route(PLACE_CALL, self.place)]

    async def place(self, ask: Ask[NoQuery, CallWish]) -> web.Response:
        """Attach to the leg that is named, and answer with its call."""
        wish = ask.body
        route = self._route(wish)
        try:
            found = await self._attacher.attach(LegId(wish.call_control_id), route)
        except ControlRefusedError as error:
            raise RefusalError(HTTPStatus.CONFLICT, "The leg is over.") from error
        if found is None:
            raise not_found("leg")
        placed = PlacedCall(call_id=found.call_id, call_control_id=wish.call_control_id)
        return reply(
            ask, placed, status=HTTPStatus.OK if found.is_confirmed else HTTPStatus.ACCEPTED
        )

    def _route(self, wish: CallWish) -> CallRoute:
        try:
            return self._route_for(wish.route, wish.changes)
        except SettingsError as error:
            faults = [Fault(("body",), problem) for problem in error.problems]
            detail = f"The call cannot be treated so: {error.problems[0]}."
            raise RefusalError(HTTPStatus.BAD_REQUEST, detail, faults=faults) from None
