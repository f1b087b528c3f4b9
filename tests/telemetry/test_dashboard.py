"""The Grafana dashboard: it draws what is there."""

import json
import re
from pathlib import Path

from prometheus_client.exposition import generate_latest

from service.ingress.counters import IngressCounters
from service.recogniser.scheduling.load import Load
from service.telemetry.readings import ingress_figures, lane_figures, live_figures, task_figures
from tests.telemetry.builders import Lanes, played

DASHBOARD = Path(__file__).parents[2] / "fixtures" / "grafana.json"


class Live:
    """Nobody talks."""

    live = hearing = 0


def test_every_metric_of_the_dashboard_exists() -> None:
    """A panel that stays empty because of a misspelt name would look like good news."""
    metrics = played()
    metrics.read([*lane_figures(Lanes({}, {})), *ingress_figures(IngressCounters())])
    metrics.read([*live_figures(Live()), *task_figures({})])
    recogniser = Load()
    for figure in ("live_sessions", "live_files", "waiting"):
        recogniser.watch(figure, "", lambda: 0.0)
    text = (generate_latest(metrics.registry) + generate_latest(recogniser.registry)).decode()
    there = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    panels = json.loads(DASHBOARD.read_text())["panels"]
    drawn = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"callscribe_\w+", target["expr"])
    }

    assert len(panels) == len({panel["id"] for panel in panels})
    assert {re.sub("_(bucket|sum)$", "", name) for name in drawn} <= there
