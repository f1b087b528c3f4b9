"""Metrics in Prometheus's terms. What other rooms count is read when it is scraped."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, assert_never

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.calls.after_events import (
    ArchiveFailed,
    ArchiveStored,
    RecordingFailed,
    RecordingTranscribed,
)
from service.calls.events import (
    CallAnswered,
    CallAttached,
    CallEnded,
    CallStarted,
    CallUnanswered,
    EndpointDisabled,
    EndpointEnabled,
    RecordingSaved,
    TranscriptCompleted,
    TranscriptErased,
    TranscriptFinal,
    TranscriptGap,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionPaused,
    TranscriptionRecovered,
    TranscriptionResumed,
    TranscriptionStarted,
    TranscriptionStopped,
    TranscriptPartial,
    TranscriptRedacted,
)
from service.calls.party_events import PartyEvent
from service.calls.turn import Fact
from service.ids import EndpointName
from service.ports import AttemptResult, Delivery
from service.words import count_words

_HEARING_S: Final = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
_COMMIT_S: Final = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_ATTEMPT_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Reading = Callable[[], Mapping[tuple[str, ...], float]]
"""Returns figures as they are now, by the values of their labels."""


class Metrics:
    """An `Observer` that counts. The labels are slugs of fixed sets and names from the settings.

    No label ever holds a call, a number or a word: metrics are kept by others, for long.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.shared: set[str] = set()
        """Names of metrics of what several workers share: not to be added up."""
        self._calls = self._counter("calls", "Calls by how far they came", "state")
        self._recognitions = self._counter(
            "recognitions", "Transcriptions by what became of them", "source", "engine", "state"
        )
        self._utterances = self._counter("utterances", "Finals recorded", "source", "role")
        self._words = self._counter("words", "Words in finals", "source", "role")
        self._partials = self._counter("partials", "Partials shown", "source", "role")
        self._gaps = self._counter("gaps", "Stretches that nobody transcribed", "reason")
        self._gap_seconds = self._counter("gap_seconds", "How long these were", "reason")
        self._final_s = self._histogram(
            "final_latency_seconds", "From the end of the speech to its final", _HEARING_S, "engine"
        )
        self._partial_s = self._histogram(
            "partial_latency_seconds", "From the last word of a partial to it", _HEARING_S, "engine"
        )
        self._commit_s = self._histogram(
            "journal_commit_seconds", "One commit, with its wait for the group's", _COMMIT_S
        )
        self._attempts = self._counter(
            "delivery_attempts", "Attempts at deliveries by how they ended", "endpoint", "outcome"
        )
        self._attempt_s = self._histogram(
            "delivery_attempt_seconds", "One attempt that worked", _ATTEMPT_S, "endpoint"
        )

    def read(self, readings: Iterable["Figure"]) -> None:
        """Add figures that other rooms count; they are read when they are scraped."""
        figures = tuple(readings)
        self.registry.register(_Readings(figures))
        self.shared |= {figure.name for figure in figures if figure.shared}

    async def scrape(self) -> CollectorRegistry:
        """Return all metrics as they are now."""
        return self.registry

    def happened(self, fact: Fact) -> None:
        """See `Observer.happened`."""
        if isinstance(fact.event, PartyEvent):
            self._count_presence(fact.event)
            return
        match fact.event:
            case TranscriptPartial() | TranscriptFinal() as event:
                self._count_words(event, fact.stt_ms)
            case (
                CallStarted() | CallAttached() | CallAnswered() | CallUnanswered() | CallEnded()
            ) as event:
                self._calls.labels(event.type.rpartition(".")[2]).inc()
            case TranscriptGap() as event:
                self._gaps.labels(event.reason).inc()
                self._gap_seconds.labels(event.reason).inc((event.end_ms - event.start_ms) / 1000)
            case TranscriptionStarted() as event:
                self._recognitions.labels(event.source, event.engine, "started").inc()
            case (
                TranscriptionDegraded() | TranscriptionFailed() | TranscriptionRecovered()
            ) as event:
                state = event.type.rpartition(".")[2]
                self._recognitions.labels(event.source, "", state).inc()
            case TranscriptionStopped() | TranscriptionPaused() | TranscriptionResumed():
                pass  # what people ask for, and ends: nothing that somebody would draw
            case (
                TranscriptCompleted()
                | TranscriptRedacted()
                | TranscriptErased()
                | RecordingSaved()
                | ArchiveStored()
                | ArchiveFailed()
                | RecordingTranscribed()
                | RecordingFailed()
            ):
                pass  # the journal knows; attempts are counted by endpoint
            case EndpointDisabled() | EndpointEnabled():
                pass  # of no call; `lanes_behind` shows what it costs
            case _:
                assert_never(fact.event)

    def _count_presence(self, event: PartyEvent) -> None:
        kind, _, state = event.type.rpartition(".")
        if kind == "call":  # a conference says nothing of the service
            self._calls.labels(state).inc()

    def commit_took(self, duration_s: float) -> None:
        """See `Observer.commit_took`."""
        self._commit_s.observe(duration_s)

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, outcome: AttemptResult, duration_s: float
    ) -> None:
        """See `Observer.attempted`."""
        del delivery
        self._attempts.labels(endpoint, outcome).inc()
        if outcome == "delivered":
            self._attempt_s.labels(endpoint).observe(duration_s)

    def _count_words(self, event: TranscriptPartial | TranscriptFinal, stt_ms: int | None) -> None:
        if isinstance(event, TranscriptPartial):
            self._partials.labels(event.source, event.role).inc()
            latency_s = self._partial_s
        else:
            self._utterances.labels(event.source, event.role).inc()
            self._words.labels(event.source, event.role).inc(count_words(event.text))
            latency_s = self._final_s
        if stt_ms is not None:
            latency_s.labels(event.engine).observe(stt_ms / 1000)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"callscribe_{name}", text, labels, registry=self.registry)

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        name = f"callscribe_{name}"
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)


class Figure:
    """One metric that another room counts; `total` if it only grows.

    What is `shared` is measured by every worker of a pool, and is the same thing each time.
    """

    def __init__(
        self,
        name: str,
        text: str,
        labels: tuple[str, ...],
        now: Reading,
        *,
        total: bool = False,
        shared: bool = False,
    ) -> None:
        self.name = f"callscribe_{name}"
        self.shared = shared
        self._text = text
        self._labels = labels
        self._now = now
        self._total = total

    def family(self) -> Metric:
        """Return the figures as they are now."""
        kind = CounterMetricFamily if self._total else GaugeMetricFamily
        family = kind(self.name, self._text, labels=self._labels)
        for values, figure in self._now().items():
            family.add_metric(values, figure)
        return family


class _Readings(Collector):
    def __init__(self, figures: tuple[Figure, ...]) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Return the families of all figures."""
        return [figure.family() for figure in self._figures]
