"""The Grafana dashboard and the alerts: they are about what is there."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import yaml  # type: ignore[import-untyped]
from prometheus_client.exposition import generate_latest

from service.bus.counters import BusCounters
from service.ingress.counters import IngressCounters
from service.recogniser.scheduling.load import Load
from service.stt.counters import RecognitionCounters
from service.telemetry.readings import (
    bus_figures,
    clock_figures,
    feed_figures,
    ingress_figures,
    lane_figures,
    live_figures,
    log_figures,
    recognition_figures,
    storage_figures,
    task_figures,
    worker_figures,
)
from service.workers.counters import WorkerCounters
from tests.telemetry.builders import Lanes, played

DASHBOARD = Path(__file__).parents[2] / "fixtures" / "grafana.json"
ALERTS = DASHBOARD.with_name("alerts.yml")


class Live:
    """Nobody talks."""

    live = hearing = 0


def exposed() -> set[str]:
    """Return the metrics that service and recogniser have."""
    metrics = played()
    metrics.read([*lane_figures(Lanes({}, {})), *ingress_figures(IngressCounters())])
    metrics.read([*live_figures(Live()), *task_figures({}), *log_figures({})])
    metrics.read([*recognition_figures(RecognitionCounters()), *clock_figures(lambda: 0.0)])
    metrics.read([*feed_figures(lambda: 0, lambda: 0.0), *bus_figures(BusCounters())])
    metrics.read(worker_figures(WorkerCounters(), lambda: 0))
    metrics.read([*storage_figures(Path("calls.db"), Path())])
    recogniser = Load()
    for figure in ("live_sessions", "live_files", "waiting"):
        recogniser.watch(figure, "", lambda: 0.0)
    text = (generate_latest(metrics.registry) + generate_latest(recogniser.registry)).decode()
    return set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))


def named(expressions: Iterable[str]) -> set[str]:
    """Return the metrics that these expressions are made of."""
    found = {name for one in expressions for name in re.findall(r"callscribe_\w+", one)}
    return {re.sub("_(bucket|sum)$", "", name) for name in found}


def test_every_metric_of_the_dashboard_exists() -> None:
    """A panel that stays empty because of a misspelt name would look like good news."""
    panels = json.loads(DASHBOARD.read_text())["panels"]

    assert len(panels) == len({panel["id"] for panel in panels})
    assert named(target["expr"] for panel in panels for target in panel["targets"]) <= exposed()


def test_every_panel_shows_the_instances_that_are_chosen() -> None:
    """Of several services, one can be looked at alone."""
    dashboard = json.loads(DASHBOARD.read_text())
    variables = [one["name"] for one in dashboard["templating"]["list"]]
    expressions = [one["expr"] for panel in dashboard["panels"] for one in panel["targets"]]

    assert variables == ["source", "instance"]
    for one in expressions:
        metrics = len(re.findall(r"callscribe_\w+", one))
        assert metrics == one.count('instance=~"$instance"') > 0


def test_every_alert_is_of_metrics_that_exist_and_says_what_is_wrong() -> None:
    """A rule that never fires because of a misspelt name would be worse than none."""
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    rules = group["rules"]

    assert len({rule["alert"] for rule in rules}) == len(rules)
    assert named(rule["expr"] for rule in rules) <= exposed()
    for rule in rules:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
        assert rule["expr"].count("(") == rule["expr"].count(")")
