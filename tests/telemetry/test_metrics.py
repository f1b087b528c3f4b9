"""Metrics: what is counted, under which labels, and that nothing private is among them."""

from dataclasses import replace
from pathlib import Path

from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from service.bus.counters import BusCounters
from service.delivery.schedule import Counters
from service.ids import EndpointName
from service.ingress.counters import IngressCounters
from service.log_output import lost
from service.ports import Delivery
from service.stt.circuits import EngineKey
from service.stt.counters import RecognitionCounters
from service.tasks import failures, open_tasks
from service.telemetry.metrics import Metrics
from service.telemetry.readings import (
    bus_figures,
    feed_figures,
    ingress_figures,
    lane_figures,
    recognition_figures,
    storage_figures,
    worker_figures,
)
from service.telemetry.telemetry import open_telemetry
from service.workers.counters import WorkerCounters
from tests.telemetry.builders import Lanes, observed, played
from tests.waiting import until
from tests.wire import builders as golden

CRM = EndpointName("crm")


def samples(metrics: Metrics) -> dict[str, float]:
    """Scrape, and read with the library's own parser: `name{label=value}` to figure."""
    found = {}
    for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def test_a_call_is_counted() -> None:
    """Its steps, its words, its gaps, and how soon words came after their speech."""
    found = samples(played())

    assert found["callscribe_calls_total{state=started}"] == 1
    assert found["callscribe_calls_total{state=ended}"] == 1
    for state in ("degraded", "failed", "recovered"):
        assert found[f"callscribe_recognitions_total{{engine=,source=media,state={state}}}"] == 1
    assert found["callscribe_words_total{role=customer,source=media}"] == 6
    assert found["callscribe_partials_total{role=customer,source=media}"] == 1
    assert found["callscribe_gaps_total{reason=buffer_full}"] == 1
    assert found["callscribe_gap_seconds_total{reason=buffer_full}"] == 1.04
    assert round(found["callscribe_final_latency_seconds_sum{engine=Deepgram}"], 2) == 0.74
    assert found["callscribe_final_latency_seconds_bucket{engine=Deepgram,le=0.75}"] == 1
    assert round(found["callscribe_partial_latency_seconds_sum{engine=Deepgram}"], 2) == 0.2


def test_reported_words_have_no_latency() -> None:
    """Nobody here heard when they were said."""
    metrics = Metrics()
    event = replace(golden.FINAL, time_source="estimated")
    metrics.happened(observed(event, 11.12, 4))

    assert "callscribe_final_latency_seconds_count{engine=Deepgram}" not in samples(metrics)


def test_attempts_and_commits_are_measured() -> None:
    """An attempt's time counts if it worked."""
    metrics = Metrics()
    delivery = Delivery(id="evt_1_1", type="call.started", body=b"")
    metrics.attempted(CRM, delivery, "failed", 10.0)
    metrics.attempted(CRM, delivery, "delivered", 0.02)
    metrics.commit_took(0.003)
    found = samples(metrics)

    assert found["callscribe_delivery_attempts_total{endpoint=crm,outcome=failed}"] == 1
    assert found["callscribe_delivery_attempt_seconds_sum{endpoint=crm}"] == 0.02
    assert found["callscribe_journal_commit_seconds_count{}"] == 1


def test_what_others_count_is_read_when_it_is_asked_for() -> None:
    """Nothing is copied on the way."""
    lanes = Lanes({CRM: Counters(delivered=3, parked=1)}, {CRM: 2})
    ingress = IngressCounters()
    metrics = Metrics()
    metrics.read([*lane_figures(lanes), *ingress_figures(ingress)])
    ingress.webhooks["accepted"] += 5
    found = samples(metrics)

    assert found["callscribe_deliveries_total{endpoint=crm,outcome=delivered}"] == 3
    assert found["callscribe_deliveries_total{endpoint=crm,outcome=parked}"] == 1
    assert found["callscribe_lanes_behind{endpoint=crm}"] == 2
    assert found["callscribe_webhooks_total{outcome=accepted}"] == 5


def test_endpoints_that_get_nothing_just_now_are_read() -> None:
    """Those that are spared, and those that are disabled; the others are there as well."""
    other = EndpointName("other")
    lanes = Lanes(
        {CRM: Counters(), other: Counters()},
        {},
        failing=frozenset({CRM}),
        disabled=frozenset({other}),
    )
    metrics = Metrics()
    metrics.read(lane_figures(lanes))
    found = samples(metrics)

    assert found["callscribe_endpoint_breaker_open{endpoint=crm}"] == 1
    assert found["callscribe_endpoint_breaker_open{endpoint=other}"] == 0
    assert found["callscribe_endpoint_disabled{endpoint=crm}"] == 0
    assert found["callscribe_endpoint_disabled{endpoint=other}"] == 1


