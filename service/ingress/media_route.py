"""`/media/{token}`: who may open a media WebSocket."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import structlog
from aiohttp import WSCloseCode, web

from service.errors import DrainingError, JournalUnavailableError
from service.ingress.counters import IngressCounters
from service.ingress.frame_socket import FrameSocket
from service.ingress.limits import MediaLimits
from service.ingress.media_socket import MediaSocket
from service.ports import MediaDoor, MediaTicket
from service.web.answers import problem
from service.web.handshakes import can_upgrade
from service.wire.media import AUTH_HEADER, MAX_MESSAGE_BYTES, MEDIA_PATH

log = structlog.get_logger()

PATH = MEDIA_PATH + "{token}"
_MAX_TOKEN = 2_048
_CLOSE_S = 1.0
_BEARER = "bearer "


class MediaRoute:
    """Admits media WebSockets by their token, before the upgrade, and reads them to their end.

    Telnyx does not sign the upgrade, so the path holds a secret; it shows `stream_auth_token` in
    `x-telnyx-streaming-auth-token` (TELNYX.md §4.1; `Authorization: Bearer` is read too).
    404 for any token that is not good now, 426 for what is no WebSocket. That Telnyx sends the
    header is known from third parties only: unless `require_auth`, none is taken as well, with a
    warning once and a count; a wrong one never is.
    """

    def __init__(
        self,
        door: MediaDoor,
        *,
        limits: MediaLimits | None = None,
        require_auth: bool = False,
        counters: IngressCounters | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.counters = counters or IngressCounters()
        self._door = door
        self._limits = limits or MediaLimits()
        self._require_auth = require_auth
        self._told_missing = False
        self._clock = clock or asyncio.get_running_loop().time
        self._sockets: set[FrameSocket] = set()

    def add_to(self, app: web.Application) -> None:
        """Serve `/media/{token}`, and close what is still open when the listener closes."""
        app.router.add_get(PATH, self._get, allow_head=False)
        app.on_shutdown.append(self._close_all)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        socket = FrameSocket(
            close_s=_CLOSE_S,
            heartbeat_s=self._limits.heartbeat_s,
            max_message_bytes=MAX_MESSAGE_BYTES,
        )
        if not can_upgrade(socket, request):
            return problem(
                HTTPStatus.UPGRADE_REQUIRED,
                "This is the address of a WebSocket.",
                headers={"Upgrade": "websocket"},
            )
        try:
            ticket = await self._admit(request)
        except (JournalUnavailableError, DrainingError) as error:
            log.warning("media_not_taken", reason=str(error))
            return problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "Come again soon.", headers={"Retry-After": "1"}
            )
        if ticket is None:
            self.counters.sockets["refused"] += 1
            return problem(HTTPStatus.NOT_FOUND, "No audio is expected at this address.")
        self.counters.sockets["admitted"] += 1
        await socket.prepare(request)
        await self._read_socket(socket, ticket)
        return socket

    async def _admit(self, request: web.Request) -> MediaTicket | None:
        token = request.match_info["token"]
        if len(token) > _MAX_TOKEN:
            return None
        auth_token = request.headers.get(AUTH_HEADER)
        if auth_token is None:
            authorization = request.headers.get("Authorization", "")
            if authorization.lower().startswith(_BEARER):
                auth_token = authorization[len(_BEARER) :].strip()
        if auth_token is None and not self._may_lack_auth():
            return None
        return await self._door.admit(token, auth_token)

    def _may_lack_auth(self) -> bool:
        self.counters.sockets["without_auth"] += 1
        if not self._told_missing:
            self._told_missing = True
            log.warning("media_auth_missing", taken=not self._require_auth)
        return not self._require_auth

    async def _read_socket(self, socket: FrameSocket, ticket: MediaTicket) -> None:
        self._sockets.add(socket)
        try:
            end = await MediaSocket(
                socket,
                ticket,
                limits=self._limits,
                counters=self.counters,
                clock=self._clock,
            ).run()
        finally:
            self._sockets.discard(socket)
        self.counters.sockets[end.reason] += 1
        await socket.close(code=end.code, message=end.reason.encode())

    async def _close_all(self, app: web.Application) -> None:
        del app
        async with asyncio.TaskGroup() as closing:
            for socket in self._sockets:
                farewell = socket.close(code=WSCloseCode.GOING_AWAY, message=b"going away")
                closing.create_task(farewell, name="close_media")
