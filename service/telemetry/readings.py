"""Which figures of the rooms are shown as metrics: counted there, read when somebody asks."""

from collections.abc import Mapping
from typing import Protocol

from service.ids import EndpointName
from service.telemetry.metrics import Figure


class EndpointCounts(Protocol):
    """What an endpoint's lanes count."""

    delivered: int
    retried: int
    parked: int
    partials_delivered: int
    partials_dropped: int


class LaneCounts(Protocol):
    """What the lanes count."""

    @property
    def counters(self) -> Mapping[EndpointName, EndpointCounts]:
        """By endpoint."""

    @property
    def behind(self) -> Mapping[EndpointName, int]:
        """How many lanes of each endpoint have durable events left to deliver."""


class IngressCounts(Protocol):
    """What comes in, by outcome."""

    @property
    def webhooks(self) -> Mapping[str, int]:
        """Webhooks."""

    @property
    def sockets(self) -> Mapping[str, int]:
        """Media WebSockets."""

    @property
    def frames(self) -> Mapping[str, int]:
        """Media frames."""


class LiveCounts(Protocol):
    """What is going on."""

    @property
    def live(self) -> int:
        """Calls in memory."""

    @property
    def hearing(self) -> int:
        """Recognitions that hear somebody."""


def ingress_figures(counts: IngressCounts) -> list[Figure]:
    """Return what came from Telnyx."""
    return [
        _by_outcome("webhooks", "Webhooks by what became of them", counts.webhooks),
        _by_outcome("media_sockets", "Media WebSockets by how they ended", counts.sockets),
        _by_outcome("media_frames", "Media frames of ended streams", counts.frames),
    ]


def lane_figures(lanes: LaneCounts) -> list[Figure]:
    """Return what goes out."""

    def outcomes() -> dict[tuple[str, ...], float]:
        return {
            (name, outcome): getattr(counts, outcome)
            for name, counts in lanes.counters.items()
            for outcome in EndpointCounts.__annotations__
        }

    return [
        Figure(
            "deliveries", "Deliveries by outcome", ("endpoint", "outcome"), outcomes, total=True
        ),
        Figure(
            "lanes_behind",
            "Lanes with something left to deliver",
            ("endpoint",),
            lambda: {(name,): behind for name, behind in lanes.behind.items()},
        ),
    ]


def live_figures(calls: LiveCounts) -> list[Figure]:
    """Return what is going on."""
    return [
        Figure("calls_live", "Calls in memory", (), lambda: {(): calls.live}),
        Figure("recognitions_live", "Tracks being heard", (), lambda: {(): calls.hearing}),
    ]


def task_figures(failures: Mapping[str, int]) -> list[Figure]:
    """Return what failed unforeseen, by the kind of the work."""
    return [
        Figure(
            "task_failures",
            "Unforeseen failures of tasks by kind of work",
            ("kind",),
            lambda: {(kind,): n for kind, n in failures.items()},
            total=True,
        )
    ]


def _by_outcome(name: str, text: str, counts: Mapping[str, int]) -> Figure:
    return Figure(
        name, text, ("outcome",), lambda: {(key,): n for key, n in counts.items()}, total=True
    )