def test_disks_files_and_who_watches_are_read(tmp_path: Path) -> None:
    """Of what is there: recordings may not be made yet."""
    database = tmp_path / "calls.db"
    database.write_bytes(bytes(100))
    metrics = Metrics()
    metrics.read(storage_figures(database, tmp_path / "recordings"))
    metrics.read(feed_figures(lambda: 7, lambda: 0.5))
    found = samples(metrics)

    assert found["callscribe_journal_bytes{file=database}"] == 100
    assert "callscribe_journal_bytes{file=log}" not in found
    assert found["callscribe_disk_free_bytes{what=journal}"] > 0
    assert (
        found["callscribe_disk_free_bytes{what=journal}"]
        < (found["callscribe_disk_bytes{what=journal}"])
    )
    assert "callscribe_disk_bytes{what=recordings}" not in found
    assert found["callscribe_feed_subscribers{}"] == 7
    assert found["callscribe_feed_held_back_seconds{}"] == 0.5


def test_what_workers_tell_each_other_is_read() -> None:
    """And what of it did not arrive, by why."""
    counters = BusCounters(sent=3, received=2, connected=True)
    counters.dropped["full"] += 4
    metrics = Metrics()
    metrics.read(bus_figures(counters))
    found = samples(metrics)

    assert found["callscribe_bus_messages_total{direction=sent}"] == 3
    assert found["callscribe_bus_messages_total{direction=received}"] == 2
    assert found["callscribe_bus_dropped_total{why=full}"] == 4
    assert found["callscribe_bus_away{}"] == 0
    assert found["callscribe_bus_waiting{}"] == found["callscribe_bus_server_queue_ratio{}"] == 0


def test_what_passes_between_workers_is_read() -> None:
    """Calls, leases and mail, and how many workers have other settings."""
    counters = WorkerCounters()
    metrics = Metrics()
    metrics.read(worker_figures(counters, lambda: 2))
    counters.took("gone", 3)
    counters.took("audio")
    counters.leases_lost["no_heartbeat"] += 1
    counters.mail["sent", "webhook"] += 5
    found = samples(metrics)

    assert found["callscribe_calls_taken_total{why=gone}"] == 3
    assert found["callscribe_calls_taken_total{why=audio}"] == 1
    assert found["callscribe_leases_lost_total{why=no_heartbeat}"] == 1
    assert found["callscribe_mail_total{direction=sent,kind=webhook}"] == 5
    assert found["callscribe_workers_unlike{}"] == 2


def test_who_took_over_and_who_is_not_asked_is_read() -> None:
    """By engine; a circuit that is closed is there as well."""
    counters = RecognitionCounters()
    metrics = Metrics()
    metrics.read(recognition_figures(counters))
    counters.switches["Deepgram", "Google", "stalled"] += 2
    for engine, refused in (("Deepgram", True), ("Google", False)):
        circuit = counters.circuits.of(EngineKey(engine, "", "wss://one.example"))
        circuit.failed(0.0, refused=refused)
    found = samples(metrics)

    switches = "callscribe_engine_switches_total{left=Deepgram,reason=stalled,to=Google}"
    assert found[switches] == 2
    assert found["callscribe_engine_circuit_open{engine=Deepgram,model=}"] == 1
    assert found["callscribe_engine_circuit_open{engine=Google,model=}"] == 0


async def test_a_keeper_that_fails_is_counted_by_its_kind() -> None:
    """Whoever keeps the service sees it without reading the log."""

    async def fail() -> None:
        raise LookupError

    async with open_telemetry(None, clock=lambda: 0.0) as telemetry:
        async with open_tasks(backoff_s=(0.0, 60.0)) as tasks:
            tasks.keep(fail, "test_keeper")
            await until(lambda: failures["test_keeper"] == 2)
        found = samples(telemetry.metrics)

    assert found["callscribe_task_failures_total{kind=test_keeper}"] == 2


def test_no_metric_names_a_call_a_number_or_a_word() -> None:
    """Metrics are kept by others, for long."""
    text = generate_latest(played().registry).decode()

    for private in (golden.CALL, golden.LEG, "+1555", "booking", golden.UTTERANCE):
        assert private not in text


async def test_log_lines_that_nobody_can_read_are_counted() -> None:
    """The log cannot say so while it is lost."""
    async with open_telemetry(None, clock=lambda: 0.0) as telemetry:
        lost["full"] += 3
        found = samples(telemetry.metrics)

    assert found["callscribe_log_lines_lost_total{why=full}"] >= 3
