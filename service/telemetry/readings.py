"""The figures that the rooms count, as metrics: they are read when they are scraped."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from shutil import disk_usage
from typing import Any, Protocol

from service.ids import EndpointName
from service.telemetry.metrics import Figure


class EndpointCounts(Protocol):
    """The counters of one endpoint's lanes."""

    delivered: int
    retried: int
    parked: int
    partials_delivered: int
    partials_dropped: int


class LaneCounts(Protocol):
    """The counters of all lanes."""

    @property
    def counters(self) -> Mapping[EndpointName, EndpointCounts]:
        """By endpoint."""

    @property
    def behind(self) -> Mapping[EndpointName, int]:
        """How many lanes of each endpoint have durable events left to deliver."""

    @property
    def failing(self) -> Collection[EndpointName]:
        """Those whose breaker is open."""

    @property
    def disabled(self) -> Collection[EndpointName]:
        """Those that get nothing until they are enabled."""


class IngressCounts(Protocol):
    """The counters of what comes from Telnyx, by outcome."""

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
    """The counters of what is live."""

    @property
    def live(self) -> int:
        """Calls in memory."""

    @property
    def hearing(self) -> int:
        """Tracks that are recognised now."""


class ForwardCounts(Protocol):
    """The counters of what is passed on to an application of the customer's."""

    retried: int
    waiting: int

    @property
    def webhooks(self) -> Mapping[str, int]:
        """By what became of them."""


class BusCounts(Protocol):
    """The counters of what workers tell each other."""

    sent: int
    received: int
    waiting: int
    connected: bool
    server_queue: float

    @property
    def dropped(self) -> Mapping[str, int]:
        """What did not arrive, by why."""


class WorkerCounts(Protocol):
    """The counters of what a worker does for, and to, the others."""

    @property
    def taken(self) -> Mapping[Any, int]:
        """Calls that were another worker's, by why they are this one's."""

    @property
    def leases_lost(self) -> Mapping[str, int]:
        """By why."""

    @property
    def mail(self) -> Mapping[tuple[str, str], int]:
        """What was passed on by the mailbox, by direction and kind."""


class RecognitionCounts(Protocol):
    """The counters of all recognitions."""

    @property
    def switches(self) -> Mapping[tuple[str, str, str], int]:
        """By the engine that was left, the one that took over, and why."""

    @property
    def open_circuits(self) -> Mapping[tuple[str, str], bool]:
        """Whether an engine is not asked just now, by engine and model."""


def ingress_figures(counts: IngressCounts) -> list[Figure]:
    """Return the figures of what comes from Telnyx."""
    return [
        _by_outcome("webhooks", "Webhooks by what became of them", counts.webhooks),
        _by_outcome("media_sockets", "Media WebSockets by how they ended", counts.sockets),
        _by_outcome("media_frames", "Media frames of ended streams", counts.frames),
    ]


def lane_figures(lanes: LaneCounts) -> list[Figure]:
    """Return the figures of deliveries."""

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
        Figure(
            "endpoint_breaker_open",
            "Whether an endpoint is spared just now, because nobody was found there",
            ("endpoint",),
            lambda: {(name,): float(name in lanes.failing) for name in lanes.counters},
            shared=True,
        ),
        Figure(
            "endpoint_disabled",
            "Whether an endpoint gets nothing until it is enabled",
            ("endpoint",),
            lambda: {(name,): float(name in lanes.disabled) for name in lanes.counters},
            shared=True,
        ),
    ]


def feed_figures(
    subscriptions: Callable[[], int], held_back_s: Callable[[], float]
) -> list[Figure]:
    """Return the figures of who watches, and of what they are not shown yet."""
    return [
        Figure("feed_subscribers", "Subscriptions to the feed", (), lambda: {(): subscriptions()}),
        Figure(
            "feed_held_back_seconds",
            "For how long the feed has waited for a transaction of PostgreSQL that is still open",
            (),
            lambda: {(): held_back_s()},
            shared=True,
        ),
    ]


def forward_figures(counts: ForwardCounts) -> list[Figure]:
    """Return the figures of what is passed on to an application of the customer's."""
    return [
        Figure(
            "forwards",
            "Webhooks passed on, by what became of them",
            ("result",),
            lambda: {(result,): n for result, n in counts.webhooks.items()},
            total=True,
        ),
        Figure(
            "forward_retries",
            "Attempts to pass a webhook on that are made again",
            (),
            lambda: {(): counts.retried},
            total=True,
        ),
        Figure(
            "forwards_waiting",
            "Webhooks in memory that are yet to be passed on",
            (),
            lambda: {(): counts.waiting},
        ),
    ]


