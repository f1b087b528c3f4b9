"""Traces: a call is a trace; in it recognitions, utterances, and deliveries.

The trace of a call has an id made from the call's, so that every process which ever works on the
call, and every delivery of it, however late, joins the same trace. Spans hold slugs, times and
counts: never a word that was said, or a number.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypeVar, assert_never

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from service import __version__
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
from service.ids import CallId, EndpointName, LegId
from service.ports import AttemptResult, Delivery
from service.wire.events import split_delivery_id
from service.words import count_words

MAX_CALLS: Final = 10_000
"""Calls whose beginning is remembered; the span of an older one begins where it ends."""
_EXPORT_TIMEOUT_S: Final = 5.0
_NS: Final = 1_000_000_000

_Key = TypeVar("_Key")
Value = str | int | float | bool

_Beside = PartyEvent | ArchiveFailed | ArchiveStored | RecordingFailed | RecordingTranscribed
log = structlog.get_logger()


class _CallIds(IdGenerator):
    """Gives the next span the ids that `Tracing` sets, or else random ones."""

    def __init__(self) -> None:
        self.trace_id = 0
        self.span_id: int | None = None
        self._random = RandomIdGenerator()

    def generate_trace_id(self) -> int:
        """Return the trace id of the current call."""
        return self.trace_id

    def generate_span_id(self) -> int:
        """Return the id that was set, once."""
        span_id, self.span_id = self.span_id, None
        return span_id or self._random.generate_span_id()


class Tracing:
    """An `Observer` that makes spans. Use from the event loop; sending is a thread's."""

    def __init__(self, exporter: SpanExporter, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ids = _CallIds()
        resource = Resource.create({"service.name": "callscribe", "service.version": __version__})
        self._provider = TracerProvider(
            id_generator=self._ids, resource=resource, shutdown_on_exit=False
        )
        # full, its queue drops the newest spans: no call ever waits for a collector
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("callscribe", __version__)
        self._calls_began_at: OrderedDict[CallId, float] = OrderedDict()
        self._recognitions_began_at: OrderedDict[tuple[CallId, LegId], float] = OrderedDict()

    def happened(self, fact: Fact) -> None:
        """See `Observer.happened`."""
        call_id, at = fact.call_id, fact.occurred_at
        if isinstance(fact.event, _Beside):
            return  # what people do, and what comes after the call
        match fact.event:
            case CallStarted():
                _remember(self._calls_began_at, call_id, at)
            case TranscriptionStarted() | TranscriptionRecovered() as event:
                self._begin_recognition(call_id, event, at)
            case TranscriptionStopped() | TranscriptionFailed() as event:
                self._add_recognition(call_id, event, at)
            case TranscriptFinal() as event:
                self._add_utterance(fact, event)
            case CallEnded() if fact.answered_at is None:
                self._add_call(call_id, at, {"call.answered": False})
            case TranscriptCompleted() as event:
                self._add_call(call_id, at, _counts(event))
            case (
                CallAnswered()
                | CallUnanswered()
                | CallAttached()
                | CallEnded()
                | EndpointDisabled()
                | EndpointEnabled()
                | RecordingSaved()
                | TranscriptErased()
                | TranscriptGap()
                | TranscriptPartial()
                | TranscriptRedacted()
                | TranscriptionDegraded()
                | TranscriptionPaused()
                | TranscriptionResumed()
            ):
                pass  # the spans around it show it
            case _:
                assert_never(fact.event)

    def commit_took(self, duration_s: float) -> None:
        """See `Observer.commit_took`: a commit is of many calls, and a metric."""

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, outcome: AttemptResult, duration_s: float
    ) -> None:
        """See `Observer.attempted`. Partials are too many to trace."""
        whose = split_delivery_id(delivery.id)
        if whose is None:
            return
        call_id, seq = whose
        now = self._clock()
        about: dict[str, Value] = {"endpoint": endpoint, "event.type": delivery.type, "seq": seq}
        about["outcome"] = outcome
        failed = outcome != "delivered"
        above = f"event {seq}" if delivery.type == TranscriptFinal.type else ""
        span = (now - duration_s, now)
        self._span("delivery", call_id, span, about, parent=above, failed=failed)

    def close(self, timeout_s: float) -> None:
        """Send the queued spans, within the deadline. Blocks: call it from a thread."""
        self._provider.force_flush(int(timeout_s * 1000))
        self._provider.shutdown()

    def _begin_recognition(
        self, call_id: CallId, event: TranscriptionStarted | TranscriptionRecovered, at: float
    ) -> None:
        key = (call_id, event.leg)
        if isinstance(event, TranscriptionStarted) or key not in self._recognitions_began_at:
            _remember(self._recognitions_began_at, key, at)

    def _add_recognition(
        self, call_id: CallId, event: TranscriptionStopped | TranscriptionFailed, at: float
    ) -> None:
        began = self._recognitions_began_at.pop((call_id, event.leg), at)
        failed = isinstance(event, TranscriptionFailed)
        about: dict[str, Value] = {"source": event.source, "reason": event.reason}
        self._span("recognition", call_id, (began, at), about, failed=failed, own_id=str(event.leg))

    def _add_utterance(self, fact: Fact, event: TranscriptFinal) -> None:
        at, answered_at = fact.occurred_at, fact.answered_at
        about: dict[str, Value] = {
            "utterance.id": event.utterance_id,
            "role": event.role,
            "engine": event.engine,
            "words": count_words(event.text),
        }
        if fact.stt_ms is not None:
            about["stt_ms"] = fact.stt_ms
        began = at
        if answered_at is not None and event.start_ms is not None:
            began = min(at, answered_at + event.start_ms / 1000)
        parent, own_id = str(event.leg), f"event {fact.seq}"
        self._span("utterance", fact.call_id, (began, at), about, parent=parent, own_id=own_id)

    def _add_call(self, call_id: CallId, at: float, about: Mapping[str, Value]) -> None:
        began = self._calls_began_at.pop(call_id, at)
        self._span("call", call_id, (began, at), {"call.id": call_id, **about}, own_id="")

    def _span(
        self,
        name: str,
        call_id: CallId,
        time_s: tuple[float, float],
        about: Mapping[str, Value],
        *,
        parent: str = "",
        own_id: str | None = None,
        failed: bool = False,
    ) -> None:
        """Make a span. `parent` and `own_id` name spans of the call: "" is the call itself."""
        self._ids.trace_id = _trace_id(call_id)
        if own_id is not None:
            self._ids.span_id = _span_id(call_id, own_id)
        context = None
        if own_id != "":
            above = SpanContext(
                _trace_id(call_id),
                _span_id(call_id, parent),
                is_remote=True,
                trace_flags=TraceFlags(TraceFlags.SAMPLED),
            )
            context = set_span_in_context(NonRecordingSpan(above))
        began, ended = (round(moment * _NS) for moment in time_s)
        span = self._tracer.start_span(name, context, attributes=dict(about), start_time=began)
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(ended)


