"""What several workers count is added up as if one had counted everything."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics import exposition

from service.pool.sums import add_up


def text(calls: int, free: float, *took_s: float) -> str:
    """Return what a worker that counted so much writes."""
    registry = CollectorRegistry()
    counter = Counter("calls", "Calls", ["state"], registry=registry)
    counter.labels("started").inc(calls)
    counter.labels(f"only_with_{calls}").inc()
    Gauge("live", "Live", registry=registry).set(calls)
    Gauge("free_bytes", "Free", registry=registry).set(free)
    histogram = Histogram("took_seconds", "Took", buckets=(0.1, 1.0), registry=registry)
    for one in took_s:
        histogram.observe(one)
    return exposition.generate_latest(registry).decode()  # type: ignore[no-untyped-call, no-any-return]


def test_counters_gauges_and_histograms_are_added() -> None:
    """Buckets too: a quantile of the sum is one of all that was measured."""
    sums = add_up([text(2, 10, 0.05), text(3, 10, 0.5, 5.0)])
    assert sums.get_sample_value("calls_total", {"state": "started"}) == 5
    assert sums.get_sample_value("live") == 5
    assert sums.get_sample_value("took_seconds_bucket", {"le": "0.1"}) == 1
    assert sums.get_sample_value("took_seconds_bucket", {"le": "1.0"}) == 2
    assert sums.get_sample_value("took_seconds_count") == 3
    assert sums.get_sample_value("took_seconds_sum") == 5.55


def test_what_only_one_counted_is_in_it() -> None:
    """A label that the others never saw."""
    sums = add_up([text(2, 10), text(3, 10)])
    assert sums.get_sample_value("calls_total", {"state": "only_with_2"}) == 1
    assert sums.get_sample_value("calls_total", {"state": "only_with_3"}) == 1


def test_what_is_shared_is_counted_once() -> None:
    """Three workers on one disk have one disk."""
    sums = add_up([text(2, 10), text(3, 30), text(1, 20)], shared={"free_bytes"})
    assert sums.get_sample_value("free_bytes") == 30
    assert sums.get_sample_value("live") == 6


def test_counting_began_when_the_first_began() -> None:
    """The earliest of the times counts."""
    texts = [text(1, 1), text(1, 1)]
    began = [add_up([one]).get_sample_value("calls_created", {"state": "started"}) for one in texts]
    assert None not in began
    both = add_up(texts).get_sample_value("calls_created", {"state": "started"})
    assert both == min(one for one in began if one is not None)


def test_both_formats_can_be_written() -> None:
    """Prometheus's own and OpenMetrics."""
    sums = add_up([text(2, 10, 0.3)])
    assert b'calls_total{state="started"} 2.0' in generate_latest(sums)
    assert b'calls_total{state="started"} 2.0' in exposition.generate_latest(sums)  # type: ignore[no-untyped-call]