def bus_figures(counts: BusCounts) -> list[Figure]:
    """Return the figures of what workers tell each other."""
    return [
        Figure(
            "bus_messages",
            "Messages between workers",
            ("direction",),
            lambda: {("sent",): counts.sent, ("received",): counts.received},
            total=True,
        ),
        Figure(
            "bus_dropped",
            "Partials and messages between workers that did not arrive, by why",
            ("why",),
            lambda: {(why,): n for why, n in counts.dropped.items()},
            total=True,
        ),
        Figure("bus_waiting", "Partials that wait to be sent", (), lambda: {(): counts.waiting}),
        Figure(
            "bus_away",
            "Workers that do not hear the others",
            (),
            lambda: {(): float(not counts.connected)},
        ),
        Figure(
            "bus_server_queue_ratio",
            "How full PostgreSQL's queue of notifications is",
            (),
            lambda: {(): counts.server_queue},
            shared=True,
        ),
    ]


def worker_figures(counts: WorkerCounts, unlike: Callable[[], int]) -> list[Figure]:
    """Return the figures of what passes between workers by way of the database.

    `unlike` returns how many of the others have other settings.
    """
    return [
        Figure(
            "calls_taken",
            "Calls that were another worker's: it is gone, handed them over, or has not the audio",
            ("why",),
            lambda: {(why,): n for why, n in counts.taken.items()},
            total=True,
        ),
        Figure(
            "leases_lost",
            "Times that a worker was out, without its calls, by why",
            ("why",),
            lambda: {(why,): n for why, n in counts.leases_lost.items()},
            total=True,
        ),
        Figure(
            "mail",
            "Webhooks and questions that came to another worker than their call's",
            ("direction", "kind"),
            lambda: {key: float(n) for key, n in counts.mail.items()},
            total=True,
        ),
        Figure(
            "workers_unlike",
            "Other workers that run with other settings",
            (),
            lambda: {(): unlike()},
            shared=True,
        ),
    ]


def storage_figures(database: Path | None, recordings: Path) -> list[Figure]:
    """Return the figures of the journal's files, and of the disks they and recordings are on.

    A journal that has no file here (`database` is None) is its server's to watch.
    """
    places, paths = {"recordings": recordings}, dict[str, Path]()
    if database is not None:
        places["journal"] = database.absolute().parent
        paths = {"database": database, "log": database.with_name(database.name + "-wal")}

    def sizes() -> dict[tuple[str, ...], float]:
        return {(name,): path.stat().st_size for name, path in paths.items() if path.exists()}

    def free() -> dict[tuple[str, ...], float]:
        return {(name,): disk_usage(p).free for name, p in places.items() if p.exists()}

    def whole() -> dict[tuple[str, ...], float]:
        return {(name,): disk_usage(p).total for name, p in places.items() if p.exists()}

    whats = ("what",)
    kept, disk = "What is free where something is kept", "How large the disk is where that is"
    return [
        Figure("journal_bytes", "Size of the journal's files", ("file",), sizes, shared=True),
        Figure("disk_free_bytes", kept, whats, free, shared=True),
        Figure("disk_bytes", disk, whats, whole, shared=True),
    ]


def live_figures(calls: LiveCounts) -> list[Figure]:
    """Return the figures of what is live."""
    return [
        Figure("workers", "Workers whose figures these are", (), lambda: {(): 1}),
        Figure("calls_live", "Calls in memory", (), lambda: {(): calls.live}),
        Figure("recognitions_live", "Tracks being heard", (), lambda: {(): calls.hearing}),
    ]


def recognition_figures(counts: RecognitionCounts) -> list[Figure]:
    """Return the figures of recognitions."""
    return [
        Figure(
            "engine_switches",
            "Times that another engine took over a track",
            ("left", "to", "reason"),
            lambda: {key: float(count) for key, count in counts.switches.items()},
            total=True,
        ),
        Figure(
            "engine_circuit_open",
            "Whether an engine is not asked just now, because it failed",
            ("engine", "model"),
            lambda: {key: float(is_open) for key, is_open in counts.open_circuits.items()},
            shared=True,
        ),
    ]


def clock_figures(ahead_s: Callable[[], float]) -> list[Figure]:
    """Return the figure of how far this machine's clock is ahead of Telnyx's, in seconds."""
    text = "How far this machine's clock is ahead of Telnyx's"
    return [Figure("clock_ahead_seconds", text, (), lambda: {(): ahead_s()}, shared=True)]


def task_figures(failures: Mapping[str, int]) -> list[Figure]:
    """Return the figures of unforeseen failures, by kind of work."""
    return [
        Figure(
            "task_failures",
            "Unforeseen failures of tasks by kind of work",
            ("kind",),
            lambda: {(kind,): n for kind, n in failures.items()},
            total=True,
        )
    ]


def log_figures(lost: Mapping[str, int]) -> list[Figure]:
    """Return the figures of log lines that nobody can read, by why."""
    return [
        Figure(
            "log_lines_lost",
            "Log lines that were not written, by why",
            ("why",),
            lambda: {(why,): n for why, n in dict(lost).items()},  # other threads count as well
            total=True,
        )
    ]


def _by_outcome(name: str, text: str, counts: Mapping[str, int]) -> Figure:
    return Figure(
        name, text, ("outcome",), lambda: {(key,): n for key, n in counts.items()}, total=True
    )
