"""Traces: one for each call, sent to a collector that speaks OTLP."""

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from service.ids import EndpointName
from service.ports import Delivery
from service.telemetry.telemetry import Telemetry, open_telemetry
from service.wire.events import delivery_id
from tests.telemetry.builders import observed, whole_call
from tests.telemetry.peers import open_collector
from tests.wire import builders as golden

NOW = golden.ANSWERED_AT + 60


def play(telemetry: Telemetry) -> None:
    """Tell of the golden call, and of two attempts at one of its events."""
    for happening in whole_call():
        telemetry.observer.happened(happening)
    delivery = Delivery(id=delivery_id(golden.CALL, 6), type="transcript.final", body=b"")
    telemetry.observer.attempted(EndpointName("crm"), delivery, "failed", 0.5)
    telemetry.observer.attempted(EndpointName("crm"), delivery, "delivered", 0.1)


async def test_a_call_is_a_trace() -> None:
    """Call, recognition, utterance, delivery: each inside the one before it, in its own time."""
    async with (
        open_collector() as (url, spans, _),
        open_telemetry(url, clock=lambda: NOW) as telemetry,
    ):
        play(telemetry)
        telemetry.observer.commit_took(0.001)

    by_name = {span.name: span for span in spans}
    call, recognition = by_name["call"], by_name["recognition"]
    utterance = by_name["utterance"]
    tries = [span for span in spans if span.name == "delivery"]
    assert len({span.trace_id for span in spans}) == 1
    assert not call.parent_span_id
    assert recognition.parent_span_id == call.span_id
    assert utterance.parent_span_id == recognition.span_id
    assert [span.parent_span_id for span in tries] == [utterance.span_id] * 2
    assert [span.status.code for span in tries] == [
        Status.STATUS_CODE_ERROR,
        Status.STATUS_CODE_UNSET,
    ]
    assert call.end_time_unix_nano - call.start_time_unix_nano == pytest.approx(48.4e9, rel=1e-3)
    assert utterance.end_time_unix_nano - utterance.start_time_unix_nano == pytest.approx(
        2.7e9, rel=1e-3
    )


async def test_another_process_goes_on_with_the_same_trace() -> None:
    """The ids are made of the call's id, so a delivery days later finds its parent."""
    async with open_collector() as (url, spans, _):
        for _ in range(2):
            async with open_telemetry(url, clock=lambda: NOW) as telemetry:
                play(telemetry)

    assert len({span.trace_id for span in spans}) == 1
    assert len({span.span_id for span in spans if span.name == "call"}) == 1


async def test_no_span_holds_a_word_or_a_number() -> None:
    """Traces are kept by others, for long."""
    async with (
        open_collector() as (url, _, bodies),
        open_telemetry(url, clock=lambda: NOW) as telemetry,
    ):
        play(telemetry)

    assert bodies
    for private in (b"booking", b"+1555"):
        assert not any(private in body for body in bodies)


async def test_a_recognition_that_failed_and_recovered_is_two() -> None:
    """The first ends where it failed, the second begins where words came again."""
    async with (
        open_collector() as (url, spans, _),
        open_telemetry(url, clock=lambda: NOW) as telemetry,
    ):
        play(telemetry)

    at = [
        (round(one.start_time_unix_nano / 1e9 - golden.ANSWERED_AT, 2), one.status.code)
        for one in spans
        if one.name == "recognition"
    ]
    assert at == [(0.25, Status.STATUS_CODE_ERROR), (32.6, Status.STATUS_CODE_UNSET)]


async def test_partials_are_not_traced_and_a_missing_collector_costs_nothing() -> None:
    """Neither raises, nor waits."""
    async with open_telemetry("http://127.0.0.1:9", clock=lambda: NOW) as telemetry:
        partial = Delivery(id="prt_utt_1", type="transcript.partial", body=b"")
        telemetry.observer.attempted(EndpointName("crm"), partial, "delivered", 0.1)
        telemetry.observer.happened(observed(golden.PARTIAL, 1.0, None))
