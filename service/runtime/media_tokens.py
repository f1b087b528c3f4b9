"""Who may open the media WebSocket of a leg: tokens, issued and redeemed."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable

import structlog

from service.errors import JournalUnavailableError
from service.ids import CallId, LegId
from service.ports import Journal, MediaToken, StreamTarget

TOKEN_LIFE_S = 60.0
"""How long Telnyx may take to open the media WebSocket after it was asked to."""
USED_LIFE_S = 4 * 3600.0
"""How long it may take to dial it again, if the call goes on for so long."""
MAX_REMEMBERED = 10_000
"""Of how many tokens that were not used yet this process knows whose they are; the oldest go."""

log = structlog.get_logger()


class MediaTokens:
    """The tokens of all legs. The journal keeps them, so that they outlive the process.

    Those that this process issued and Telnyx has not shown yet are remembered here as well: a
    journal that goes away in between costs no audio.
    """

    def __init__(self, *, journal: Journal, media_url: str, clock: Callable[[], float]) -> None:
        """Begin without any. A token is appended to `media_url`."""
        self._journal = journal
        self._media_url = media_url
        self._clock = clock
        self._issued: OrderedDict[bytes, MediaToken] = OrderedDict()

    async def issue(self, call_id: CallId, leg_id: LegId) -> StreamTarget:
        """Make a token that opens the media WebSockets of this leg, one at a time.

        It is good for a minute, and from its first use on for as long as the call goes on.

        Raises:
            JournalUnavailableError: It could not be remembered, so it would be good for nothing.
        """
        token, auth_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        kept = MediaToken(
            token_hash=_hash(token),
            header_hash=_hash(auth_token),
            call_id=call_id,
            leg_id=leg_id,
            expires_at=self._clock() + TOKEN_LIFE_S,
        )
        await self._journal.keep_token(kept)
        self._remember(kept)
        return StreamTarget(url=f"{self._media_url}{token}", auth_token=auth_token)

    async def redeem(self, token: str, auth_token: str | None) -> MediaToken | None:
        """Return whose a token is; None if it is not good, or the header is not its own.

        Raises:
            JournalUnavailableError: Nobody can tell now.
        """
        hashed = _hash(token)
        kept = await self._find(hashed)
        if kept is None or auth_token is None:
            return kept
        return kept if hmac.compare_digest(kept.header_hash, _hash(auth_token)) else None

    def _remember(self, kept: MediaToken) -> None:
        self._issued[kept.token_hash] = kept
        now = self._clock()
        while self._issued:
            oldest = next(iter(self._issued.values()))
            if len(self._issued) <= MAX_REMEMBERED and now < oldest.expires_at:
                break
            self._issued.popitem(last=False)

    async def _find(self, hashed: bytes) -> MediaToken | None:
        now = self._clock()
        try:
            kept = await self._journal.use_token(hashed, now=now, keep_until=now + USED_LIFE_S)
        except JournalUnavailableError:
            issued = self._issued.get(hashed)
            if issued is None or now >= issued.expires_at:
                raise
            log.warning("media_token_taken_from_memory", call_id=issued.call_id)
            return issued
        self._issued.pop(hashed, None)
        return kept


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
