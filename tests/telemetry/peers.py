"""A collector of traces."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.serving import serve


@asynccontextmanager
async def open_collector() -> AsyncIterator[tuple[str, list[Span], list[bytes]]]:
    """Serve an OTLP/HTTP collector that keeps the spans it is sent."""
    spans: list[Span] = []
    bodies: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("Content-Encoding") is None:
            bodies.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            spans.extend(span for scope in resource.scope_spans for span in scope.spans)
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    async with serve(app, shutdown_timeout_s=1.0) as url:
        yield url, spans, bodies
