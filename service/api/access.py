"""Who may ask: API keys, short-lived tokens, and how often."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, NamedTuple

from aiohttp import web

from service.api.bound_calls import BOUND, BoundCalls, Reach
from service.api.keys import is_key, read_key_id
from service.api.problems import RefusalError, not_found, too_many
from service.api.rate_limiter import RateLimiter
from service.api.tokens import is_token, read_token
from service.errors import ForgedInputError
from service.ids import CallId, Scope
from service.ports import UNBOUND, Binding
from service.ports.keys import KeyStore, StoredKey
from service.web.connections import client_of, vouch
from service.web.forwarded import site_of

Access = Scope | Literal["any_key"]
"""What a route asks for: a scope, or no more than any key at all."""
SUBPROTOCOL = "callscribe.v1"
TOKEN_SUBPROTOCOL = "callscribe.token."  # noqa: S105 - the name in front of one
TOKEN_PARAMETER = "access_token"  # noqa: S105 - its name
FRESH_S = 2.0
"""For how long a key that was found is not looked up again: a revocation is seen within it."""
_MAX_KNOWN_KEYS = 10_000
_BURST_S = 10.0
_FAILURES_PER_S = 1.0
_FAILURES_AT_ONCE = 30


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `call_id` is the one call that a token is good for; None for all."""

    key_id: str
    scopes: frozenset[Scope]
    call_id: CallId | None = None
    expires_at: float | None = None
    """When the token ends (Unix seconds); None for a key."""
    binding: Binding = UNBOUND
    """Which calls are seen: the key's, and of a token what it narrows of that."""

    @property
    def by_token(self) -> bool:
        """Whether a token was shown, not the key itself."""
        return self.expires_at is not None

    def may(self, access: Access) -> bool:
        """Say whether this is within the scopes."""
        return access == "any_key" or access in self.scopes or "admin" in self.scopes

    def sees(self, call_id: CallId) -> bool:
        """Say whether this call is within the token's reach. If not, it is 404, not 403."""
        return self.call_id is None or self.call_id == call_id


class Doorkeeper:
    """Admits callers by the key or token that their requests show.

    It looks a known key up in the store at most once in `FRESH_S`, and an unknown one each time:
    an address that keeps showing unknown keys gets 429 before the store is asked. Known keys pass
    from there all the same, because it may be a proxy. `per_minute` requests of one key pass, up
    to ten seconds' worth at once; a token for one call counts for that call and not for its key.
    `clock` is in Unix seconds, `ticks` (the loop's, unless given) in seconds that never jump.
    """

    def __init__(
        self,
        keys: KeyStore,
        token_secret: bytes,
        calls: BoundCalls,
        *,
        per_minute: int = 1200,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] | None = None,
    ) -> None:
        ticks = ticks or asyncio.get_running_loop().time
        self._known = _KnownKeys(keys, ticks)
        self._calls = calls
        self._secret = token_secret
        self._clock = clock
        self._ticks = ticks
        per_s = per_minute / 60
        self._requests = RateLimiter(per_s=per_s, burst=max(1.0, per_s * _BURST_S))
        self._failures = RateLimiter(per_s=_FAILURES_PER_S, burst=_FAILURES_AT_ONCE)

    async def admit(
        self,
        request: web.Request,
        access: Access,
        *,
        call_id: CallId | None = None,
        reach: Reach = "installation",
        browser: bool = False,
        counted: bool = True,
    ) -> Caller:
        """Return who asks, if they may ask this (of this call).

        `reach` is what may be shown: a caller who is bound gets no more than its own of that.
        `browser` takes a token from `?access_token=` or a WebSocket's subprotocols too; with
        `counted` False the request does not count towards the key's limit.

        Raises:
            RefusalError: 401, 403, 404 for another call than the token's, or 429.
            JournalUnavailableError: The keys cannot be read.
        """
        shown = _shown(request, browser=browser)
        if shown is None:
            raise _unauthorised("Show an API key or a token: Authorization: Bearer \u2026")
        caller = await self._identify(shown, site_of(client_of(request)))
        vouch(request)
        if counted:
            self._count(caller)
        if not caller.may(access):
            challenge = f'Bearer error="insufficient_scope", scope="{access}"'
            raise RefusalError(
                HTTPStatus.FORBIDDEN,
                f"This needs the scope {access}.",
                headers={"WWW-Authenticate": challenge},
            )
        if caller.call_id is not None and call_id is None:
            raise RefusalError(HTTPStatus.FORBIDDEN, "This token is good for one call only.")
        if call_id is not None and not caller.sees(call_id):
            raise not_found("call")
        await self._check_binding(caller.binding, reach, call_id)
        return caller

    async def is_still_good(self, caller: Caller) -> bool:
        """Say whether a caller would be let in again: for what goes on for long.

        Raises:
            JournalUnavailableError: The keys cannot be read.
        """
        if caller.expires_at is not None and self._clock() >= caller.expires_at:
            return False
        key = await self._known.find(caller.key_id)
        return key is not None and key.revoked_at is None

    async def _check_binding(self, binding: Binding, reach: Reach, call_id: CallId | None) -> None:
        if reach == "installation" and not binding.is_unbound:
            raise RefusalError(HTTPStatus.FORBIDDEN, BOUND)
        if reach == "call" and call_id is not None:
            await self._calls.check(binding, call_id)

    async def _identify(self, shown: str, site: str) -> Caller:
        try:
            return (
                await self._read_token(shown) if is_token(shown) else await self._key(shown, site)
            )
        except ForgedInputError as error:
            wait_s = self._failures.take(site, self._ticks())
            if wait_s:
                raise too_many(wait_s, "Too many bad keys from this address.") from error
            said = f"{str(error).capitalize()}."
            raise _unauthorised(said, error="invalid_token") from error

    async def _key(self, shown: str, site: str) -> Caller:
        key_id = read_key_id(shown)
        if key_id is None:
            raise ForgedInputError("neither a whole key nor a token")
        wait_s = self._failures.wait_s(site, self._ticks())
        if wait_s and not self._known.knows(key_id):
            raise too_many(wait_s, "Too many bad keys from this address.")
        key = await self._known.find(key_id)
        if key is None or not is_key(shown, key) or key.revoked_at is not None:
            raise ForgedInputError("no key of this installation, or one that was revoked")
        return Caller(key.id, frozenset(key.scopes), binding=key.binding)

    async def _read_token(self, shown: str) -> Caller:
        claims = read_token(self._secret, shown, now=self._clock())
        key = await self._known.find(claims.key_id)
        if key is None or key.revoked_at is not None:
            raise ForgedInputError("a token of a key that was revoked")
        scopes = frozenset(claims.scopes)
        binding = key.binding.narrowed(claims.binding or UNBOUND)
        return Caller(key.id, scopes, claims.call_id, claims.expires_at, binding)

    def _count(self, caller: Caller) -> None:
        name = caller.key_id if caller.call_id is None else f"{caller.key_id} {caller.call_id}"
        wait_s = self._requests.take(name, self._ticks())
        if wait_s:
            raise too_many(wait_s, "Too many requests with this key.")


