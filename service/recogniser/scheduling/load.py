"""How busy the recogniser is, in Prometheus's terms: `GET /metrics`."""

from collections.abc import Callable
from typing import Final, Literal

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from service.recogniser.scheduling.priority import Priority

PATH: Final = "/metrics"
_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)


class Load:
    """What is counted. Nothing of it says who spoke, or what."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._sessions = Counter(
            "callscribe_recogniser_sessions",
            "Sessions by what became of them",
            ["outcome"],
            registry=self.registry,
        )
        self._wait_s = self._histogram("wait", "For a core")
        self._work_s = self._histogram("work", "On a core")

    def session(self, outcome: Literal["began", "full", "refused"]) -> None:
        """Count a session, or one that was turned away."""
        self._sessions.labels(outcome).inc()

    def waited(self, priority: Priority, duration_s: float) -> None:
        """Count a wait for a core."""
        self._wait_s.labels(priority.value).observe(duration_s)

    def worked(self, priority: Priority, duration_s: float) -> None:
        """Count the work itself."""
        self._work_s.labels(priority.value).observe(duration_s)

    def watch(self, name: str, text: str, now: Callable[[], float]) -> None:
        """Show a figure as it is when somebody asks."""
        name = f"callscribe_recogniser_{name}"
        Gauge(name, text, registry=self.registry).set_function(now)

    async def get(self, request: web.Request) -> web.Response:
        """Answer with all of it."""
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self.registry), headers={"Content-Type": content_type})

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(
            f"callscribe_recogniser_{name}_seconds",
            f"{text}, by what for",
            ["work"],
            buckets=_SECONDS,
            registry=self.registry,
        )
