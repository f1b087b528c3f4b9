"""The live feed of all calls, `/v1/feed`, and of one, `/v1/calls/{call_id}/feed`."""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from service.api.feed.connections import FeedConnections
from service.api.feed.operation import operation
from service.api.feed.query import CallFeedQuery, FeedQuery
from service.api.feed.sse import FeedAnswer, resumed_after
from service.api.feed.websocket import FeedWebSocket, make_socket
from service.api.operations import AnyRoute, Ask, NoBody, Route
from service.api.problems import RefusalError, not_found
from service.feed.hub import Hub
from service.ids import CallId
from service.web.handshakes import can_upgrade


class FeedRoutes:
    """Serves the feed of all calls and of one, in both forms.

    A browser's WebSocket is let in from a page of this host or of `origins`; what shows no
    `Origin` is no browser. SSE is under the rules of CORS, like all of the API.
    """

    def __init__(
        self, hub: Hub, connections: FeedConnections, *, origins: Sequence[str] = ()
    ) -> None:
        self._hub = hub
        self._connections = connections
        self._origins = frozenset(origins)

    def routes(self) -> list[AnyRoute]:
        """Return the routes, to be added to the API's."""
        of_all = operation("feed", "/v1/feed", "Follow all calls", FeedQuery, websocket=True)
        path = "/v1/calls/{call_id}/feed"
        of_one = operation("call_feed", path, "Follow a call", CallFeedQuery, websocket=True)
        return [Route(of_all, self._feed), Route(of_one, self._call_feed)]

    async def _feed(self, ask: Ask[FeedQuery, NoBody]) -> web.StreamResponse:
        if _is_websocket(ask.request):
            return await self._socket(ask, None)
        asked = resumed_after(ask.request, ask.query.after)
        with self._connections.open(ask.request, ask.who) as connection:
            after = await self._hub.begin_now(asked)
            answer = FeedAnswer(self._hub, ask.request, connection)
            return await answer.answer(ask.query.to_filter(), after=after, by_seq=False)

    async def _call_feed(self, ask: Ask[CallFeedQuery, NoBody]) -> web.StreamResponse:
        if _is_websocket(ask.request):
            return await self._socket(ask, ask.call_id)
        asked = resumed_after(ask.request, ask.query.after)
        after = await self._begin(ask.call_id, asked or 0)
        feed_filter = ask.query.to_filter(ask.call_id)
        with self._connections.open(ask.request, ask.who) as connection:
            answer = FeedAnswer(self._hub, ask.request, connection)
            return await answer.answer(feed_filter, after=after, by_seq=True)

    async def _socket(
        self, ask: Ask[FeedQuery, NoBody] | Ask[CallFeedQuery, NoBody], call_id: CallId | None
    ) -> web.StreamResponse:
        request = ask.request
        self._check_origin(request)
        if self._hub.closing:
            detail = "The service is stopping: come again."
            again = {"Retry-After": "1"}
            raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=again)
        if ask.query.model_fields_set - {"metadata"}:
            detail = "What is wanted over a WebSocket is said in its messages."
            raise RefusalError(HTTPStatus.BAD_REQUEST, detail)
        if call_id is not None:
            await self._begin(call_id, 0)
        limits = self._connections.limits
        socket = make_socket(limits)
        if not can_upgrade(socket, request):
            raise RefusalError(HTTPStatus.BAD_REQUEST, "This is no WebSocket handshake.")
        with self._connections.open(request, ask.who) as connection:
            await socket.prepare(request)
            await FeedWebSocket(self._hub, socket, connection, limits=limits, call_id=call_id).run()
        return socket

    async def _begin(self, call_id: CallId, after_seq: int) -> int:
        begin = await self._hub.begin(call_id, after_seq)
        if begin is None:
            raise not_found("call")
        return begin

    def _check_origin(self, request: web.Request) -> None:
        origin = request.headers.get("Origin")
        if origin is None or origin in self._origins:
            return
        if _host_of(origin) != request.host.lower():
            raise RefusalError(HTTPStatus.FORBIDDEN, "Pages of this origin may not connect.")


def _host_of(origin: str) -> str | None:
    """Return the host and port of a page's origin; None if it is not from the web."""
    try:
        parts = urlsplit(origin)
    except ValueError:  # "http://["
        return None
    return (parts.netloc.lower() or None) if parts.scheme in ("http", "https") else None


def _is_websocket(request: web.Request) -> bool:
    return request.headers.get("Upgrade", "").strip().lower() == "websocket"
