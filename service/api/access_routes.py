"""`GET /v1/access`: who looked at which call."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from service.api.cursors import Cursors
from service.api.operations import Answer, AnyRoute, Ask, NoBody, Operation, Query, Reply, Route
from service.api.parameters import DEFAULT_LIMIT, CallIdText, Limit, Sealed, Stamp
from service.api.router import reply
from service.ids import AccessAction, CallId
from service.ports import Access, AccessFilter, AccessStore
from service.wire.events import timestamp


class AccessQuery(Query):
    """Which accesses are wanted; what is left out asks for nothing."""

    call_id: CallIdText | None = None
    key_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")] | None = None
    action: AccessAction | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: Sealed | None = None


class AccessMade(Reply):
    """One access. The same again within a minute is not another one."""

    at: Stamp
    key_id: str
    """Of the key that was shown, or that the token was made with."""
    action: AccessAction
    """`searched`: words of the call were among what was found."""
    call_id: str | None
    """Null: of no single call, as a list of calls, or the feed of all."""
    address: str
    """As much of it as `[access_log] addresses` says."""


class AccessPage(Reply):
    """Accesses, newest first."""

    data: list[AccessMade]
    next: str | None
    """The `cursor` of the next page; null on the last one."""


LIST_ACCESS: Operation[AccessQuery, NoBody] = Operation(
    id="list_access",
    method="GET",
    path="/v1/access",
    tag="access",
    summary="List who read, heard, took out or erased which call, newest first",
    access="admin",
    query=AccessQuery,
    description="What is done now is in it a second later.",
    answers=(Answer(description="A page of accesses.", model=AccessPage),),
)


class AccessRoutes:
    """Answers from the access log."""

    def __init__(self, store: AccessStore, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors

    def routes(self) -> list[AnyRoute]:
        """Return the route."""
        return [Route(LIST_ACCESS, self.list)]

    async def list(self, ask: Ask[AccessQuery, NoBody]) -> web.Response:
        """Answer with a page of accesses."""
        query = ask.query
        before = None
        if query.cursor is not None:
            before = int(self._cursors.open(query, query.cursor, tuple[int])[0])
        call_id = None if query.call_id is None else CallId(query.call_id)
        wanted = AccessFilter(call_id=call_id, key_id=query.key_id, action=query.action)
        found = await self._store.accesses(wanted, before=before, limit=query.limit + 1)
        page = self._cursors.page(query, found, lambda one: (one[0],), limit=query.limit)
        made = [_made(access) for _, access in page.items]
        return reply(ask, AccessPage(data=made, next=page.next))


def _made(access: Access) -> AccessMade:
    return AccessMade(
        at=timestamp(access.at),
        key_id=access.key_id,
        action=access.action,
        call_id=access.call_id,
        address=access.address,
    )
