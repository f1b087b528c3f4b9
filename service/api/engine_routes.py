"""The engines that routes may name: what this release knows of them, and what Telnyx lists."""

import json
from http import HTTPStatus

from aiohttp import web

from service.api.access import Doorkeeper
from service.api.operations import JSON, Answer, AnyRoute, Ask, NoBody, Operation, Query, Route
from service.api.parameters import Flag
from service.api.problems import RefusalError
from service.api.router import tagged
from service.calls.engines import catalogue, describe
from service.errors import CarrierUnavailableError
from service.ports import Providers


class EnginesQuery(Query):
    """Which list is wanted."""

    live: Flag | None = None
    """Whether Telnyx is asked, too: `live` is then its list. This needs a key; the rest is open."""


GET_ENGINES: Operation[EnginesQuery, NoBody] = Operation(
    id="get_engines",
    method="GET",
    path="/v1/engines",
    tag="about",
    summary="Get the engines that routes may name, and what each can do",
    description="What is not in it is sent to Telnyx all the same, as written. With `live=true`, "
    "`live` is what Telnyx lists by now (some minutes old at most): each model with its provider, "
    "the languages of each surface, and whether it is `known` here.",
    access=None,
    query=EnginesQuery,
    answers=(Answer(description="The catalogue.", content={JSON: {"type": "object"}}),),
    errors={
        HTTPStatus.UNAUTHORIZED: "`live=true` without a key.",
        HTTPStatus.TOO_MANY_REQUESTS: "`live=true` with a key that asks too often.",
        HTTPStatus.BAD_GATEWAY: "Telnyx did not give its list.",
    },
)


class EngineRoutes:
    """Answers from the table, and asks Telnyx."""

    def __init__(self, providers: Providers, doorkeeper: Doorkeeper) -> None:
        self._providers = providers
        self._doorkeeper = doorkeeper

    def routes(self) -> list[AnyRoute]:
        """Return the route."""
        return [Route(GET_ENGINES, self.engines)]

    async def engines(self, ask: Ask[EnginesQuery, NoBody]) -> web.Response:
        """Answer with the catalogue, and with Telnyx's list if that is wanted."""
        document = catalogue()
        if ask.query.live:
            await self._doorkeeper.admit(ask.request, "any_key")
            document = document | {"live": await self._live()}
        body = json.dumps(document, ensure_ascii=False).encode()
        return tagged(ask, body, headers={"Cache-Control": "no-cache"})

    async def _live(self) -> list[dict[str, object]]:
        try:
            return describe(await self._providers.offers())
        except CarrierUnavailableError as error:
            detail = "Telnyx did not give its list: try again, or ask without live=true."
            raise RefusalError(HTTPStatus.BAD_GATEWAY, detail) from error