@asynccontextmanager
async def open_tracing(url: str, *, clock: Callable[[], float]) -> AsyncIterator[Tracing]:
    """Send traces to an OTLP/HTTP collector (`http://host:4318`) until the end of the block.

    A collector that is away costs nothing but its traces; the exporter logs it.
    """
    exporter = OTLPSpanExporter(f"{url.rstrip('/')}/v1/traces", timeout=_EXPORT_TIMEOUT_S)
    tracing = Tracing(exporter, clock=clock)
    try:
        yield tracing
    finally:
        await asyncio.to_thread(tracing.close, _EXPORT_TIMEOUT_S)


def _remember(moments: OrderedDict[_Key, float], key: _Key, at: float) -> None:
    moments[key] = at
    if len(moments) > MAX_CALLS:
        moments.popitem(last=False)


def _trace_id(call_id: CallId) -> int:
    return int.from_bytes(hashlib.sha256(call_id.encode()).digest()[:16], "big") or 1


def _span_id(call_id: CallId, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{call_id}\n{name}".encode()).digest()[:8], "big") or 1


def _counts(event: TranscriptCompleted) -> dict[str, bool | int]:
    return {
        "call.answered": True,
        "call.utterances": event.utterances,
        "call.words": event.words,
        "call.gaps": event.gaps,
    }
