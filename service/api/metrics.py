"""`GET /metrics`: for Prometheus, and whoever speaks its language."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from service.api.operations import Answer, AnyRoute, Ask, NoBody, NoQuery, Operation, Route

GET_METRICS: Operation[NoQuery, NoBody] = Operation(
    id="get_metrics",
    method="GET",
    path="/metrics",
    tag="run",
    summary="What is counted and measured, in Prometheus's text format or as OpenMetrics",
    description="Prometheus shows a key by `authorization: {credentials: …}` in its scrape config.",
    access="calls:read",
    answers=(
        Answer(
            description="All metrics as they are now.",
            content={"text/plain": {}, "application/openmetrics-text": {}},
        ),
    ),
    counted=False,
    negotiated=False,
)


Scrape = Callable[[], Awaitable[CollectorRegistry]]
"""Returns all metrics as they are now: of this process, or of all that share its port."""


class MetricsRoutes:
    """Serves metrics. The key is asked for because the listener faces the internet."""

    def __init__(self, scrape: Scrape) -> None:
        self._scrape = scrape

    def routes(self) -> list[AnyRoute]:
        """Return the route."""
        return [Route(GET_METRICS, self.get)]

    async def get(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Answer with all metrics as they are now."""
        encode, content_type = choose_encoder(ask.request.headers.get("Accept", ""))
        metrics = await self._scrape()
        return web.Response(body=encode(metrics), headers={"Content-Type": content_type})
