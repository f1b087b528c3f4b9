"""`POST /v1/tokens`: what a program with a key hands to a browser."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import AfterValidator, BeforeValidator, Field

from service.api.access import Caller
from service.api.operations import Answer, AnyRoute, Ask, Body, NoQuery, Operation, Reply, Route
from service.api.parameters import PLAIN, CallIdText, whole_number
from service.api.problems import RefusalError
from service.api.router import reply
from service.api.tokens import DEFAULT_TOKEN_S, MAX_CHARS, MAX_TOKEN_S, Claims, sign_token
from service.ids import CallId, Scope
from service.ports import Binding, bind
from service.ports.binding import (
    MAX_KEY_CHARS,
    MAX_METADATA,
    MAX_ROUTE_CHARS,
    MAX_ROUTES,
    MAX_VALUE_CHARS,
)
from service.wire.events import timestamp

RouteText = Annotated[str, Field(min_length=1, max_length=MAX_ROUTE_CHARS, pattern=PLAIN)]
FactKey = Annotated[str, Field(min_length=1, max_length=MAX_KEY_CHARS, pattern=PLAIN)]
FactValue = Annotated[str, Field(max_length=MAX_VALUE_CHARS, pattern=PLAIN)]


def _each_once(scopes: list[Scope]) -> list[Scope]:
    if len(set(scopes)) < len(scopes):
        raise ValueError("names a scope twice")
    return scopes


class TokenWish(Body):
    """What the token is to be good for."""

    scopes: Annotated[
        list[Scope],
        Field(min_length=1, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_each_once),
    ]
    """Of the key's own."""
    call_id: CallIdText | None = None
    """The one call it is good for; null for all."""
    routes: Annotated[list[RouteText], Field(max_length=MAX_ROUTES)] = Field(default_factory=list)
    """Names of routes, one of which a call must have to be seen; none: as with the key."""
    metadata: Annotated[dict[FactKey, FactValue], Field(max_length=MAX_METADATA)] = Field(
        default_factory=dict,
        json_schema_extra={"additionalProperties": False},  # of keys that `FactKey` does not fit
    )
    """Top-level keys of the call's metadata and what they must be, as text; beside the key's."""
    expires_in_s: Annotated[int, Field(ge=1, le=MAX_TOKEN_S), BeforeValidator(whole_number)] = (
        DEFAULT_TOKEN_S
    )


class Token(Reply):
    """A token, to be shown like a key until it expires."""

    token: str
    expires_at: str
    """RFC 3339."""


MAKE_TOKEN: Operation[NoQuery, TokenWish] = Operation(
    id="make_token",
    method="POST",
    path="/v1/tokens",
    tag="access",
    summary="Make a short-lived token, so that a browser never holds a key",
    access="any_key",
    shows="nothing",
    body=TokenWish,
    answers=(Answer(status=HTTPStatus.CREATED, description="The token.", model=Token),),
)


class TokenRoutes:
    """Makes tokens. `clock` is in Unix seconds."""

    def __init__(self, token_secret: bytes, *, clock: Callable[[], float] = time.time) -> None:
        self._secret = token_secret
        self._clock = clock

    def routes(self) -> list[AnyRoute]:
        """Return the route."""
        return [Route(MAKE_TOKEN, self.make)]

    async def make(self, ask: Ask[NoQuery, TokenWish]) -> web.Response:
        """Answer with a token of the caller's key."""
        caller, wish = ask.who, ask.body
        _check(caller, wish)
        binding = _narrowed(caller.binding, wish)
        expires_at = float(int(self._clock()) + wish.expires_in_s)
        claims = Claims(
            key_id=caller.key_id,
            scopes=tuple(sorted(wish.scopes)),
            call_id=None if wish.call_id is None else CallId(wish.call_id),
            expires_at=expires_at,
            binding=None if binding.is_unbound else binding,
        )
        token = sign_token(self._secret, claims)
        if len(token) > MAX_CHARS:
            raise RefusalError(HTTPStatus.BAD_REQUEST, "The token would be too long: bind it less.")
        made = Token(token=token, expires_at=timestamp(expires_at))
        return reply(ask, made, status=HTTPStatus.CREATED)


def _check(caller: Caller, wish: TokenWish) -> None:
    if caller.by_token:
        raise RefusalError(HTTPStatus.FORBIDDEN, "A token makes no tokens: show the key.")
    missing = sorted(scope for scope in wish.scopes if not caller.may(scope))
    if missing:
        raise RefusalError(HTTPStatus.FORBIDDEN, f"The key itself lacks {', '.join(missing)}.")


def _narrowed(key: Binding, wish: TokenWish) -> Binding:
    """Return what the token is bound to: what is wished for, within what the key is bound to.

    Raises:
        RefusalError: 403, something of it the key itself does not see.
    """
    wished = bind(wish.routes, wish.metadata.items())
    narrowed = key.narrowed(wished)
    if (wished.routes or ()) != (narrowed.routes if wished.routes else ()):
        raise RefusalError(HTTPStatus.FORBIDDEN, "The key itself is bound to other routes.")
    if any(dict(narrowed.metadata)[name] != values for name, values in wished.metadata):
        raise RefusalError(HTTPStatus.FORBIDDEN, "The key itself is bound to other metadata.")
    return narrowed
