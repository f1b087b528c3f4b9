"""What was given up, and having it again."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import web

from service.api.bound_calls import BoundCalls, refused_since
from service.api.cursors import Cursors
from service.api.deliveries.models import (
    Attempts,
    AttemptsQuery,
    DeliveriesQuery,
    ParkedPage,
    Replay,
    ReplayWish,
    Retry,
    attempt_of,
    parked_of,
)
from service.api.deliveries.retries import Retries
from service.api.operations import Answer, AnyRoute, Ask, NoBody, NoQuery, Operation, Route
from service.api.problems import RefusalError, not_found
from service.api.router import reply
from service.delivery.endpoints import Endpoint
from service.delivery.replays import replay
from service.errors import EndpointGoneError, SettingsError
from service.ids import CallId, EndpointName
from service.ports import Binding, Journal

LIST_DELIVERIES: Operation[DeliveriesQuery, NoBody] = Operation(
    id="list_deliveries",
    method="GET",
    path="/v1/deliveries",
    tag="delivery",
    summary="List deliveries that were given up, newest first",
    access="calls:read",
    shows="filtered",
    query=DeliveriesQuery,
    answers=(Answer(description="A page of them.", model=ParkedPage),),
)
LIST_ATTEMPTS: Operation[AttemptsQuery, NoBody] = Operation(
    id="list_attempts",
    method="GET",
    path="/v1/calls/{call_id}/attempts",
    tag="delivery",
    summary="List the newest attempts at deliveries of a call, and what came of each",
    access="calls:read",
    query=AttemptsQuery,
    answers=(Answer(description="They are kept for `attempts_days`.", model=Attempts),),
)
RETRY_DELIVERY: Operation[NoQuery, NoBody] = Operation(
    id="retry_delivery",
    method="POST",
    path="/v1/deliveries/{delivery_id}/retry",
    tag="delivery",
    summary="Try a delivery that was given up once more, now",
    description="The answer waits up to five seconds for the outcome. An archive gets it in order.",
    access="calls:write",
    shows="filtered",
    answers=(Answer(status=HTTPStatus.ACCEPTED, description="It is, or was, tried.", model=Retry),),
    errors={
        HTTPStatus.NOT_FOUND: "Nothing of this id is parked.",
        HTTPStatus.CONFLICT: "Its endpoint is disabled, or not configured any more.",
    },
)
REPLAY: Operation[NoQuery, ReplayWish] = Operation(
    id="replay",
    method="POST",
    path="/v1/replays",
    tag="delivery",
    summary="Have an endpoint get the events of a call again",
    access="calls:write",
    shows="filtered",
    body=ReplayWish,
    answers=(
        Answer(
            status=HTTPStatus.ACCEPTED,
            description="It will get them, in order and under the same ids.",
            model=Replay,
        ),
    ),
    errors={
        HTTPStatus.NOT_FOUND: "There is no such call or endpoint.",
        HTTPStatus.CONFLICT: "The endpoint is disabled.",
    },
)


class DeliveryRoutes:
    """Answers from the journal."""

    def __init__(
        self,
        journal: Journal,
        endpoints: Sequence[Endpoint],
        retries: Retries,
        cursors: Cursors,
        calls: BoundCalls,
    ) -> None:
        self._journal = journal
        self._endpoints = endpoints
        self._retries = retries
        self._cursors = cursors
        self._calls = calls

    def routes(self) -> list[AnyRoute]:
        """Return the routes."""
        return [
            Route(LIST_DELIVERIES, self.deliveries),
            Route(LIST_ATTEMPTS, self.attempts),
            Route(RETRY_DELIVERY, self.retry),
            Route(REPLAY, self.replay),
        ]

    async def deliveries(self, ask: Ask[DeliveriesQuery, NoBody]) -> web.Response:
        """Answer with a page of parked deliveries."""
        query = ask.query
        before = None
        if query.cursor is not None:
            at, parked_id = self._cursors.open(query, query.cursor, tuple[float, int])
            before = float(at), int(parked_id)
        limit, binding = query.limit + 1, ask.who.binding
        found = await self._journal.parked(limit=limit, before=before, binding=binding)
        page = self._cursors.page(
            query, found, lambda one: (one.parked_at, one.id), limit=query.limit
        )
        return reply(ask, ParkedPage(data=[parked_of(one) for one in page.items], next=page.next))

    async def attempts(self, ask: Ask[AttemptsQuery, NoBody]) -> web.Response:
        """Answer with attempts of a call."""
        if await self._journal.load(ask.call_id) is None:
            raise not_found("call")
        made = await self._journal.attempts(ask.call_id, limit=ask.query.limit)
        return reply(ask, Attempts(data=[attempt_of(one) for one in made]))

    async def retry(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Try one again."""
        parked_id = int(ask.parts["delivery_id"])
        if not ask.who.binding.is_unbound:
            await self._check_own(parked_id, ask.who.binding)
        tried = await self._retries.retry(parked_id)
        told = Retry(id=parked_id, state=tried.state, status=tried.status)
        return reply(ask, told, status=HTTPStatus.ACCEPTED)

    async def replay(self, ask: Ask[NoQuery, ReplayWish]) -> web.Response:
        """Set a lane back; whoever runs it goes on from there."""
        wish = ask.body
        call_id, name = CallId(wish.call_id), EndpointName(wish.endpoint)
        await self._calls.check(ask.who.binding, call_id)
        if await self._journal.load(call_id) is None:
            raise not_found("call")
        try:
            await replay(self._journal, self._endpoints, call_id, name, from_seq=wish.after_seq + 1)
        except SettingsError:
            raise not_found("endpoint") from None
        except EndpointGoneError:
            raise RefusalError(HTTPStatus.CONFLICT, "The endpoint is disabled.") from None
        told = Replay(call_id=call_id, endpoint=name, after_seq=wish.after_seq)
        return reply(ask, told, status=HTTPStatus.ACCEPTED)

    async def _check_own(self, parked_id: int, binding: Binding) -> None:
        """Expect the delivery of a call that the caller may see; if not, it is not there."""
        began = asyncio.get_running_loop().time()
        parked = await self._journal.find_parked(parked_id)
        if parked is None or not await self._calls.covers(binding, parked.call_id):
            await refused_since(began)
            raise not_found("parked delivery")
