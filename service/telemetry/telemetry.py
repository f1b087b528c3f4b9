"""Metrics always, traces where somebody collects them."""

import importlib.util
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from service.errors import SettingsError
from service.log_output import lost
from service.ports import Observer
from service.tasks import failures
from service.telemetry.metrics import Metrics
from service.telemetry.observers import Observers
from service.telemetry.readings import log_figures, task_figures


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The metrics, and the observer that is told what happens."""

    metrics: Metrics
    observer: Observer


@asynccontextmanager
async def open_telemetry(
    otlp_url: str | None, *, clock: Callable[[], float]
) -> AsyncIterator[Telemetry]:
    """Count what happens, and send traces to this OTLP/HTTP collector if there is one.

    Raises:
        SettingsError: Traces are wanted, and what sends them is not installed.
    """
    metrics = Metrics()
    metrics.read([*task_figures(failures), *log_figures(lost)])
    if otlp_url is None:
        yield Telemetry(metrics, metrics)
        return
    if importlib.util.find_spec("opentelemetry") is None:
        remedy = "pip install '.[tracing]', or leave the key out"
        raise SettingsError([f"telemetry.otlp_url: traces need another package: {remedy}"])
    from service.telemetry.tracing import open_tracing  # noqa: PLC0415 - an extra, and slow to load

    async with AsyncExitStack() as stack:
        tracing = await stack.enter_async_context(open_tracing(otlp_url, clock=clock))
        yield Telemetry(metrics, Observers((metrics, tracing)))