class _FoundKey(NamedTuple):
    """A key, as it was at a time (in ticks)."""

    key: StoredKey
    at: float


class _KnownKeys:
    """Keys that were found. While one is looked up again, others get it as it was last."""

    def __init__(self, keys: KeyStore, ticks: Callable[[], float]) -> None:
        self._keys = keys
        self._ticks = ticks
        self._found: OrderedDict[str, _FoundKey] = OrderedDict()

    def knows(self, key_id: str) -> bool:
        """Say whether this key was found before."""
        return key_id in self._found

    async def find(self, key_id: str) -> StoredKey | None:
        """Return the key as it is now, or was at most `FRESH_S` ago."""
        now = self._ticks()
        known = self._found.get(key_id)
        if known is not None:
            if now < known.at + FRESH_S:
                return known.key
            self._found[key_id] = _FoundKey(known.key, now)
        try:
            found = await self._keys.find_key(key_id)
        except BaseException:
            if known is not None:
                self._found[key_id] = known
            raise
        if found is None:
            self._found.pop(key_id, None)
            return None
        self._found[key_id] = _FoundKey(found, now)
        if len(self._found) > _MAX_KNOWN_KEYS:
            self._found.popitem(last=False)
        return found


def _shown(request: web.Request, *, browser: bool) -> str | None:
    """Return the credential of a request. In a URL there may be a token, and never a key."""
    given = request.headers.getall("Authorization", [])
    if len(given) > 1:  # a proxy may have looked at the other one
        raise _unauthorised("Show one key or token, not more.")
    scheme, _, credential = "".join(given).partition(" ")
    if scheme.lower() == "bearer" and credential.strip():
        return credential.strip()
    if not browser:
        return None
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    for name in (one.strip() for one in offered):
        if name.startswith(TOKEN_SUBPROTOCOL):
            return _token(name.removeprefix(TOKEN_SUBPROTOCOL))
    if TOKEN_PARAMETER in request.query:
        return _token(request.query[TOKEN_PARAMETER])
    return None


def _token(text: str) -> str:
    if not is_token(text):
        raise _unauthorised("Here goes a token of POST /v1/tokens, never a key.")
    return text


def _unauthorised(detail: str, *, error: str = "") -> RefusalError:
    challenge = 'Bearer realm="callscribe"' + (f', error="{error}"' if error else "")
    headers = {"WWW-Authenticate": challenge}
    return RefusalError(HTTPStatus.UNAUTHORIZED, detail, headers=headers)
