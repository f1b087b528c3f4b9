"""Adds the metrics of several workers up, as if one had counted everything."""

from collections.abc import Collection, Iterable, Sequence
from typing import cast

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

_FIRST = "_created"
"""Ends the name of a sample that says since when is counted: the earliest time counts."""

_Key = tuple[str, tuple[tuple[str, str], ...]]


def add_up(texts: Sequence[str], *, shared: Collection[str] = ()) -> CollectorRegistry:
    """Return what these texts in OpenMetrics' format count together.

    Of what all workers measure of one thing, such as a disk (`shared`, by the names of the
    metrics), the largest figure counts.
    """
    families: dict[str, Metric] = {}
    samples: dict[str, dict[_Key, Sample]] = {}
    for text in texts:
        for family in _families(text):
            families.setdefault(family.name, family)
            of_family = samples.setdefault(family.name, {})
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                value = _together(of_family.get(key), sample, largest=family.name in shared)
                of_family[key] = sample._replace(value=value)
    for name, family in families.items():
        family.samples = list(samples[name].values())
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(families.values()))
    return registry


def _together(before: Sample | None, sample: Sample, *, largest: bool) -> float:
    if before is None:
        return sample.value
    if sample.name.endswith(_FIRST):
        return min(before.value, sample.value)
    return max(before.value, sample.value) if largest else before.value + sample.value


def _families(text: str) -> Iterable[Metric]:
    return cast("Iterable[Metric]", text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        return self._families
