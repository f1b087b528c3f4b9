"""Lets in the streams of applications that sign their addresses themselves."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import structlog

from service.calls.routes import Route
from service.errors import SettingsError
from service.ids import LegId
from service.ports import Attacher, MediaDoor, MediaTicket, RouteFor
from service.runtime.media_tokens import MAX_REMEMBERED
from service.wire.media import MEDIA_PATH
from service.wire.stream_tokens import StreamClaims, is_signed, read_stream

MAX_AHEAD_S: Final = 24 * 3600.0
"""How long an address may be good."""

log = structlog.get_logger()


class SigningDoor:
    """A `MediaDoor` that knows signed addresses, before another that knows all others."""

    def __init__(
        self,
        door: MediaDoor,
        attacher: Attacher,
        route_for: RouteFor,
        *,
        secret: str,
        clock: Callable[[], float],
    ) -> None:
        """Let in what `secret` signed, by the routes that `route_for` finds."""
        self._door = door
        self._attacher = attacher
        self._route_for = route_for
        self._secret = secret
        self._clock = clock
        self._known: OrderedDict[str, str] = OrderedDict()
        """For each signed token that was good, our own of the same leg."""

    async def admit(self, token: str, auth_token: str | None) -> MediaTicket | None:
        """See `MediaDoor.admit`. The call of a signed address begins with its first stream.

        Shown again it is good for as long as the call goes on, whatever it says of its end.
        """
        if not is_signed(token):
            return await self._door.admit(token, auth_token)
        if (ours := self._known.get(token)) is not None and (
            ticket := await self._door.admit(ours, None)
        ):
            return ticket
        route, claims = self._read(token)
        if route is None or claims is None:
            return None
        expected = await self._attacher.expect(LegId(claims.leg), route)
        ours = expected.target.url.rpartition(MEDIA_PATH)[2]
        self._remember(token, ours)
        return await self._door.admit(ours, None)

    def _read(self, token: str) -> tuple[Route | None, StreamClaims | None]:
        now = self._clock()
        claims = read_stream(token, self._secret, now=now)
        if claims is None or claims.exp > now + MAX_AHEAD_S:
            log.warning("signed_stream_refused", reason="not_valid")
            return None, None
        try:
            route = self._route_for(claims.route, {"metadata": claims.metadata})
        except SettingsError:
            route = None
        if route is None or route.source != "media":
            log.warning("signed_stream_refused", reason="no_route_with_audio")
            return None, None
        return route, claims

    def _remember(self, token: str, ours: str) -> None:
        self._known[token] = ours
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
