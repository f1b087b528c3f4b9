"""Streams that a call's own application starts: it is told where to have the audio sent."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import AfterValidator, Field

from service.api.calls.placing import Text, fitting_route, small
from service.api.operations import Answer, AnyRoute, Ask, Body, NoQuery, Operation, Reply, Route
from service.api.problems import RefusalError
from service.api.router import reply
from service.ids import LegId
from service.ports import Attacher, RouteFor

EXPIRES_IN_S: Final = 60
"""How long the stream may take to come: what `MediaTokens` gives it."""


class StreamWish(Body):
    """Which leg's audio is going to come."""

    call_control_id: Text
    """The leg, by Telnyx's id; TeXML calls it `CallSid`."""
    route: Text | None = None
    """The `name` of the route it is treated by; left out: the first that matches every call."""
    metadata: Annotated[dict[str, Any], AfterValidator(small)] = Field(default_factory=dict)
    """Goes out with every event of the call, with the route's own."""


class StreamAddress(Reply):
    """Where the audio may come to."""

    call_id: str
    url: str
    """For `<Stream url="…">`, or `stream_url` of a command. It holds a secret."""
    auth_token: str
    """For `stream_auth_token`, where there is such a thing; it is not needed in TeXML."""
    expires_in_s: int
    """How long the stream may take to come; once it has, the address is good for the call."""


EXPECT_STREAM: Operation[NoQuery, StreamWish] = Operation(
    id="expect_stream",
    method="POST",
    path="/v1/streams",
    tag="calls",
    summary="Get an address that a leg's own application may have its audio streamed to",
    description="For `<Start><Stream>` of TeXML. The call begins, and offsets count from now: "
    "`call.attached` says so. If no audio comes within a minute, Telnyx is asked to stream it.",
    access="calls:write",
    body=StreamWish,
    answers=(Answer(description="Where to.", model=StreamAddress),),
    errors={HTTPStatus.CONFLICT: "The route takes words from the call, and no audio."},
)


class StreamRoutes:
    """Hands out addresses."""

    def __init__(self, attacher: Attacher, route_for: RouteFor) -> None:
        self._attacher = attacher
        self._route_for = route_for

    def routes(self) -> list[AnyRoute]:
        """Return the route."""
        return [Route(EXPECT_STREAM, self.expect)]

    async def expect(self, ask: Ask[NoQuery, StreamWish]) -> web.Response:
        """Have the leg's audio expected, and say where."""
        wish = ask.body
        route = fitting_route(self._route_for, wish.route, {"metadata": wish.metadata})
        if route.source != "media":
            detail = 'The call cannot be treated so: its route has source = "in_call".'
            raise RefusalError(HTTPStatus.CONFLICT, detail)
        found = await self._attacher.expect(LegId(wish.call_control_id), route)
        shown = StreamAddress(
            call_id=found.call_id,
            url=found.target.url,
            auth_token=found.target.auth_token,
            expires_in_s=EXPIRES_IN_S,
        )
        return reply(ask, shown)
