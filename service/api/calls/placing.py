"""Calls that a program asks for: a live leg is transcribed from now on, or somebody is dialled."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AfterValidator, Field, ValidationError

from service.api.calls.dialling import DialBody, Dialling
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
from service.ports import Attacher, RouteFor

"""Returns a route by its name, changed for one call; raises `SettingsError`."""
MAX_METADATA_BYTES = 8 * 1024
_PLACE = frozenset({"call_control_id", "from_", "to", "route", "idempotency_key"})


def small(metadata: dict[str, Any]) -> dict[str, Any]:
    """Accept metadata that is not much.

    Raises:
        ValueError: It is.
    """
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
    """Which call is wanted: a leg that lives already, by its id; or one that is to be made."""

    call_control_id: Text | None = None
    """The leg to be transcribed, by Telnyx's id."""
    from_: Annotated[Text | None, Field(alias="from")] = None
    """In its place, with `to`: a number of yours, which is shown to whoever is dialled."""
    to: Text | None = None
    """Who is dialled: a number in E.164, or a SIP address."""
    idempotency_key: Text | None = None
    """Of a dial: asking again with the same key makes no second call."""
    route: Text | None = None
    """The `name` of the route it is treated by; left out: the first that matches every call."""
    metadata: Annotated[dict[str, Any], AfterValidator(small)] = Field(default_factory=dict)
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

    @property
    def changes(self) -> dict[str, Any]:
        """What is to be otherwise than the route has it."""
        return self.model_dump(exclude=set(_PLACE), exclude_unset=True, exclude_none=True)


class PlacedCall(Reply):
    """The call that was asked for."""

    call_id: str
    call_control_id: str | None = None
    """The leg that was named; none of a dial, whose leg is not there yet."""


_PLACED = "It is transcribed from now on, or was already."
_UNCONFIRMED = (
    "It is going to be; Telnyx could not be asked whether the leg lives, and is again. Of a dial: "
    "the call is being made."
)
PLACE_CALL: Operation[NoQuery, CallWish] = Operation(
    id="place_call",
    method="POST",
    path="/v1/calls",
    tag="calls",
    summary="Have a live leg transcribed that somebody else controls, or a call made",
    description="Offsets count from now: `call.attached` says so. Asking again is answered with "
    "the same call, which stays as it is, whatever the request says. The leg's own application "
    "goes on as before; with `source = in_call`, it is where Telnyx sends the words. With `from` "
    "and `to` a call is made, heard from its first word: `call.answered` or `call.unanswered` say "
    "what becomes of it, and its route's `connect` connects whoever answers.",
    access="calls:write",
    body=CallWish,
    answers=(
        Answer(description=_PLACED, model=PlacedCall),
        Answer(status=HTTPStatus.ACCEPTED, description=_UNCONFIRMED, model=PlacedCall),
    ),
    errors={
        HTTPStatus.NOT_FOUND: "Telnyx knows no such leg.",
        HTTPStatus.CONFLICT: "The leg is over; or no route or application is there for a dial, or "
        "its `idempotency_key` is that of another call.",
    },
)


class PlacingRoutes:
    """Has legs attached to, and calls made."""

    def __init__(self, attacher: Attacher, route_for: RouteFor, dialling: Dialling) -> None:
        self._attacher = attacher
        self._route_for = route_for
        self._dialling = dialling

    def routes(self) -> list[AnyRoute]:
        """Return the route."""
        return [Route(PLACE_CALL, self.place)]

    async def place(self, ask: Ask[NoQuery, CallWish]) -> web.Response:
        """Attach to the leg that is named, or dial who is; answer with the call."""
        wish = ask.body
        numbers = wish.from_ is not None or wish.to is not None
        if (wish.call_control_id is None) != numbers:
            detail = "Give the call_control_id of a live leg, or from and to."
            raise RefusalError(HTTPStatus.BAD_REQUEST, detail)
        if wish.call_control_id is None:
            call_id = await self._dialling.dial(ask.who, _dial(wish))
            return reply(ask, PlacedCall(call_id=call_id), status=HTTPStatus.ACCEPTED)
        route = fitting_route(self._route_for, wish.route, wish.changes)
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


def fitting_route(route_for: RouteFor, name: str | None, changes: Mapping[str, Any]) -> CallRoute:
    """Return how a call is to be treated.

    Raises:
        RefusalError: 400: there is no such route, or the changes do not fit it.
    """
    try:
        return route_for(name, changes)
    except SettingsError as error:
        faults = [Fault(("body",), problem) for problem in error.problems]
        detail = f"The call cannot be treated so: {error.problems[0]}."
        raise RefusalError(HTTPStatus.BAD_REQUEST, detail, faults=faults) from None


def _dial(wish: CallWish) -> DialBody:
    if unfit := sorted(set(wish.changes) - {"metadata"}):
        detail = f"A call that is made is treated as its route says: leave out {unfit[0]}."
        raise RefusalError(HTTPStatus.BAD_REQUEST, detail)
    said = wish.model_dump(
        by_alias=True, include={*_PLACE, "metadata"}, exclude={"call_control_id"}
    )
    try:
        return DialBody.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        detail = f"This cannot be dialled: {place}: {first['msg'].removeprefix('Value error, ')}."
        raise RefusalError(HTTPStatus.BAD_REQUEST, detail) from None
